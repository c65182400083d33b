"""The menu: the scenes there are, how long they take, and how to start one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from app.lines import EMPTY, Line, line, paragraph
from app.lines_panel import LinesPanel


@dataclass(frozen=True)
class Choice:
    """One entry; `name` is what `open_choice` is asked for."""

    name: str
    number: str
    title: str
    thesis: str
    note: str = ""
    """How long it takes, or why it cannot be played here."""
    replay: bool = False
    resume: str = ""
    """The step at which the learner left it; empty: nowhere."""


class MenuScreen(Screen[None]):
    """A list; arrows move, Enter or a number starts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("enter,space", "start", show=False),
        Binding("r", "resume", show=False),
        Binding("q,escape", "leave", show=False),
    ]
    CSS = """
    #menu { height: 1fr; border: round $border; padding: 1 2; background: $background;
        border-title-background: $background; border-subtitle-background: $background; }
    MenuScreen.plain #menu { border: ascii $border; }
    """

    class Chosen(Message):
        """The learner picked an entry."""

        def __init__(self, choice: Choice, resume: bool = False) -> None:
            super().__init__()
            self.choice = choice
            self.resume = resume
            """Whether it goes on where the learner left it."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        super().__init__()
        self.choices = list(choices)
        self.at = 0
        self.panel = LinesPanel(id="menu")

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_mount(self) -> None:
        """Draw once the size is known."""
        self.set_class(self.panel.is_ascii, "plain")
        self.panel.title("Cowscope · watch fork, copy-on-write and fsync happen")
        self.panel.subtitle("arrows · Enter plays · q leaves")
        self.call_after_refresh(self._draw)

    def on_resize(self, event: events.Resize) -> None:
        """Fold the texts for the new width."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        self.panel.put(menu_lines(self.choices, self.at, self.panel.size.width))

    def action_move(self, by: int) -> None:
        self.at = max(0, min(self.at + by, len(self.choices) - 1))
        self._draw()

    def action_start(self) -> None:
        if self.choices:
            self.post_message(self.Chosen(self.choices[self.at]))

    def action_resume(self) -> None:
        """Go on where the learner left the scene."""
        if self.choices and self.choices[self.at].resume:
            self.post_message(self.Chosen(self.choices[self.at], resume=True))

    def show(self, choices: Sequence[Choice]) -> None:
        """Other entries: a scene was played meanwhile."""
        self.choices = list(choices)
        self.at = min(self.at, max(len(self.choices) - 1, 0))
        self._draw()

    def action_leave(self) -> None:
        self.app.exit(0)


def menu_lines(choices: Sequence[Choice], at: int, cells: int) -> list[Line]:
    """The entries, the one at `at` marked by colour and by sign."""
    if not choices:
        return [line(("There are no scenes here.", "dim"))]
    lines: list[Line] = []
    for place, choice in enumerate(choices):
        here = place == at
        lead = "> " if here else "  "
        note = (f"  {choice.note}", "dim")
        lines.append(line((lead, "bold"), (f" {choice.number} ", "key"), " ",
                          (choice.title, "chosen" if here else "bold"), note))  # fmt: skip
        if choice.resume and here:
            lines.append(
                line((" " * 7, "text"), ("r", "key"), (" goes on where you left it", "dim"))
            )
        lines += [((" " * 7, "text"), *own) for own in paragraph(choice.thesis, cells - 7, "dim")]
        lines.append(EMPTY)
    return lines
