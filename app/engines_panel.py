"""Several engines side by side: how fast, how safe, and after a crash what is left of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from app.exhibit import Exhibit
from app.glyphs import RUNGS, Glyphs
from app.lines import (
    EMPTY,
    Line,
    Span,
    crop,
    cut,
    duration,
    grouped,
    line,
    shortened,
    visible,
    width,
)
from app.resp_text import last_command
from scenes.fold_crash import rungs
from scenes.view import CrashView, RungView, TailEntry, TailView, View

LEAST_CELLS = 24
"""Of a column; narrower ones become rows of a table."""
LEAST_ROWS = 11
GAP = 2
RUNG_NAMES = ("buffer", "cache", "disk")
LABELS = {
    "buffer": ("aof_buf", "aof_buf"),
    "cache": ("page cache", "cache"),
    "disk": ("disk", "disk"),
}
HEADS = ("commands/s", "p50", "p99", "aof_buf", "cache", "disk", "unsafe", "kept", "lost")
_WIDTHS = (10, 8, 8, 8, 7, 7, 7, 6, 5)


class EnginesPanel(Exhibit):
    """Draws the engine on show and `View.others`, each from its own fold."""

    TITLE: ClassVar[tuple[str, ...]] = ("The engines side by side", "Engines")
    EMPTY_WORDS: ClassVar[str] = "The engines start."

    def picture(self, view: View, cells: int, rows: int) -> list[Line]:
        """Columns, or a table where there is no room for them."""
        engines = engines_of(view)
        if not engines:
            return []
        each = (cells - GAP * (len(engines) - 1)) // len(engines)
        if rows < LEAST_ROWS or each < LEAST_CELLS:
            return table_lines(engines, self.glyphs, cells)
        columns = [column_lines(one, self.glyphs, each, rows) for one in engines]
        return beside(columns, each, self.glyphs)

    def source(self, view: View) -> str:
        """Where the figures come from."""
        if any(one.crash and one.crash.source == "modelled" for one in engines_of(view)):
            return "measured; the power cut is modelled"
        return "measured"


def engines_of(view: View) -> list[View]:
    """The folds of all engines that have been heard of, the first one first."""
    others = (view.others[name] for name in sorted(view.others, key=_order))
    return [one for one in (view, *others) if one.engine.pid]


def _order(name: str) -> tuple[int, str]:
    policies = ("always", "everysec", "no")
    return (policies.index(name) if name in policies else len(policies), name)


def beside(columns: Sequence[list[Line]], cells: int, glyphs: Glyphs) -> list[Line]:
    """Columns beside each other, a rule between them."""
    height = max(len(column) for column in columns)
    lines: list[Line] = []
    for row in range(height):
        spans: list[Span] = []
        for place, column in enumerate(columns):
            own = shortened(column[row], cells) if row < len(column) else EMPTY
            if place:
                spans.append((f"{'|' if glyphs.border == 'ascii' else '│':<{GAP}}", "rule"))
            spans += [*own, (" " * (cells - width(own)), "text")]
        lines.append(tuple(spans))
    return lines


# -- a column ------------------------------------------------------------------------------------


def column_lines(view: View, glyphs: Glyphs, cells: int, rows: int) -> list[Line]:
    """One engine: policy, speed, rungs, what is at risk, the last crash, the last commands."""
    tail = view.tail
    lines = [
        _name(view, cells),
        _state(view),
        _speed(view),
        _answers(view, cells),
        _fsync(tail, cells),
    ]
    if rows > LEAST_ROWS + 4:
        lines.append(EMPTY)
    lines += rung_rows(now_on(view), tail.enabled, cells)
    lines.append(_unsafe(view, cells))
    if view.crash is not None:
        lines += [EMPTY] if rows > LEAST_ROWS + 6 else []
        lines += crash_rows(view, view.crash, glyphs, cells)
    left = rows - len(lines) - 2
    if left >= 2 and tail.entries and tail.enabled:
        lines += [EMPTY, line(("last commands", "dim"))]
        lines += [_entry(tail, entry, cells) for entry in reversed(tail.entries[-left:])]
    return lines


def _name(view: View, cells: int) -> Line:
    policy = view.tail.policy if view.tail.enabled else "no AOF"
    name = view.name or "engine"
    spans: list[Span] = [(name, "bold")]
    if policy != name:
        spans.append((f"  appendfsync {policy}" if cells > 30 else f"  {policy}", "text"))
    return tuple(spans)


def _state(view: View) -> Line:
    if not view.engine.alive:
        return line(("the engine is gone", "lost"))
    slow = view.faults.get("fsync-delay")
    if slow:
        return line((f"slow disk: {duration(int(slow) * 1000)} (scripted)", "cache text"))
    if view.faults:
        return line((f"disk: {', '.join(sorted(view.faults))} (scripted)", "lost"))
    return line((f"-p {view.engine.port} · {grouped(view.keys)} keys", "dim"))


def _speed(view: View) -> Line:
    client = view.client
    if client is None or not client.per_second:
        return line(("no client has told yet", "dim"))
    return line(
        (f"{grouped(client.per_second)}", "bold"), "/s ", (f"({visible(client.name)})", "dim")
    )


def _answers(view: View, cells: int) -> Line:
    client = view.client
    if client is None:
        return EMPTY
    p50, p99 = duration(client.p50_usec), duration(client.p99_usec)
    if cells >= 30:
        return line(("answers p50 ", "dim"), p50, ("  p99 ", "dim"), p99)
    return line(("p50 ", "dim"), p50, ("  p99 ", "dim"), p99)


def _fsync(tail: TailView, cells: int) -> Line:
    if not tail.fsyncs:
        return line(("no fsync seen", "dim"))
    who = "main" if tail.last_fsync_thread == "main" else "bio"
    if cells < 33:
        who = ""
    return line(
        (f"{grouped(tail.fsyncs)}", "text"),
        (" fsyncs, last ", "dim"),
        duration(tail.last_fsync_usec),
        (f" {who}", "dim"),
    )


def now_on(view: View) -> tuple[RungView, ...]:
    """What is on each rung now."""
    tail = view.tail
    return rungs(tail, tail.appended, tail.written, tail.fsynced)


def rung_rows(on_rungs: Sequence[RungView], has_log: bool, cells: int) -> list[Line]:
    """A row for each rung: commands and bytes."""
    if not has_log:
        return [line(("no log: only dumps", "dim")), EMPTY, EMPTY]
    wide = cells >= 34
    count = max(len(grouped(rung.commands)) for rung in on_rungs)
    lines: list[Line] = []
    for name, rung in zip(RUNG_NAMES, on_rungs, strict=True):
        label = LABELS[name][0 if wide else 1]
        lines.append(
            line(
                (RUNGS[name], name),
                (f" {label:<{11 if wide else 7}}", "text"),
                (grouped(rung.commands, count), "bold" if rung.commands else "dim"),
                (f" cmds {grouped(rung.bytes)} B" if wide else f"  {grouped(rung.bytes)} B", "dim"),
            )
        )
    return lines


def _unsafe(view: View, cells: int) -> Line:
    unsafe = view.tail.unsafe
    if not view.tail.enabled:
        return line(("nothing is logged", "lost"))
    what = " acknowledged, not safe" if cells >= 30 else " OK, not safe"
    return line((grouped(unsafe), "cache text" if unsafe else "disk text"), what)


def crash_rows(view: View, crash: CrashView, glyphs: Glyphs, cells: int) -> list[Line]:
    """What the last crash took, by the census; first that it was."""
    lines = [line((crash.kind, "lost"), (f" ({crash.source})", "dim"))]
    if crash.recovered_keys < 0 or crash.census is None:
        word = (
            "is started on what is left" if view.crash and crash.recovered_keys < 0 else "counted"
        )
        return [*lines, line((f"{word} ...", "dim"))]
    census = crash.census
    told = " acknowledged" if cells >= 26 else " OK"
    return [
        *lines,
        line((f"{glyphs.survived} {grouped(census.survived)}", "disk text"), f"{told}, kept"),
        line(
            (f"{glyphs.lost} {grouped(census.lost)}", "lost" if census.lost else "dim"),
            (f"{told}, lost", "text" if census.lost else "dim"),
        ),
        line((f"back with {grouped(crash.recovered_keys)} keys", "dim")),
    ]


def _entry(tail: TailView, entry: TailEntry, cells: int) -> Line:
    rung = tail.rung(entry)
    merged = f" x{entry.merged}" if entry.merged > 1 else ""
    text = cut(visible(last_command(entry.text)), max(cells - 2 - len(merged), 1))
    return line((RUNGS[rung], rung), f" {text}", (merged, "dim"))


# -- a table -------------------------------------------------------------------------------------


def table_lines(engines: Sequence[View], glyphs: Glyphs, cells: int) -> list[Line]:
    """A row for each engine, where columns have no room."""
    head = "".join(f"{name:>{size}}" for name, size in zip(HEADS, _WIDTHS, strict=True))
    crash = next((one.crash for one in engines if one.crash), None)
    lines = [crop(line((f"{'':9}{head}", "dim")), cells)]
    lines += [crop(_row(one), cells) for one in engines]
    if crash is None:
        note = "kept and lost: of what was acknowledged, after a crash"
    else:
        note = f"kept, lost: of what was acknowledged, after a {crash.kind} ({crash.source})"
    slow = [
        f"{one.name} {one.faults['fsync-delay']} ms"
        for one in engines
        if "fsync-delay" in one.faults
    ]
    lines.append(crop(line((note, "dim")), cells))
    if slow:
        lines.append(crop(line((f"slow disk (scripted): {', '.join(slow)}", "cache text")), cells))
    return lines


def _row(view: View) -> Line:
    client, tail = view.client, view.tail
    speed = grouped(client.per_second) if client else "-"
    p50 = duration(client.p50_usec) if client else "-"
    p99 = duration(client.p99_usec) if client else "-"
    spans: list[Span] = [(f"{cut(view.name, 9):<9}", "bold" if view.engine.alive else "lost")]
    spans += [
        (f"{word:>{size}}", "text") for word, size in zip((speed, p50, p99), _WIDTHS, strict=False)
    ]
    for rung, size in zip(now_on(view), _WIDTHS[3:6], strict=True):
        spans.append((f"{grouped(rung.commands):>{size}}", "text" if tail.enabled else "faint"))
    unsafe = "cache text" if tail.unsafe else "disk text"
    spans.append((f"{grouped(tail.unsafe):>{_WIDTHS[6]}}", unsafe))
    census = view.crash.census if view.crash else None
    if census is None:
        spans.append((f"{'-':>{_WIDTHS[7]}}{'-':>{_WIDTHS[8]}}", "dim"))
    else:
        spans.append((f"{grouped(census.survived):>{_WIDTHS[7]}}", "disk text"))
        spans.append((f"{grouped(census.lost):>{_WIDTHS[8]}}", "lost" if census.lost else "dim"))
    return tuple(spans)
