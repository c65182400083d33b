"""A page of text over the scene (details, log, glossary, diagram, help), scrolled by arrows."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from app.keys import SCROLL_KEYS
from app.lines import Line
from app.lines_panel import LinesPanel
from app.said import said

Content = Callable[[int], list[Line]]
"""The lines of a page for a width in cells."""


class PageScreen(ModalScreen[None]):
    """Shows `content`, and asks for it again ten times a second: pages live with the scene."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,i,l,g,d,r,question_mark,space,enter", "dismiss", show=False),
        *(Binding(key, f"scroll({rows})", show=False) for key, rows in SCROLL_KEYS.items()),
    ]

    def __init__(self, title: str, content: Content, *, at_end: bool = False) -> None:
        super().__init__()
        self.panel = LinesPanel(id="page")
        self.heading = title
        self.content = content
        self.at_end = at_end

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_mount(self) -> None:
        """Fill the page once its size is known, then keep it up to date."""
        self.call_after_refresh(self._fill)
        self.set_interval(0.1, self._fill)

    def _fill(self) -> None:
        panel = self.panel
        follows = self.at_end and not panel.hidden_below
        panel.title(self.heading)
        panel.put(self.content(panel.size.width))
        if follows:
            panel.scroll_lines(len(panel.lines))
        scrolls = panel.hidden_below or panel.top
        panel.subtitle(said("page.closes_scrolls" if scrolls else "page.closes"))

    def action_scroll(self, rows: int) -> None:
        """An arrow, or a page key."""
        self.panel.scroll_lines(rows)


class ConfirmScreen(ModalScreen[bool]):
    """Asks before a key blocks or destroys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "dismiss(True)", show=False),
        Binding("n,escape,q", "dismiss(False)", show=False),
    ]

    def __init__(self, question: list[Line]) -> None:
        super().__init__()
        self.question = question
        self.panel = LinesPanel(id="confirm")

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_mount(self) -> None:
        """Ask."""
        self.panel.title(said("page.sure"))
        self.panel.subtitle(said("page.yes_no"))
        self.panel.put(self.question)
