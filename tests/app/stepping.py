"""Every scene's moments on the finished screen: from the recordings that ship, with no engine.

A moment is the end of a step, or what a question looks like before its answer. The driver is the
replay's, but it looks live and offers the scene's keys: then the screen has to hold most.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from textual.pilot import Pilot

from app.application import CowscopeApp
from app.driver import Status, offered_at
from app.replay_driver import ReplayDriver
from app.scene_screen import SceneScreen
from engine.events import AnyEvent
from scenes import phrases
from scenes.loader import known, load
from scenes.recorded_history import RecordedHistory
from scenes.recording import read
from tests.app.seen import settled
from tests.app.told import recordings

SCENES = tuple(scene.number for scene in known())


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
    """The events of a scene's recording."""
    return read(str(recordings()[scene])).events


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


@asynccontextmanager
async def on_screen(
    scene: str, language: str, size: tuple[int, int], **options: Any
) -> AsyncIterator[tuple[SceneScreen, Pilot[int]]]:
    """The scene before its first moment; the app speaks the language meanwhile."""
    phrases.use(language)
    try:
        app = CowscopeApp(AsLive(scene, language), **options)
        app.animation_level = "none"
        async with app.run_test(size=size) as pilot:
            assert isinstance(app.screen, SceneScreen)
            await settled(pilot)
            yield app.screen, pilot
    finally:
        phrases.use("en")


async def turned_to(screen: SceneScreen, pilot: Pilot[int], moment: Moment) -> list[str]:
    """The rows of the screen at a moment, as it comes there from an earlier one."""
    driver = screen.driver
    assert isinstance(driver, AsLive)
    driver.show_to(moment.index)
    return await settled(pilot)
