"""A panel of lines: redraws the rows that changed, and no others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.binding import Binding, BindingType
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from app import glyphs as glyph_sets
from app.lines import EMPTY, Line, fitting, in_ascii, strip_of, visible
from app.said import said
from app.theme import Palette, palette

if TYPE_CHECKING:
    from app.glyphs import Glyphs

ARROWS: list[BindingType] = [
    Binding("up", "scroll(-1)", show=False),
    Binding("down", "scroll(1)", show=False),
]
"""The keys of a panel of lines that can have the focus."""
BESIDE_TITLE = 6
"""Cells of a border's row that its title cannot have: corners, rule, spaces."""


class Drawn(Widget):
    """A widget that draws its own rows, in our palette and glyphs."""

    DEFAULT_CSS = "Drawn { height: 1fr; }"

    def get_line_filters(self) -> Sequence[LineFilter]:
        """All filters but the one that looks for ANSI colours, which we never use (it costs
        almost half of a busy frame); Monochrome, which NO_COLOR adds, stays."""
        return [
            found for found in super().get_line_filters() if not isinstance(found, ANSIToTruecolor)
        ]

    @property
    def glyphs(self) -> Glyphs:
        """The app's glyph set."""
        return cast("Glyphs", getattr(self.app, "glyphs", glyph_sets.DRAWN))

    @property
    def palette(self) -> Palette:
        """The palette of the app's theme."""
        return palette(self.app.current_theme.dark)

    _titles: tuple[str, ...] = ("",)
    _subtitles: tuple[str, ...] = ("",)

    def on_resize(self) -> None:
        """Another width: other wordings fit."""
        self.title(*self._titles)
        self.subtitle(*self._subtitles)

    def title(self, *wordings: str) -> None:
        """Set the border's title, if it changed: the first of the wordings that fits."""
        self._titles = wordings
        wanted = self._safe(self._chosen(wordings))
        if getattr(self, "_wanted_title", None) != wanted:
            self._wanted_title = wanted
            self.border_title = wanted

    def subtitle(self, *wordings: str) -> None:
        """Set the border's subtitle, if it changed: the first of the wordings that fits."""
        self._subtitles = wordings
        wanted = self._safe(self._chosen(self.told_below(wordings)))
        if getattr(self, "_wanted_subtitle", None) != wanted:
            self._wanted_subtitle = wanted
            self.border_subtitle = wanted

    def told_below(self, wordings: tuple[str, ...]) -> tuple[str, ...]:
        """The wordings with what else the lower border has to say."""
        return wordings

    def _chosen(self, wordings: Sequence[str]) -> str:
        room = self.outer_size.width - BESIDE_TITLE
        return fitting([visible(text) for text in wordings], room) if room > 0 else wordings[0]

    def _safe(self, text: str) -> str:
        """Square brackets are meant as such."""
        return (in_ascii(text) if self.is_ascii else text).replace("[", r"\[")

    @property
    def is_ascii(self) -> bool:
        """Whether only ASCII signs are to be drawn."""
        return self.glyphs.border == "ascii"


class LinesPanel(Drawn):
    """Shows lines from the top; arrows and the wheel scroll when there are more than rows."""

    COUNTS_BELOW: ClassVar[bool] = False
    """Whether the lower border says how many lines do not fit."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lines: tuple[Line, ...] = ()
        self.top = 0

    def put(self, lines: Sequence[Line]) -> None:
        """Show `lines`; only rows that differ are drawn again."""
        before, self.lines = self.lines, tuple(lines)
        if before == self.lines:
            return
        self.top = max(0, min(self.top, len(self.lines) - 1))
        self._count_below()
        size = self.size
        changed = [
            Region(0, row, size.width, 1)
            for row in range(size.height)
            if _at(before, row + self.top) != _at(self.lines, row + self.top)
        ]
        if changed:
            self.refresh(*changed)

    def scroll_lines(self, by: int) -> None:
        """Move the window over the lines by so many rows, within them."""
        top = max(0, min(self.top + by, len(self.lines) - self.size.height))
        if top != self.top:
            self.top = top
            self._count_below()
            self.refresh()

    def _count_below(self) -> None:
        if self.COUNTS_BELOW:
            self.subtitle(*self._subtitles)

    def told_below(self, wordings: tuple[str, ...]) -> tuple[str, ...]:
        """With the number of lines below, which no lack of room leaves out."""
        if not self.COUNTS_BELOW or not self.hidden_below or not self.size.height:
            return wordings
        more = said("panel.more", count=self.hidden_below)
        return (*(f"{words} · {more}" for words in wordings if words), more)

    def action_scroll(self, by: int) -> None:
        """An arrow."""
        self.scroll_lines(by)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel."""
        self.scroll_lines(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel."""
        self.scroll_lines(-3)

    @property
    def hidden_below(self) -> int:
        """Lines that do not fit under the last row."""
        return max(0, len(self.lines) - self.top - self.size.height)

    def render_line(self, y: int) -> Strip:
        """One row."""
        return strip_of(_at(self.lines, y + self.top), self.size.width, self.palette, self.is_ascii)


def _at(lines: Sequence[Line], index: int) -> Line:
    return lines[index] if 0 <= index < len(lines) else EMPTY
