"""A crash in words: how far the rungs were, and what the engine found when it came back."""

from __future__ import annotations

from app.lines import Line, fold, grouped, line, paragraph
from scenes.view import CrashView, View


def crash_lines(view: View, cells: int) -> list[Line]:
    """Nothing without a crash in the step on show; an orderly restart is the step's own matter."""
    crash = view.crash
    if crash is None or crash.at < view.step_at:
        return []
    if crash.kind == "SIGTERM" and crash.recovered_keys >= 0:
        return []
    lines = fold(_headline(crash), cells)
    if crash.census is None:  # the ladder has them besides
        lines += paragraph(
            f"By its last event {grouped(crash.acked)} bytes of the log were acknowledged,"
            f" {grouped(crash.written)} written, {grouped(crash.fsynced)} on disk.",
            cells,
        )
    if crash.recovered_keys < 0:
        return lines
    found = f"It came back with {grouped(crash.recovered_keys)} keys"
    if crash.survived >= 0:
        found += f": {grouped(crash.survived)} bytes survived, {grouped(crash.lost)} were lost"
    if crash.truncated_bytes:
        found += f"; {grouped(crash.truncated_bytes)} bytes of a broken tail were cut off"
    lines += paragraph(f"{found} ({crash.source}).", cells)
    return [*lines, *fold(line(("r", "key"), " the ladder: what stood where, what is left"), cells)]


def _headline(crash: CrashView) -> Line:
    """What became of the acknowledged writes that were asked for again."""
    counted = crash.census
    if counted is None or not counted.acknowledged:
        gone = "was" if crash.recovered_keys >= 0 else "is"
        return line((f"{crash.kind}: the engine {gone} gone", "lost"))
    asked = grouped(counted.acknowledged)
    if counted.lost:
        text = f"{crash.kind}: {grouped(counted.lost)} of {asked} acknowledged writes lost"
        return line((text, "lost"))
    return line((f"{crash.kind}: all {asked} acknowledged writes are there", "disk text"))
