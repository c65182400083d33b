"""Cells: what each cell of a page grid shows, one code a byte, so that runs are found in C.

A code is a page's state. Where several pages share a cell it may also be LEVEL + 1 to 7: how much
of the cell is copied (in the child's grid: written). CHANGED is an overlay bit on top of a code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scenes.view import (
    COPIED,
    FREE,
    NEW,
    PRIVATE,
    SHARED,
    TO_COME,
    WRITING,
    WRITTEN,
)

LEVEL = 10
CHANGED = 32
_OVERLAY = bytes([0]) + bytes([CHANGED]) * 255


@dataclass(frozen=True)
class Shape:
    """How a grid of `pages` lies in a room of columns and rows."""

    pages: int
    columns: int
    rows: int
    per_cell: int
    """Pages a cell; 1 where the room is large enough."""

    @property
    def cells(self) -> int:
        return -(-self.pages // self.per_cell)

    @property
    def used_rows(self) -> int:
        return -(-self.cells // self.columns) if self.columns else 0

    def cell_of(self, page: int) -> int:
        return page // self.per_cell

    def pages_of(self, cell: int) -> range:
        """The pages that share a cell."""
        first = cell * self.per_cell
        return range(first, min(first + self.per_cell, self.pages))


def fitted(pages: int, columns: int, rows: int) -> Shape:
    """The shape with the fewest pages a cell, and the roundest rows that this allows."""
    columns, rows = max(columns, 1), max(rows, 1)
    per_cell = max(1, -(-pages // (columns * rows)))
    for step in (16, 10, 8, 5, 4):
        rounded = columns - columns % step
        if rounded and -(-pages // per_cell) <= rounded * rows:
            columns = rounded
            break
    return Shape(pages, columns, rows, per_cell)


def parent_cell(pages: bytes) -> int:
    """The code of several pages of the parent: copies show however few they are."""
    copied = pages.count(COPIED)
    if copied:
        return COPIED if copied == len(pages) else LEVEL + -(-7 * copied // len(pages))
    for state in (NEW, SHARED, PRIVATE):
        if state in pages:
            return state
    return FREE


def child_cell(pages: bytes) -> int:
    """The code of several pages of the child's grid."""
    if WRITING in pages:
        return WRITING
    written = pages.count(WRITTEN)
    if not written:
        return TO_COME if TO_COME in pages else 0
    if TO_COME not in pages:
        return WRITTEN
    return LEVEL + -(-7 * written // (written + pages.count(TO_COME)))


class Cells:
    """The codes of a grid, kept up with the pages; tells which rows changed."""

    def __init__(self, shape: Shape, combine: Callable[[bytes], int]) -> None:
        self.shape = shape
        self.combine = combine
        self.codes = bytes(shape.cells)
        self._pages = b""

    def row(self, index: int) -> bytes:
        """The codes of one row."""
        columns = self.shape.columns
        return self.codes[index * columns : (index + 1) * columns]

    def update(self, pages: bytes, changed: bytes = b"") -> list[int]:
        """Take in the pages' states (and the overlay); the indexes of the rows that differ."""
        size = self.shape.pages
        if len(pages) < size:
            pages += bytes(size - len(pages))
        if changed:
            marks = changed[:size].ljust(size, b"\0").translate(_OVERLAY)
            pages = (int.from_bytes(pages[:size]) | int.from_bytes(marks)).to_bytes(size)
        if pages == self._pages:
            return []
        before = self.codes
        if self.shape.per_cell == 1:
            self.codes = pages[:size]
        else:
            self.codes = self._combined(pages)
        self._pages = pages
        columns = self.shape.columns
        return [
            row
            for row in range(self.shape.used_rows)
            if before[row * columns : (row + 1) * columns]
            != self.codes[row * columns : (row + 1) * columns]
        ]

    def _combined(self, pages: bytes) -> bytes:
        """Only the cells whose pages differ are worked out again."""
        each, before = self.shape.per_cell, self._pages
        codes = bytearray(self.codes)
        wide = each * self.shape.columns
        for row in range(self.shape.used_rows):
            start = row * wide
            if before and pages[start : start + wide] == before[start : start + wide]:
                continue
            for first in range(start, min(start + wide, self.shape.pages), each):
                own = pages[first : first + each]
                if not before or own != before[first : first + each]:
                    codes[first // each] = self._code(own)
        return bytes(codes)

    def _code(self, own: bytes) -> int:
        states = own.translate(_STATES)
        return self.combine(states) | (CHANGED if states != own else 0)


_STATES = bytes(code & ~CHANGED & 0xFF for code in range(256))
