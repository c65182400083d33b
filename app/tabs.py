"""The row of tabs of a small terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.message import Message

from app.lines import Line, Span, line
from app.lines_panel import LinesPanel
from app.said import said


class Tabs(LinesPanel, can_focus=False):
    """One row; Tab and Shift+Tab move, a click picks."""

    class Picked(Message):
        """The learner picked a tab."""

        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._places: list[tuple[int, str]] = []

    def show(self, tabs: Sequence[str], chosen: str) -> None:
        """Draw the tabs that have entered."""
        self._places = []
        at = 0
        for tab in tabs:
            at += cell_len(said(f"tabs.{tab}")) + 3
            self._places.append((at, tab))
        self.put([tabs_line(tabs, chosen)])

    def on_click(self, event: events.Click) -> None:
        """Pick the tab under the pointer."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        for end, tab in self._places:
            if offset.x < end:
                self.post_message(self.Picked(tab))
                return


def tabs_line(tabs: Sequence[str], chosen: str) -> Line:
    """The tabs, the chosen one between brackets too, for readers without colour."""
    spans: list[Span] = []
    for tab in tabs:
        name = said(f"tabs.{tab}")
        spans.append((f"[{name}]", "chosen") if tab == chosen else (f" {name} ", "text"))
        spans.append((" ", "text"))
    spans.append((f"  {said('tabs.next')}", "faint"))
    return line(*spans)
