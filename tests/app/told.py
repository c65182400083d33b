"""The finished picture of every step of scene 04, from the recording that ships: no engine."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from app.assets import recording
from engine import events
from scenes.evidence import Evidence
from scenes.measures import Figures
from scenes.recording import read
from tests.app.fake import FakeDriver


def recordings() -> dict[str, Path]:
    """The recordings that ship, by the number of their scene."""
    found = recording("04")
    assert found is not None
    return {path.stem: path for path in sorted(found.parent.glob("*.cowscope"))}


@cache
def _recorded() -> list[events.AnyEvent]:
    path = recording("04")
    assert path is not None
    return list(read(str(path)).events)


def steps() -> list[str]:
    """The steps in their order."""
    return [event.step for event in _recorded() if isinstance(event, events.Step)]


def told(step: str) -> FakeDriver:
    """A driver that shows the last moment of `step`, with the figures of that moment."""
    recorded = _recorded()
    starts = [n for n, event in enumerate(recorded) if isinstance(event, events.Step)]
    place = steps().index(step)
    shown = recorded[: starts[place + 1] if place + 1 < len(starts) else len(recorded)]
    driver = FakeDriver(shown)
    evidence = Evidence(populate=driver.scene.populate, topics=driver.scene.topics)
    for event in shown:
        evidence.add(event)
    driver.figures = Figures(evidence, driver.scene.values)
    return driver
