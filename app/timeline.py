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
"""What is labelled, the most important first, and the letter that stands for it where there is no
room for its word; the help names the letters. A label covers what lies beneath it."""
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
        line, self._room = row(
            driver.marks, driver.cursor, driver.length, self.size.width,
            _place_words(driver), self.glyphs, driver.is_past,
        )  # fmt: skip
        self.put([line])

    def on_click(self, event: events.Click) -> None:
        """Seek to the moment under the pointer."""
        offset = event.get_content_offset(self)
        if offset is not None and 1 <= offset.x <= self._room and self._length:
            share = (offset.x - 1) / max(self._room - 1, 1)
            self.post_message(self.Sought(round(share * (self._length - 1))))


def _place_words(driver: Driver) -> str:
    place = said("timeline.place", event=driver.cursor + 1, events=driver.length)
    if driver.timelines < 2:
        return place
    which = said("timeline.which", line=driver.timeline + 1, lines=driver.timelines)
    return f"{which} {place}"


def row(
    marks: Sequence[Mark],
    cursor: int,
    length: int,
    width: int,
    place: str,
    glyphs: Glyphs,
    past: bool,
) -> tuple[Line, int]:
    """The row, and how many cells of it are the track; a wide one says what its marks mean."""
    letters: set[str] = set()
    fsyncs = not crowded(marks, length, width)
    while True:
        tail = f" {place}"
        if width >= LEGEND_FROM:
            tail = f" {legend(letters, glyphs, fsyncs)}  {place}"
        room = max(width - cell_len(tail) - len("||  "), 8)
        track, used = drawn(marks, cursor, length, room, glyphs, past, fsyncs)
        if width < LEGEND_FROM or used <= letters:
            return (("|", "dim"), *track, ("|", "dim"), (tail, "dim")), room
        letters |= used  # their legend takes room from the track: then it is drawn anew


def legend(letters: set[str], glyphs: Glyphs, fsyncs: bool) -> str:
    """What the marks mean, and the letters that stand for words."""
    words = [f"{glyphs.mark} {said('timeline.step')}"]
    words += [f"{glyphs.minor_mark} fsync"] if fsyncs else []
    words += [f"{LABELS[kind]} {said(f'timeline.{NAMES[kind]}')}"
              for kind in LABELS if LABELS[kind] in letters]  # fmt: skip
    return "  ".join(words)


def drawn(
    marks: Sequence[Mark],
    cursor: int,
    length: int,
    room: int,
    glyphs: Glyphs,
    past: bool,
    fsyncs: bool,
) -> tuple[list[Span], set[str]]:
    """The track with marks, labels and cursor, and the letters that stand there for words."""
    cells: list[Span] = [(glyphs.track, "faint")] * room
    places = _places(marks, length, room)
    for at in places.get("fsync", []) if fsyncs else []:
        cells[at] = (glyphs.minor_mark, ROLES["fsync"])
    for at in sorted({*places.get("step", []), *places.get("question", [])}):
        cells[at] = (glyphs.mark, "dim")
    here = _place(cursor, length, room)
    taken, letters = {here}, set[str]()
    for kind, letter in LABELS.items():
        for at in reversed(places.get(kind, [])):
            word = said(f"timeline.{NAMES[kind]}")
            if _label(cells, taken, at, word, letter, ROLES[kind]):
                letters.add(letter)
    cells[here] = (glyphs.cursor, "glow" if past else "bold")
    return merged(cells), letters


def crowded(marks: Sequence[Mark], length: int, width: int) -> bool:
    """Whether marks of the fsyncs would be a wall in which nothing else is seen."""
    return len(_places(marks, length, width).get("fsync", ())) * CROWDED > width


_KEPT = 32
"""Rooms whose places are kept: the legends that are tried, and the lengths of the cursor's number,
change the room from one seek to the next."""
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
    del _placed[:-_KEPT]
    return places


def _label(cells: list[Span], taken: set[int], at: int, word: str, letter: str, role: str) -> bool:
    """Write `word` from cell `at` on, or else `letter`, over what is less important.

    Returns whether it had to be the letter: a word stands only where it touches no other sign.
    """
    if at in taken:
        return False
    size = cell_len(word)
    around = range(at - 1, at + size + 1)
    fits = at + size <= len(cells) and taken.isdisjoint(around)
    taken.update(around if fits else ())
    for sign in word if fits else letter:
        cells[at] = (sign, role)
        taken.add(at)
        for behind in range(at + 1, at + cell_len(sign)):  # a wide sign takes a second cell
            cells[behind] = ("", role)
            taken.add(behind)
        at += cell_len(sign)
    return not fits


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
