"""Every scene's moments on the finished screen: from the recordings that ship, with no engine.

A moment is the end of a step, or what a question looks like before its answer. The driver is the
replay's, but it looks live and offers the scene's keys: then the screen has to hold most.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import Any

from pytest import MonkeyPatch
from textual._compositor import Compositor
from textual._context import visible_screen_stack
from textual.pilot import Pilot
from textual.screen import Screen

from app import panels_screen
from app.application import CowscopeApp
from app.driver import Status, offered_at
from app.menu import Choice
from app.replay_driver import ReplayDriver
from app.scene_screen import SceneScreen
from engine.events import AnyEvent
from scenes import phrases
from scenes.loader import SANDBOX, known, load
from scenes.recorded_history import RecordedHistory
from scenes.recording import read
from tests.app import fake
from tests.app.seen import DEADLINE, frame, rows
from tests.app.told import recordings

SCENES = tuple(scene.number for scene in known())
STILL = 2
"""Frames that change nothing, and turns of the loop that find all queues empty, after which
nothing more is on its way."""


@dataclass(frozen=True)
class Moment:
    """The picture after event `index`, which belongs to `step`."""

    index: int
    step: str
    asks: bool = False
    """Whether a question waits for its answer."""

    def __str__(self) -> str:
        return f"{self.step}{' asks' if self.asks else ''}"


class AsLive(ReplayDriver):
    """A recording that says it is live, with all that the screen then shows beside it."""

    is_replay = False

    def __init__(self, scene: str, language: str = "en") -> None:
        lesson = load(scene, language)
        super().__init__(lesson, recorded(scene), autoplay=True, clock=lambda: 0.0)

    @property
    def status(self) -> Status:
        return "past" if self.is_past else "live"

    @property
    def notice(self) -> str:
        return ""

    @property
    def is_over(self) -> bool:
        return False

    @property
    def offered(self) -> frozenset[str]:
        return offered_at(self.scene, self.stage())

    def clock(self) -> float | None:
        return None


@cache
def recorded(scene: str) -> Sequence[AnyEvent]:
    """The events of a scene's recording; of the sandbox, which has none, made-up ones."""
    return fake.story() if scene == SANDBOX else read(str(recordings()[scene])).events


@cache
def moments(scene: str) -> tuple[Moment, ...]:
    """All of a scene, in the order of its recording."""
    marks = RecordedHistory(recorded(scene), load(scene).scene).marks
    steps = [mark for mark in marks if mark.kind == "step"]
    ends = [mark.index - 1 for mark in steps[1:]] + [len(recorded(scene)) - 1]
    found = [Moment(end, step.label) for step, end in zip(steps, ends, strict=True)]
    for mark in (mark for mark in marks if mark.kind == "question"):
        step = next(step.label for step in reversed(steps) if step.index <= mark.index)
        found.append(Moment(mark.index, step, asks=True))
    return tuple(sorted(found, key=lambda moment: moment.index))


class Stage:
    """One app that shows scene after scene, each on a fresh screen."""

    def __init__(self, app: CowscopeApp, pilot: Pilot[int], language: str) -> None:
        self.app, self.pilot, self.language = app, pilot, language

    @asynccontextmanager
    async def scene(self, number: str) -> AsyncIterator[SceneScreen]:
        """The scene before its first moment."""
        await self.app.play(AsLive(number, self.language))
        screen = self.app.screen
        assert isinstance(screen, SceneScreen)
        while not screen.query("#words"):  # it is pushed before its panels are made
            await self.pilot.pause(0)
        await self.rows()
        yield screen
        await self.app.pop_screen()

    async def at(self, screen: SceneScreen, moment: Moment) -> list[str]:
        """The rows of the screen at a moment, as it comes there from an earlier one."""
        assert isinstance(screen.driver, AsLive)
        screen.driver.show_to(moment.index)
        return await self.rows()

    async def tab(self, screen: SceneScreen, tab: str) -> list[str]:
        """The rows with another tab."""
        screen._pick_tab(tab)
        return await self.rows()

    async def pressed(self, key: str) -> list[str]:
        """The rows after a key."""
        await self.pilot.press(key)
        return await self.rows()

    def closed(self) -> None:
        """Without what had opened over the scene."""
        self.app.pop_screen()

    async def rows(self) -> list[str]:
        """The rows as soon as one more frame changes nothing, and nothing is to lay out."""
        until, still = monotonic() + DEADLINE, 0
        while still < STILL:
            assert monotonic() < until, "the screen does not come to rest"
            frame(self.app)
            still = 0 if self._is_moving() else still + 1
            await self._handled()
        visible_screen_stack.set(self.app._background_screens)
        return rows(self.pilot)

    async def _handled(self) -> None:
        """What is under way between widgets arrives, and is laid out (as `Pilot.pause`, which asks
        each widget for an answer and takes ten times as long)."""
        screen = self.app.screen
        pumps = [self.app, screen, *screen.walk_children()]
        quiet = 0
        while quiet < STILL:
            await asyncio.sleep(0)
            quiet = 0 if any(pump.message_queue_size for pump in pumps) else quiet + 1
        screen._on_timer_update()

    def _is_moving(self) -> bool:
        screen = self.app.screen
        wanted = screen._layout_required, screen._repaint_required, screen._recompose_required
        return any(wanted) or bool(screen._dirty_widgets or screen._callbacks)


def _forgotten(self: Compositor, screen_stack: list[Screen[Any]] | None = None) -> None:
    """Instead of `render_update`: nobody looks at the frames of a terminal that is not there."""
    self._dirty_regions.clear()


@asynccontextmanager
async def stage(
    size: tuple[int, int], language: str = "en", menu: Sequence[Choice] = (), **options: Any
) -> AsyncIterator[Stage]:
    """An app of this size behind its menu; it speaks the language meanwhile.

    Frames come when the test asks for them, and are drawn when it looks.
    """
    phrases.use(language)
    patches = MonkeyPatch()
    patches.setattr(Compositor, "render_update", _forgotten)
    patches.setattr(panels_screen, "FRAME", 3600)
    try:
        app = CowscopeApp(menu=menu or [Choice("04", "04", "-", "-")], **options)
        app.animation_level = "none"
        async with app.run_test(size=size) as pilot:
            yield Stage(app, pilot, language)
    finally:
        patches.undo()
        phrases.use("en")
