"""A crash in words: how far the rungs were, and what the engine found when it came back."""

from __future__ import annotations

from app.lines import Line, fold, line, paragraph, width
from app.said import said
from scenes.refusals import crash_word
from scenes.sources import named
from scenes.view import CrashView, View


def crash_lines(view: View, cells: int, *, tight: bool = False) -> list[Line]:
    """Nothing without a crash in the step on show; an orderly restart is the step's own matter.

    `tight`: the key to the ladder stands behind another line, where one has room for it.
    """
    crash = view.crash
    if crash is None or crash.at < view.step_at:
        return []
    if crash.kind == "SIGTERM" and crash.recovered_keys >= 0 and crash.lost <= 0:
        return []
    lines = fold(_headline(crash), cells)
    if crash.census is None:  # the ladder has them besides
        lines += paragraph(
            said("crash.rungs", acked=crash.acked, written=crash.written, fsynced=crash.fsynced),
            cells,
        )
    if crash.recovered_keys < 0:
        return lines
    found = said("crash.back", keys=crash.recovered_keys)
    if crash.survived >= 0 and crash.has_log:
        found += said("crash.survived", survived=crash.survived, lost=crash.lost)
    if crash.truncated_bytes:
        found += said("crash.cut", bytes=crash.truncated_bytes)
    lines += paragraph(said("crash.by", found=found, source=named(crash.source)), cells)
    short = line("  ", ("r", "key"), f" {said('crash.ladder_short')}")
    for place in (len(lines) - 1, 0) if tight else ():
        if width(lines[place]) + width(short) <= cells:
            lines[place] = (*lines[place], *short)
            return lines
    return [*lines, *fold(line(("r", "key"), f" {said('crash.ladder')}"), cells)]


def kind_name(kind: str) -> str:
    """How an engine ended, as the learner's language calls it; signals keep their names."""
    return crash_word(kind)


def _headline(crash: CrashView) -> Line:
    """What became of the acknowledged writes that were asked for again."""
    counted, kind = crash.census, kind_name(crash.kind)
    if counted is None or not counted.acknowledged:
        key = "crash.was_gone" if crash.recovered_keys >= 0 else "crash.is_gone"
        return line((said(key, kind=kind), "lost"))
    asked = counted.acknowledged
    last = "_last" if counted.left_out else ""  # older ones are not remembered, nor asked for
    if counted.lost:
        told = said(f"crash.some_lost{last}", kind=kind, lost=counted.lost, asked=asked)
        return line((told, "lost"))
    return line((said(f"crash.all_there{last}", kind=kind, asked=asked), "disk text"))
