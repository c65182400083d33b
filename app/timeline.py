"""The timeline: the run so far, its marks, and where in it the picture is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message

from app.driver import Driver
from app.glyphs import Glyphs
from app.lines import Line, Span, grouped
from app.lines_panel import LinesPanel

if TYPE_CHECKING:
    from scenes.history import Mark

LABELS = {
    "step": "",
    "fork": "fork",
    "fsync": "",
    "child.exit": "exit",
    "rdb.saved": "dump",
    "crash": "crash",
    "question": "?",
}
ROLES = {
    "fork": "child",
    "child.exit": "child",
    "fsync": "disk text",
    "rdb.saved": "disk text",
    "crash": "lost",
}


class Timeline(LinesPanel, can_focus=False):
    """One row; a click seeks."""

    class Sought(Message):
        """The learner clicked on a moment."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._length = 0
        self._room = 1

    def show(self, driver: Driver) -> None:
        """Draw the driver's history."""
        self._length = driver.length
        tail = f" event {grouped(driver.cursor + 1)} of {grouped(driver.length)}"
        self._room = max(self.size.width - len(tail) - 4, 8)
        self.put([timeline_line(driver.marks, driver.cursor, driver.length, self._room,
                                tail, self.glyphs, driver.is_past)])  # fmt: skip

    def on_click(self, event: events.Click) -> None:
        """Seek to the moment under the pointer."""
        offset = event.get_content_offset(self)
        if offset is not None and 1 <= offset.x <= self._room and self._length:
            share = (offset.x - 1) / max(self._room - 1, 1)
            self.post_message(self.Sought(round(share * (self._length - 1))))


def timeline_line(
    marks: Sequence[Mark],
    cursor: int,
    length: int,
    room: int,
    tail: str,
    glyphs: Glyphs,
    past: bool,
) -> Line:
    """The track, its marks (the last wins a cell), labels where there is room, the cursor."""
    cells: list[Span] = [(glyphs.track, "faint")] * room
    named: list[tuple[int, str, str]] = []
    for mark in marks:
        at = _place(mark.index, length, room)
        role = ROLES.get(mark.kind, "dim")
        if mark.kind == "fsync":
            if cells[at][0] == glyphs.track:
                cells[at] = (glyphs.minor_mark, role)
            continue
        cells[at] = (glyphs.mark, role)
        if label := LABELS.get(mark.kind, ""):
            named.append((at + 1, label, role))
    for at, label, role in named:
        under = cells[at : at + len(label) + 1]
        if len(under) > len(label) and all(text != glyphs.mark for text, _ in under):
            cells[at : at + len(label)] = [(character, role) for character in label]
    here = _place(cursor, length, room)
    cells[here] = (glyphs.cursor, "glow" if past else "bold")
    return (("|", "dim"), *merged(cells), ("|", "dim"), (tail, "dim"))


def _place(index: int, length: int, room: int) -> int:
    return 0 if length < 2 else max(0, min(room - 1, round(index * (room - 1) / (length - 1))))


def merged(cells: Sequence[Span]) -> list[Span]:
    """Neighbouring spans of one role as one span."""
    spans: list[Span] = []
    for text, role in cells:
        if spans and spans[-1][1] == role:
            spans[-1] = (spans[-1][0] + text, role)
        else:
            spans.append((text, role))
    return spans
