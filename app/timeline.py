"""The timeline: the run so far, its marks, and where in it the picture is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events
from textual.message import Message

from app.driver import Driver
from app.glyphs import Glyphs
from app.lines import Line, Span
from app.lines_panel import LinesPanel
from app.said import said

if TYPE_CHECKING:
    from scenes.marks import Mark

LABELS = {"crash": "c", "fork": "f", "child.exit": "e", "rdb.saved": "d"}
"""What is never lost in a crowd, the most important first, and the letter that stands for it where
there is no room for its word; the help names the letters."""
NAMES = {"crash": "crash", "fork": "fork", "child.exit": "exit", "rdb.saved": "dump"}
"""The keys of their words."""
CROWDED = 4
"""More than one fsync in so many cells would make a wall of marks: then none is drawn."""
LEGEND_FROM = 110
"""Cells from which the marks' meaning stands beside the track."""
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
        figures = {"event": driver.cursor + 1, "events": driver.length}
        tail = f" {said('timeline.place', **figures)}"
        if driver.timelines > 1:
            which = said("timeline.which", line=driver.timeline + 1, lines=driver.timelines)
            tail = f" {which}{tail}"
        step = said("timeline.step")
        if self.size.width >= LEGEND_FROM:
            tail = f" {self.glyphs.mark} {step}  {self.glyphs.minor_mark} fsync {tail}"
            if crowded(driver.marks, driver.length, self.size.width - cell_len(tail) - 4):
                tail = tail.replace(f"{self.glyphs.minor_mark} fsync", " " * 7)
        self._room = max(self.size.width - cell_len(tail) - 4, 8)
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
    """The track, its marks and labels, the cursor; fsyncs only where they do not crowd it."""
    cells: list[Span] = [(glyphs.track, "faint")] * room
    places = _places(marks, length, room)
    if not crowded(marks, length, room):
        for at in places.get("fsync", []):
            cells[at] = (glyphs.minor_mark, ROLES["fsync"])
    for at in sorted({*places.get("step", []), *places.get("question", [])}):
        cells[at] = (glyphs.mark, "dim")
    here = _place(cursor, length, room)
    taken = {here}
    for kind, letter in LABELS.items():
        for at in reversed(places.get(kind, [])):
            _label(cells, taken, at, said(f"timeline.{NAMES[kind]}"), letter, ROLES[kind])
    cells[here] = (glyphs.cursor, "glow" if past else "bold")
    return (("|", "dim"), *merged(cells), ("|", "dim"), (tail, "dim"))


def crowded(marks: Sequence[Mark], length: int, room: int) -> bool:
    """Whether marks of the fsyncs would be a wall in which nothing else is seen."""
    return len(_places(marks, length, room).get("fsync", ())) * CROWDED > room


_placed: list[tuple[Sequence[Mark], tuple[int, int, int], dict[str, list[int]]]] = []


def _places(marks: Sequence[Mark], length: int, room: int) -> dict[str, list[int]]:
    """The cells of the marks by kind; kept, for a recording may have ten thousand of them."""
    key = (len(marks), length, room)
    for known, its_key, places in _placed:
        if known is marks and its_key == key:
            return places
    found: dict[str, set[int]] = {}
    for mark in marks:
        found.setdefault(mark.kind, set()).add(_place(mark.index, length, room))
    places = {kind: sorted(cells) for kind, cells in found.items()}
    _placed.append((marks, key, places))
    del _placed[:-2]  # the one with and the one without the legend
    return places


def _label(cells: list[Span], taken: set[int], at: int, word: str, letter: str, role: str) -> None:
    """Write `word` from cell `at` on, or else `letter`, over what is less important."""
    if at in taken:
        return
    size = cell_len(word)
    wanted = range(at, at + size + 1)
    fits = at + size <= len(cells) and taken.isdisjoint(wanted)
    for sign in word if fits else letter:
        cells[at] = (sign, role)
        taken.add(at)
        for behind in range(at + 1, at + cell_len(sign)):  # a wide sign takes a second cell
            cells[behind] = ("", role)
            taken.add(behind)
        at += cell_len(sign)


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
