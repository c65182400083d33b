"""The stage: a recording played on the real screen, with no terminal and a clock of its own.

What is exported is drawn by the same app that replays; time passes only when `Stage.show` says so,
so that the same recording makes the same pictures, however slow the machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from textual import events as textual_events
from textual.driver import Driver
from textual.geometry import Size

from app.application import CowscopeApp
from app.replay_driver import ReplayDriver
from app.said import said
from app.screenshot import svg
from scenes.loader import Lesson
from scenes.marks import Mark
from scenes.recording import Recording

if TYPE_CHECKING:
    from textual.pilot import Pilot

DRAWN_WITHIN = 30.0
"""Seconds for which a picture is waited for."""


class Collector(Driver):
    """Textual's driver for no terminal at all: hands on what would be written to one."""

    def write(self, data: str) -> None:
        assert isinstance(self._app, StageApp)
        self._app.take(data)

    def start_application_mode(self) -> None:
        size = Size(*(self._size or (80, 24)))
        loop = asyncio.get_running_loop()
        event = textual_events.Resize(size, size)
        asyncio.run_coroutine_threadsafe(self._app._post_message(event), loop)

    def disable_input(self) -> None:
        """There is none."""

    def stop_application_mode(self) -> None:
        """Nothing was started."""


class StageApp(CowscopeApp):
    """The app as replay shows it, drawn into nothing."""

    def __init__(self, driver: ReplayDriver, *, dark: bool) -> None:
        super().__init__(driver, dark=dark)
        self.take: Callable[[str], None] = lambda data: None

    def get_driver_class(self) -> type[Driver]:
        return Collector


class Stage:
    """A recording and the screen that shows it."""

    def __init__(self, app: StageApp, driver: ReplayDriver, pilot: Pilot[Any]) -> None:
        self.app = app
        self.driver = driver
        self._pilot = pilot

    async def show(self, index: int) -> None:
        """Let the recording come to event `index`, and draw what is then on the screen."""
        self.driver.show_to(index)
        self.app.screen.frame()  # type: ignore[attr-defined]  # a SceneScreen's
        await self._pilot.pause()
        await self._pilot.pause()

    def drawing(self, title: str) -> str:
        """The screen as SVG."""
        return svg(self.app, title=title)

    def words(self) -> str:
        """What the step says, as text."""
        stage = self.driver.stage()
        title, text = self.driver.text(stage.title), self.driver.text(stage.text)
        return said("export.words", title=title, text=text)


@asynccontextmanager
async def stage(
    lesson: Lesson, recorded: Recording, size: tuple[int, int], *, dark: bool = True
) -> AsyncIterator[Stage]:
    """Put a recording on the stage, before its first event."""
    driver = ReplayDriver(lesson, recorded.events, autoplay=True, clock=lambda: 0.0)
    app = StageApp(driver, dark=dark)
    ready: asyncio.Future[Pilot[Any]] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def play(pilot: Pilot[Any]) -> None:
        ready.set_result(pilot)
        await over.wait()
        app.exit(0)

    running = asyncio.create_task(app.run_async(size=size, auto_pilot=play))
    try:
        async with asyncio.timeout(DRAWN_WITHIN):
            pilot = await ready
            while app.screen.__class__.__name__ != "SceneScreen":
                await pilot.pause()
        yield Stage(app, driver, pilot)
    finally:
        over.set()
        await running


def moments(recorded: Recording, lesson: Lesson) -> list[Mark]:
    """What is worth a picture: the end of every step, and what happened on the way there.

    A mark's index is the event after which the picture is taken.
    """
    from scenes.recorded_history import RecordedHistory

    marks = RecordedHistory(recorded.events, lesson.scene).marks
    steps = [mark for mark in marks if mark.kind == "step"]
    ends = [step.index - 1 for step in steps[1:]] + [len(recorded.events) - 1]
    found = [mark for mark in marks if mark.kind in ("fork", "child.exit", "rdb.saved", "crash")]
    found += [
        Mark(end, step.label, "step") for step, end in zip(steps, ends, strict=True) if end >= 0
    ]
    return sorted(found, key=lambda mark: mark.index)
