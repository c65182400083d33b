"""The list of a scene's steps, to go to one by its name: typing filters, arrows move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from app.driver import Driver
from app.lines import EMPTY, Line, cut, fold, line, spread
from app.lines_panel import LinesPanel
from app.said import said

ABOVE, BELOW = 2, 3
"""Rows of the list's head (filter, a gap) and foot (a gap, what Enter does in two)."""


@dataclass(frozen=True)
class Entry:
    """A step; `place` is where it stands to what is on show: here, now, played, passed, ahead."""

    step: str
    beat: int
    title: str
    place: str
    does: str
    """The phrase for what Enter does."""


def entries(driver: Driver) -> list[Entry]:
    """All steps of the scene that plays, in its order."""
    played = {mark.label for mark in driver.marks if mark.kind == "step"}
    stages = driver.scene.stages
    places = {stage.id: number for number, stage in enumerate(stages)}
    head = driver.now_view.step
    reached = places.get(head, -1)
    found = []
    for number, stage in enumerate(stages):
        shown = driver.view.step == stage.id
        if shown:
            place = "here"
        elif stage.id == head:
            place = "now"
        elif number > reached:
            place = "ahead"
        else:
            place = "played" if stage.id in played else "passed"
        replayed = driver.is_replay and place == "ahead"
        does = "does_now" if shown and driver.is_past and stage.id == head else f"does_{place}"
        found.append(
            Entry(stage.id, stage.beat, driver.text(stage.title), place,
                  said(f"jump.{does}_replay" if replayed else f"jump.{does}"))
        )  # fmt: skip
    return found


class JumpScreen(ModalScreen[str | None]):
    """Answers with the id of the step that was picked; None where none was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "move(-8)", show=False),
        Binding("pagedown", "move(8)", show=False),
        Binding("home", "move(-999)", show=False),
        Binding("end", "move(999)", show=False),
        Binding("enter", "go", show=False),
        Binding("escape", "dismiss(None)", show=False),
    ]

    def __init__(self, steps: Sequence[Entry]) -> None:
        super().__init__()
        self.steps = steps
        self.typed = ""
        self.at = next((n for n, one in enumerate(steps) if one.place == "here"), 0)
        self.panel = LinesPanel(id="jump")

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_mount(self) -> None:
        """Draw once the size is known: all steps, or as many as the screen has rows for."""
        self.panel.title(said("jump.title"))
        self.panel.subtitle(said("jump.keys"))
        self.panel.styles.height = ABOVE + len(self.steps) + BELOW + 2
        self.call_after_refresh(self.draw)

    def on_resize(self) -> None:
        """Another window on the list."""
        self.call_after_refresh(self.draw)

    @property
    def matching(self) -> list[Entry]:
        """The steps whose title or name has what was typed in it."""
        wanted = self.typed.casefold()
        return [s for s in self.steps if wanted in s.title.casefold() or wanted in s.step]

    def draw(self) -> None:
        """The list as it is now."""
        width, height = self.panel.size
        self.panel.put(jump_lines(self.matching, self.at, self.typed, width, height))

    def on_key(self, event: events.Key) -> None:
        """What can be seen is typed; Backspace takes the last of it back."""
        if event.key == "backspace":
            self._type(self.typed[:-1])
        elif event.is_printable and event.character is not None:
            self._type(self.typed + event.character)
        else:
            return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """What an input method commits may come as a paste."""
        self._type(self.typed + "".join(c for c in event.text if c.isprintable()))
        event.stop()

    def _type(self, text: str) -> None:
        before = self.matching[self.at] if self.at < len(self.matching) else None
        self.typed = text
        found = self.matching
        self.at = found.index(before) if before in found else 0
        self.draw()

    def action_move(self, by: int) -> None:
        """An arrow."""
        self.at = max(0, min(self.at + by, len(self.matching) - 1))
        self.draw()

    def action_go(self) -> None:
        """Enter: there."""
        if self.matching:
            self.dismiss(self.matching[self.at].step)


def jump_lines(found: Sequence[Entry], at: int, typed: str, cells: int, rows: int) -> list[Line]:
    """What was typed, the steps (those around `at` where not all fit), what Enter does."""
    hint = (f"{typed}_", "bold") if typed else (f"_ {said('jump.type')}", "faint")
    lines = [line((f"{said('jump.filter')} ", "dim"), hint), EMPTY]
    if not found:
        return [*lines, *fold(line((said("jump.none"), "dim")), cells)]
    room = max(rows - ABOVE - BELOW, 1)
    first = max(0, min(at - room // 2, len(found) - room))
    lines += [
        _row(one, number == at, cells)
        for number, one in enumerate(found[first : first + room], first)
    ]
    hidden = len(found) - room
    more = line((f"  {said('jump.more', count=hidden)}", "faint")) if hidden > 0 else EMPTY
    return [*lines, more, *fold(line((found[at].does, "text")), cells)]


def _row(entry: Entry, chosen: bool, cells: int) -> Line:
    number = f"{entry.beat:>2}" if entry.beat else " -"
    note = (said(f"jump.{entry.place}"), "bold" if entry.place in ("here", "now") else "dim")
    title = cut(entry.title, cells - 20)
    role = "chosen" if chosen else "text" if entry.place == "ahead" else "dim"
    lead = ("> " if chosen else "  ", "bold")
    return spread(line(lead, (number, "key"), "  ", (title, role)), line(note), cells)
