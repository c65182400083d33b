"""Redis' log, as the engine wrote it."""

from __future__ import annotations

from app.lines import Line, fold, line, visible
from app.said import said
from scenes.view import View

ROLES = {".": "faint", "-": "dim", "*": "text", "#": "lost"}


def log_lines(view: View, cells: int) -> list[Line]:
    """The last lines, oldest first, with the seconds since the first of them."""
    if not view.log:
        return [line((said("log.empty"), "dim"))]
    start = view.log[0].at
    lines: list[Line] = []
    for entry in view.log:
        role = ROLES.get(entry.level, "text")
        at = (f"{entry.at - start:>8.3f} s ", "faint")
        lines += fold(line(at, (f"{entry.level} ", role), (visible(entry.text), role)), cells, 13)
    return lines
