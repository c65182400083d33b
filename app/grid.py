"""The page grid: the parent's arena, one cell a page (or several), by colour and by glyph."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip

from app.cells import CHANGED, LEVEL, Cells, fitted, parent_cell
from app.glyphs import Glyphs
from app.keys import GRID_KEYS
from app.lines import Line, flow, grouped, line, paragraph, strip_of, width
from app.lines_panel import Drawn
from app.page_words import describe, state_name
from app.said import said
from app.theme import Palette
from scenes.view import COPIED, FREE, NEW, PAGE_STATES, PRIVATE, SHARED, View

LOW = 6
"""Rows of a panel below which legend and pointed page get one row each."""
LABEL = 7
"""Cells of the page number before each row."""

_runs = re.compile(rb"(?s)((.)\2*)").finditer


@dataclass(frozen=True)
class Look:
    """How a code is drawn, and what its pages are called."""

    glyph: str
    role: str


class Runs(dict[bytes, Segment]):
    """Interned segments: a run of equal codes -> what is drawn for it."""

    def __init__(self, looks: dict[int, Look], palette: Palette) -> None:
        super().__init__()
        self.looks = looks
        self.palette = palette

    def __missing__(self, run: bytes) -> Segment:
        look = self.looks[run[0] & ~CHANGED]
        role = look.role + "+" if run[0] & CHANGED else look.role
        segment = self[run] = Segment(look.glyph * len(run), self.palette.style(role))
        return segment


class PageGrid(Drawn, can_focus=True):
    """Draws `cells`; below them a legend whose counts add up, and what the cursor points at."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"point({columns}, {rows})", show=False)
        for key, (columns, rows) in GRID_KEYS.items()
    ]

    SOURCE = "grid.source"
    """The phrase that says where the states come from."""
    acting: frozenset[str] = frozenset()
    """The sandbox keys that act now: others are not named."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.view = View()
        self.overlay = False
        self.page: int | None = None
        """The page that the cursor points at."""
        self.on_point: Callable[[int], None] | None = None
        self.cells = Cells(fitted(0, 1, 1), parent_cell)
        self._fitted = (0, 0)
        """The room for which `cells` was shaped."""
        self._strips: dict[int, Strip] = {}
        self._runs: Runs | None = None
        self._foot: list[Line] = []

    # what a grid shows; the child's grid differs in these

    def empty(self) -> str:
        return said("grid.empty")

    def pages_of(self, view: View) -> bytes:
        return view.pages

    def sources(self, view: View) -> tuple[str, ...]:
        """Where the states come from, and what huge pages there are: longer and shorter."""
        kib = view.gauge.huge_kb
        if not kib and not view.engine.thp:
            return (said(self.SOURCE),)
        huge = said("grid.huge", kib=kib) if kib else said("grid.huge_none")
        short = said("grid.huge_short", kib=kib)
        return f"{said(self.SOURCE)} · {huge}", f"pagemap · {huge}", f"pagemap · {short}"

    def overlay_of(self, view: View) -> bytes:
        return view.changed if self.overlay else b""

    def combine(self, pages: bytes) -> int:
        return parent_cell(pages)

    def looks(self, glyphs: Glyphs) -> dict[int, Look]:
        states = (
            Look(glyphs.free, "free"),
            Look(glyphs.private, "private"),
            Look(glyphs.shared, "shared"),
            Look(glyphs.copied, "copied"),
            Look(glyphs.new, "new"),
        )
        levels = {LEVEL + n: Look(glyphs.levels[n - 1], "copied text") for n in range(1, 8)}
        return dict(enumerate(states)) | levels

    def legend(self, view: View) -> list[Line]:
        """Every state with its count: together they are the pages of the arena."""
        size = len(grouped(len(view.pages)))
        looks = self.looks(self.glyphs)
        items = [
            counted(looks[state], state_name(PAGE_STATES[state]), view.counts[state], size)
            for state in (SHARED, COPIED, NEW, PRIVATE, FREE)
        ]
        if self.overlay:
            marked = f" {grouped(view.changed.count(1), size)}"
            items.append(line((said("grid.changed"), "dim+"), marked))
        else:
            items.append(line((said("grid.sum", pages=len(view.pages)), "dim")))
        return flow(items, self.size.width)

    def pointed(self, view: View) -> list[Line]:
        """What the cursor points at, in words."""
        each = self.cells.shape.per_cell
        if self.page is None:
            note = said("grid.per_cell", each=each) if each > 1 else ""
            return [line((note, "dim")), line((self._how_to_point(), "faint"))]
        return describe(
            view, self.cells.shape.pages_of(self.cells.shape.cell_of(self.page)), self.page
        )

    def _how_to_point(self) -> str:
        return said("grid.point_here" if self.has_focus else "grid.point")

    def on_focus(self) -> None:
        """The arrows belong to the grid now."""
        self._foot = []
        self.refresh()

    def on_blur(self) -> None:
        """They no longer do."""
        self.on_focus()

    # keeping up

    def show(self, view: View) -> None:
        """Draw `view`: only the rows in which a cell changed are drawn again."""
        before, self.view = self.view, view
        self.subtitle(*(self.sources(view) if self.pages_of(view) else ("",)))
        pages = self.pages_of(view)
        if len(pages) != len(self.pages_of(before)) or (pages and not self.cells.shape.pages):
            self._reshape()
            return
        rows = self.cells.update(pages, self.overlay_of(view))
        size = self.size
        for row in rows:
            self._strips.pop(row, None)
        regions = [Region(0, row, size.width, 1) for row in rows]
        foot = self.foot()
        if foot != self._foot:
            self._foot = foot
            top = max(size.height - self.foot_rows, 0)
            regions.append(Region(0, top, size.width, self.foot_rows))
        if regions:
            self.refresh(*regions)

    def toggle_overlay(self) -> None:
        """Mark (or no longer mark) the pages changed since the last save."""
        self.overlay = not self.overlay
        self._reshape()

    @property
    def foot_rows(self) -> int:
        """Rows below the cells: the same in both grids, so that pages keep their places."""
        if self.size.height < LOW:
            return 2
        return (2 if self.size.width >= 48 else 3) + 2

    def foot(self) -> list[Line]:
        """The legend, and what the cursor points at."""
        if not self.cells.shape.pages:
            return []
        pointed = self.pointed(self.view)
        if self.foot_rows == 2:
            return [*self.legend(self.view)[:1], next((of for of in pointed if width(of)), ())]
        rows = self.foot_rows - 2
        return [*(self.legend(self.view) + [()] * rows)[:rows], *pointed]

    def room(self) -> tuple[int, int]:
        """Columns and rows that cells may take."""
        return self.size.width - LABEL, self.size.height - self.foot_rows

    def _reshape(self) -> None:
        self._fit()
        self.refresh()

    def _fit(self) -> None:
        self._fitted = self.room()
        pages = self.pages_of(self.view)
        self.cells = Cells(fitted(len(pages), *self._fitted), self.combine)
        self.cells.update(pages, self.overlay_of(self.view))
        self._strips.clear()
        self._foot = []

    def on_resize(self) -> None:
        """Other room, other shape."""
        self._reshape()

    def notify_style_update(self) -> None:
        """Another theme: nothing drawn before holds."""
        super().notify_style_update()
        self._strips.clear()
        self._runs = None
        self._foot = []

    # pointing

    def action_point(self, columns: int, rows: int) -> None:
        """Move the cursor by cells."""
        shape = self.cells.shape
        if not shape.cells:
            return
        if self.page is None:
            self.point_at(0)
            return
        cell = shape.cell_of(self.page) + columns + rows * shape.columns
        if 0 <= cell < shape.cells:
            self.point_at(cell * shape.per_cell)

    def point_at(self, page: int | None) -> None:
        """Put the cursor on a page (None: take it away) and tell who listens."""
        self.follow(page)
        if page is not None and self.on_point is not None:
            self.on_point(page)

    def follow(self, page: int | None) -> None:
        """Put the cursor on a page, telling nobody."""
        if page == self.page:
            return
        for marked in (self.page, page):
            if marked is not None:
                self._strips.pop(self.cells.shape.cell_of(marked) // self.cells.shape.columns, None)
        self.page = page
        self._foot = []
        self.refresh()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Hovering points."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        shape = self.cells.shape
        column = offset.x - LABEL
        cell = offset.y * shape.columns + column
        if 0 <= column < shape.columns and 0 <= cell < shape.cells:
            self.point_at(cell * shape.per_cell)

    # drawing

    def render_line(self, y: int) -> Strip:
        """A row of cells, or one of the lines below them."""
        if self._fitted != self.room():  # a first frame may come before its Resize does
            self._fit()
        height = self.size.height
        if y >= height - self.foot_rows:
            return self._foot_line(y - (height - self.foot_rows))
        if not self.cells.shape.pages:
            return self._empty_line(y)
        strip = self._strips.get(y)
        if strip is None:
            strip = self._strips[y] = self._cell_line(y)
        return strip

    def _cell_line(self, y: int) -> Strip:
        shape = self.cells.shape
        codes = self.cells.row(y) if y < shape.used_rows else b""
        if self._runs is None:
            self._runs = Runs(self.looks(self.glyphs), self.palette)
        runs = self._runs
        label = f"{y * shape.columns * shape.per_cell:>6,} " if codes else " " * LABEL
        segments = [Segment(label, self.palette.style("faint"))]
        if self.page is not None and shape.cell_of(self.page) // shape.columns == y:
            column = shape.cell_of(self.page) % shape.columns
            segments += [runs[found.group()] for found in _runs(codes[:column])]
            under = runs[codes[column : column + 1]]
            segments.append(Segment(under.text, (under.style or Style()) + Style(reverse=True)))
            codes_after = codes[column + 1 :]
            segments += [runs[found.group()] for found in _runs(codes_after)]
        else:
            segments += [runs[found.group()] for found in _runs(codes)]
        taken = LABEL + len(codes)
        if taken < self.size.width:
            segments.append(Segment(" " * (self.size.width - taken), self.palette.style("text")))
        return Strip(segments, max(taken, self.size.width))

    def _foot_line(self, index: int) -> Strip:
        if not self._foot:
            self._foot = self.foot()
        found = self._foot[index] if 0 <= index < len(self._foot) else ()
        return strip_of(found, self.size.width, self.palette, self.is_ascii)

    def _empty_line(self, y: int) -> Strip:
        lines = paragraph(self.empty(), max(self.size.width - 2, 10), "dim")
        start = max((self.size.height - self.foot_rows - len(lines)) // 2, 0)
        inside = 0 <= y - start < len(lines)
        found: Line = ((" ", "text"), *lines[y - start]) if inside else ()
        return strip_of(found, self.size.width, self.palette, self.is_ascii)


def counted(look: Look, name: str, count: int, size: int) -> Line:
    """An item of a legend; `size` cells for the figure, so that nothing jumps as it counts."""
    return line((look.glyph, look.role), f" {name} {grouped(count, size)}")
