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

from app.lines import EMPTY, Line, flow, line, paragraph, width
from app.lines_panel import LinesPanel
from app.said import said
from scenes.errors import SceneError


@dataclass(frozen=True)
class Choice:
    """A scene; `name` is what `open_choice` is asked for."""

    name: str
    number: str
    title: str
    thesis: str
    note: str = ""
    """How long it takes and how far the learner came, or why it cannot be played here."""
    live: bool = True
    """An engine can run here."""
    recorded: bool = False
    """A recording of it ships."""
    resume: str = ""
    """The step at which the learner left it; empty: nowhere."""


class MenuScreen(Screen[None]):
    """A list; arrows move, Enter or a number starts, v shows the recording, ? and g explain."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("enter,space", "start", show=False),
        Binding("r", "resume", show=False),
        Binding("v", "view", show=False),
        *(Binding(str(number % 10), f"number({number})", show=False) for number in range(1, 11)),
        Binding("question_mark", "page('help')", show=False),
        Binding("g", "page('glossary')", show=False),
        Binding("q,escape", "leave", show=False),
    ]
    CSS = """
    #menu { height: 1fr; border: round $border; padding: 1 2; background: $background;
        border-title-color: $foreground; border-subtitle-color: $primary;
        border-title-background: $background; border-subtitle-background: $background; }
    MenuScreen.plain #menu { border: ascii $border; }
    """

    class Chosen(Message):
        """The learner picked an entry."""

        def __init__(self, choice: Choice, *, resume: bool = False, replay: bool = False) -> None:
            super().__init__()
            self.choice = choice
            self.resume = resume
            """Whether it goes on where the learner left it."""
            self.replay = replay
            """Whether its recording is meant."""

    def __init__(self, choices: Sequence[Choice], notice: str = "") -> None:
        super().__init__()
        self.notice = notice
        """What the learner must know before all scenes."""
        self.choices = list(choices)
        self.at = 0
        self.panel = LinesPanel(id="menu")

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_mount(self) -> None:
        """Draw once the size is known."""
        self.set_class(self.panel.is_ascii, "plain")
        self.panel.title(said("menu.title"))
        self.panel.subtitle(said("menu.keys"))
        self.call_after_refresh(self._draw)

    def on_resize(self, event: events.Resize) -> None:
        """Fold the texts for the new width."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        width, height = self.panel.size
        told = [*paragraph(self.notice, width, "lost"), EMPTY] if self.notice else []
        self.panel.put([*told, *menu_lines(self.choices, self.at, width, height - len(told))])

    def action_move(self, by: int) -> None:
        self.at = max(0, min(self.at + by, len(self.choices) - 1))
        self._draw()

    def action_number(self, number: int) -> None:
        """Choose the scene of that number and play it."""
        for place, choice in enumerate(self.choices):
            if choice.number == f"{number:02}":
                self.at = place
                self._draw()
                self.action_start()

    def action_start(self) -> None:
        """Play live; where nothing can run live, its recording."""
        if self.choices:
            choice = self.choices[self.at]
            self.post_message(self.Chosen(choice, replay=not choice.live))

    def action_view(self) -> None:
        """Show the recording."""
        if self.choices and self.choices[self.at].recorded:
            self.post_message(self.Chosen(self.choices[self.at], replay=True))

    def action_resume(self) -> None:
        """Go on where the learner left the scene."""
        if self.choices and self.choices[self.at].resume:
            self.post_message(self.Chosen(self.choices[self.at], resume=True))

    def action_page(self, name: str) -> None:
        """Open the keys, or the words of all scenes."""
        from app.menu_pages import page  # the menu's first frame need not wait for it
        from app.page_screen import PageScreen

        try:
            title, content = page(name, self.panel.glyphs)
        except SceneError as error:
            self.app.notify(str(error), severity="error", timeout=15, markup=False)
            return
        self.app.push_screen(PageScreen(title, content))

    def show(self, choices: Sequence[Choice], notice: str = "") -> None:
        """Other entries: a scene was played meanwhile."""
        self.choices, self.notice = list(choices), notice
        self.at = min(self.at, max(len(self.choices) - 1, 0))
        self._draw()

    def action_leave(self) -> None:
        self.app.exit(0)


def menu_lines(choices: Sequence[Choice], at: int, cells: int, rows: int) -> list[Line]:
    """The scenes, the one at `at` marked by colour and by sign, with what its keys do.

    Where the room is too small for all of what they say, only the one at `at` says it.
    """
    if not choices:
        return [line((said("menu.empty"), "dim"))]
    entries = [entry_lines(choice, n == at, cells) for n, choice in enumerate(choices)]
    roomy = sum(len(entry) + 1 for entry in entries) <= rows
    lines: list[Line] = []
    for place, entry in enumerate(entries):
        lines += entry if roomy or place == at else entry[:1]
        if roomy or place == at:
            lines.append(EMPTY)
    return lines


def entry_lines(choice: Choice, here: bool, cells: int) -> list[Line]:
    """A scene: its title, its thesis, and at the place of the cursor its keys."""
    lead = "> " if here else "  "
    title = (choice.title, "chosen" if here else "bold")
    number = (f" {choice.number} ", "key")
    first = line((lead, "bold"), number, " ", title, (f"  {choice.note}", "dim"))
    inset = (" " * 7, "text")
    below: list[Line] = []
    if here and width(first) > cells:  # the note of the one at the cursor is told whole
        first = line((lead, "bold"), number, " ", title)
        below = [(inset, *own) for own in paragraph(choice.note, cells - 8, "dim")]
    lines = [first, *below, *((inset, *own) for own in paragraph(choice.thesis, cells - 8, "dim"))]
    if here:
        keys = [line((" Enter ", "key"), said("menu.plays" if choice.live else "menu.shows"))]
        if choice.resume:
            keys.append(line((" r ", "key"), said("menu.resumes")))
        if choice.live and choice.recorded:
            keys.append(line((" v ", "key"), said("menu.recording")))
        lines += [(inset, *own) for own in flow(keys, cells - 8)]
    return lines
