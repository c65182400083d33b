"""An exhibit: a panel that single lessons show, drawn from the view alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.binding import BindingType

from app.lines import Line, paragraph
from app.lines_panel import ARROWS, LinesPanel
from app.said import said
from scenes.view import View


class Exhibit(LinesPanel, can_focus=True):
    """Draws what `picture` makes of a view."""

    BINDINGS: ClassVar[list[BindingType]] = ARROWS
    COUNTS_BELOW = True
    TITLE: ClassVar[tuple[str, ...]] = ()
    """Phrases: the title, longest wording first."""
    EMPTY_WORDS: ClassVar[str] = ""
    """A phrase: said while there is nothing to draw."""
    covered: Mapping[str, int] = {}
    """The parts, by the names of scenes.covers, that a question asks for: the beat that asks."""

    def show(self, view: View) -> None:
        """Draw the view."""
        if not self.size.width:
            return
        self.title(*self.titles())
        lines = self.picture(view, self.size.width, self.size.height)
        self.put(lines or paragraph(self.empty_words(), self.size.width, "dim"))
        self.subtitle(self.source(view) if lines else "")

    def picture(self, view: View, cells: int, rows: int) -> list[Line]:
        """The lines of a picture in so much room; none where there is nothing yet."""
        raise NotImplementedError

    def titles(self) -> tuple[str, ...]:
        """The border's title, the longest wording first."""
        return tuple(said(key) for key in self.TITLE)

    def empty_words(self) -> str:
        """Said while there is nothing to draw."""
        return said(self.EMPTY_WORDS)

    def source(self, view: View) -> str:
        """Where the figures come from."""
        return said("source.measured")
