"""Redis' log, as the engine wrote it."""

from __future__ import annotations

from app.lines import Line, line
from scenes.view import View

ROLES = {".": "faint", "-": "dim", "*": "text", "#": "lost"}


def log_lines(view: View, cells: int) -> list[Line]:
    """The last lines, oldest first, with the seconds since the first of them."""
    if not view.log:
        return [line(("The engine has logged nothing yet.", "dim"))]
    start = view.log[0].at
    return [
        line(
            (f"{entry.at - start:>8.3f} s ", "faint"),
            (f"{entry.level} ", ROLES.get(entry.level, "text")),
            (entry.text, ROLES.get(entry.level, "text")),
        )
        for entry in view.log
    ]
