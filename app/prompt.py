"""The prompt: a Redis command line with history and completion, its answer as redis-cli's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

from app.lines import Line, fitting, fold, in_ascii, line, visible
from app.lines_panel import BESIDE_TITLE, LinesPanel
from app.said import said

KEPT = 2_000
"""Answer lines kept."""
LONGEST = 4_000
"""Characters of one line of an answer that are shown; a value may have millions."""
ROWS = 10
"""Answer lines shown at once."""


class CommandNames(Suggester):
    """Completes the first word from the command table."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.names = sorted(name.upper() for name in names)

    async def get_suggestion(self, value: str) -> str | None:
        """The first command that starts with `value`, in the case typed."""
        return completed(value, self.names)


def completed(value: str, names: Sequence[str]) -> str | None:
    """`value` with its only word completed; None where nothing fits."""
    if not value or " " in value:
        return None
    for name in names:
        if name.startswith(value.upper()):
            ending = name[len(value) :]
            return value + (ending.lower() if value.islower() else ending)
    return None


class CommandLine(Input):
    """The text field: Enter, Escape, Tab, the arrows up and down and the page keys act."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("up", "recall(-1)", show=False),
        Binding("down", "recall(1)", show=False),
        Binding("tab", "complete", show=False),
        Binding("pageup", "read(-1)", show=False),
        Binding("pagedown", "read(1)", show=False),
    ]

    class Closed(Message):
        """Escape was pressed."""

    class Read(Message):
        """Older (-1) or younger (1) answers are wanted."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def __init__(self) -> None:
        super().__init__(placeholder=said("prompt.hint"), select_on_focus=False)
        self.past: list[str] = []
        self._place = 0

    def remember(self, text: str) -> None:
        """Keep a line for the arrow keys."""
        if text and (not self.past or self.past[-1] != text):
            self.past.append(text)
        self._place = len(self.past)

    def action_close(self) -> None:
        self.post_message(self.Closed())

    def action_recall(self, by: int) -> None:
        self._place = max(0, min(self._place + by, len(self.past)))
        self.value = self.past[self._place] if self._place < len(self.past) else ""
        self.cursor_position = len(self.value)

    def action_read(self, by: int) -> None:
        self.post_message(self.Read(by))

    def action_complete(self) -> None:
        if isinstance(self.suggester, CommandNames):
            found = completed(self.value, self.suggester.names)
            if found:
                self.value = found + " "
                self.cursor_position = len(self.value)

    async def _on_key(self, event: events.Key) -> None:
        # VS Code's terminal sends a space without its character (Textual issue 6408).
        if event.key == "space" and event.character is None:
            event.stop()
            event.prevent_default()
            self.insert_text_at_cursor(" ")
            return
        await super()._on_key(event)


def exchange(command: str, answer: Sequence[str] | None, cells: int = 0) -> list[Line]:
    """A command and its reply, as redis-cli prints them; folded at `cells`, if that is not 0."""
    asked = (("> ", "dim"), (command, "bold"))
    if answer is None:
        return fold(line(*asked, (f"  {said('prompt.waiting')}", "dim")), cells)
    role = "lost" if answer and answer[0].startswith("(error)") else "text"
    rows = fold(line(*asked), cells)
    for text in answer[-KEPT:]:
        left_out = len(text) - LONGEST
        rest = f" {said('prompt.more', count=left_out)}" if left_out > 0 else ""
        rows += fold(line((visible(text[:LONGEST]), role), (rest, "dim")), cells)
    return rows


class Prompt(Vertical):
    """The answers so far, and the line below them."""

    class Sent(Message):
        """A line to execute."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Closed(Message):
        """The learner is done typing."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.answers = LinesPanel(id="answers")
        self.command_line = CommandLine()
        self._said: list[tuple[str, Sequence[str] | None]] = []
        """(command, answer), None while it is on its way."""
        self._width = 0

    def compose(self) -> ComposeResult:
        yield self.answers
        yield self.command_line

    def open(self, names: Sequence[str]) -> None:
        """Show the prompt and take the focus."""
        self.border_title = said("prompt.title")
        self._name_keys()
        self.command_line.suggester = CommandNames(names)
        self.display = True
        self.screen.set_focus(self.command_line)  # at once: what is typed next is for the prompt

    def _name_keys(self) -> None:
        """What the prompt's keys do; scrolling only where there is something to scroll."""
        keys = said("prompt.keys")
        if len(self.answers.lines) > ROWS:
            answers, shorter = said("prompt.answers"), said("prompt.keys_short")
            room = self.app.size.width - BESIDE_TITLE
            keys = fitting((f"{answers} · {keys}", f"{answers} · {shorter}"), room)
        self.border_subtitle = in_ascii(keys) if self.answers.is_ascii else keys

    def close(self) -> None:
        """Hide it; history and answers stay for the next time."""
        self.display = False

    def ask(self, command: str) -> None:
        """Print a command that has been sent; its answer is to come."""
        self._said.append((command, None))
        self._print()

    def answer(self, command: str, answer: Sequence[str]) -> None:
        """Print a reply below its command: the oldest of these words that has none."""
        places = (n for n, said in enumerate(self._said) if said == (command, None))
        place = next(places, len(self._said))
        self._said[place : place + 1] = [(command, answer)]
        self._print()

    def _print(self) -> None:
        del self._said[:-KEPT]
        cells = self._width = self.size.width
        lines = [row for said in self._said for row in exchange(*said, cells)][-KEPT:]
        self.answers.styles.height = min(len(lines), ROWS)
        self.answers.put(lines)
        self._name_keys()
        self.call_after_refresh(self.answers.scroll_lines, KEPT)

    def on_resize(self, event: events.Resize) -> None:
        """Fold the answers for the new width."""
        if self._said and self.size.width != self._width:
            self._print()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: send the line."""
        event.stop()
        text = event.value.strip()
        self.command_line.value = ""
        self.command_line.remember(text)
        if text:
            self.post_message(self.Sent(text))

    def on_command_line_read(self, event: CommandLine.Read) -> None:
        """A long answer, page by page."""
        event.stop()
        self.answers.scroll_lines(event.by * (ROWS - 1))

    def on_command_line_closed(self, event: CommandLine.Closed) -> None:
        """Escape: the keys belong to the scene again."""
        event.stop()
        self.post_message(self.Closed())
