"""A crash in words: how far the rungs were, and what the engine found when it came back."""

from __future__ import annotations

from app.lines import Line, grouped, line, paragraph
from scenes.view import View


def crash_lines(view: View, cells: int) -> list[Line]:
    """Nothing without a crash in the step on show; an orderly restart is the step's own matter."""
    crash = view.crash
    if crash is None or crash.at < view.step_at:
        return []
    if crash.kind == "SIGTERM" and crash.recovered_keys >= 0:
        return []
    gone = "was" if crash.recovered_keys >= 0 else "is"
    lines: list[Line] = [line((f"{crash.kind}: the engine {gone} gone", "lost"))]
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
    return [*lines, *paragraph(found + " (measured).", cells)]
