"""The pictures of a live run are those of its recording, cell by cell, also after that has moved.

While a real engine plays, its events are recorded, and at the end of each step the screen of the
live session is turned to that moment and every cell of it, sign and style, goes into a hash. Later
the file is replayed at the same positions. What a live session and a recording say differently of
themselves is left out: in the first row the state ("past, the engine runs on") and how to join the
engine, in the last the key B, which only an engine's run has, and above the timeline the row in
which a session speaks of its engine at now (that it is slow to answer, say; mostly it is empty).
Blanks of the first and the last row do not count either, as words beside them move. While the run
goes on its timeline is not yet as long as the recording's: that row is compared when the run is
over. Nothing else is left out; the keyboard's focus, which is no part of the run, is put on the
words. The screen is so wide that no title gives way to the port.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterable
from functools import partial
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from textual.pilot import Pilot

from app.application import CowscopeApp
from app.driver import Driver, status_words
from app.live_driver import LiveDriver
from app.replay_driver import ReplayDriver
from app.said import said
from app.scene_screen import SceneScreen
from engine.events import AnyEvent, EngineReady
from scenes import live
from scenes.loader import load
from scenes.recording import Header, RecordingWriter, opened
from tests.app.seen import drawn, settled

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not os.path.exists("/proc/self/pagemap"),
    reason="a live engine needs Linux and /proc",
)

SIZE = (200, 48)
WITHIN = 300.0
"""Seconds for a step; a loaded machine is slow."""
SCENES = os.environ.get("LIVE_SCENES", "01 02 04 08").split()
"""The others take minutes more: LIVE_SCENES="03 05 06 07 09 10" for who changes what draws them."""
NOTICES, TIMELINE = SIZE[1] - 3, SIZE[1] - 2
Cell = tuple[str, str]


async def hashes(pilot: Pilot[Any], driver: Driver) -> list[str]:
    """A hash of each row of the screen, of what it shows of itself and not of who shows it."""
    screen = pilot.app.screen
    assert isinstance(screen, SceneScreen)
    screen.set_focus(screen.words)
    await at_rest(pilot)
    strips = screen._compositor.render_strips(pilot.app.size)
    rows = [[(sign, str(of.style)) for of in strip for sign in of.text] for strip in strips]
    port = driver.now_view.engine.port
    rows[0] = without(rows[0], status_words(driver), f" · redis-cli -p {port}")
    rows[NOTICES].clear()
    rows[-1] = without(rows[-1], f" B  {said('keys.branch')} ")
    return [sha256(repr(row).encode()).hexdigest() for row in rows]


async def at_rest(pilot: Pilot[Any]) -> None:
    """Until drawings are alike; of a run that goes on the timeline grows all the while."""
    until, before = monotonic() + WITHIN, [""]
    while True:
        after = await drawn(pilot)
        del after[TIMELINE]
        if after == before and not pilot.app.screen._layout_required:
            return
        assert monotonic() < until, "the screen does not come to rest"
        before = after


def without(row: list[Cell], *labels: str) -> list[Cell]:
    """The cells of a row but those of labels, and but the blanks."""
    for label in labels:
        at = "".join(sign for sign, _ in row).find(label)
        if at >= 0:
            row = row[:at] + row[at + len(label) :]
    return [cell for cell in row if cell[0] != " "]


def recorder(path: Path, number: str) -> tuple[RecordingWriter, Callable[[AnyEvent], None]]:
    """Writes a run's events down as they come."""
    scene = load(number).scene
    writer = RecordingWriter(str(path), scene=scene)

    def take(event: AnyEvent) -> None:
        if event.seq == 1:
            assert isinstance(event, EngineReady)
            writer.begin(Header(scene=number, seed=scene.seed, arena_pages=event.arena_pages))
        writer.append(event)

    return writer, take


async def played(driver: LiveDriver, pilot: Pilot[Any]) -> dict[int, list[str]]:
    """Play to the end; the hashes at the end of each step but the last, by the event's index."""
    taken: dict[int, list[str]] = {}
    screen, last = pilot.app.screen, driver.scene.stages[-1].id
    assert isinstance(screen, SceneScreen)
    step, until = "", monotonic() + WITHIN
    while not driver._over:
        await pilot.pause(0.02)
        driver.tick()
        assert monotonic() < until, f"{driver.now_view.step} does not end: {driver.notice}"
        now = driver.now_view.step
        if now != step:
            for ended in steps_of(driver)[len(taken) : -1]:  # the opening goes on by itself
                end = driver.history.step_end(ended)
                assert end is not None
                driver.seek(end)
                screen.said = ""  # of the key that was pressed
                taken[end] = await hashes(pilot, driver)
                driver.to_now()
            step, until = now, monotonic() + WITHIN
        asked = driver.now_view.question
        if asked is not None and asked.right < 0 and asked.chosen < 0:
            driver.answer(0)
        else:
            driver.next()
        driver.refusal = ""
    assert step == last
    return taken


def steps_of(driver: Driver) -> list[str]:
    """The steps entered so far."""
    return [mark.label for mark in driver.marks if mark.kind == "step"]


async def looked_back(driver: Driver, pilot: Pilot[Any], at: list[int]) -> dict[int, list[str]]:
    """The hashes at these events, in the past."""
    found = {}
    for index in at:
        if isinstance(driver, ReplayDriver):
            driver.show_to(index + 1)
        driver.seek(index)
        found[index] = await hashes(pilot, driver)
    return found


class OfTheSameLearner(ReplayDriver):
    """For who played the run: the recorded answers are this learner's own, and are called so."""

    @property
    def answered(self) -> Collection[str]:
        return {stage.question.id for stage in self.scene.stages if stage.question}


async def replayed(path: Path, number: str, at: list[int]) -> dict[int, list[str]]:
    """The same from a file."""
    recorded = opened(str(path)).events
    driver = OfTheSameLearner(load(number), recorded, autoplay=True, clock=lambda: 0.0)
    app = CowscopeApp(driver)
    app.animation_level = "none"
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        return await looked_back(driver, pilot, at)


def differing(
    one: dict[int, list[str]], other: dict[int, list[str]], rows: Iterable[int]
) -> list[str]:
    """Which of these rows are not the same, and when."""
    assert one.keys() == other.keys()
    at = [(index, row) for index in one for row in rows]
    return [
        f"after event {index}, row {row}"
        for index, row in at
        if one[index][row] != other[index][row]
    ]


@pytest.mark.parametrize("number", SCENES)
async def test_a_live_runs_pictures_are_those_of_its_recording(
    number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, moved = tmp_path / "made", tmp_path / "moved" / "here.cowscope"
    made.mkdir()
    moved.parent.mkdir()
    writer, take = recorder(made / "run.cowscope", number)
    monkeypatch.setattr(live, "Live", partial(live.Live, on_event=take))
    driver = LiveDriver(load(number))
    app = CowscopeApp(driver)
    app.animation_level = "none"
    async with app.run_test(size=SIZE) as pilot:
        assert isinstance(app.screen, SceneScreen)
        meanwhile = await played(driver, pilot)
        await driver.stop()
        writer.close()
        at = list(meanwhile)
        afterwards = await looked_back(driver, pilot, at)
        length = driver.length
    assert len(at) == len(steps_of(driver)) - 1 > 8
    assert len(opened(str(made / "run.cowscope")).events) == length
    shown = await replayed(made / "run.cowscope", number, at)
    assert differing(meanwhile, shown, range(TIMELINE)) == []
    assert differing(meanwhile, shown, [SIZE[1] - 1]) == []
    assert differing(afterwards, shown, [TIMELINE]) == []
    shutil.move(made / "run.cowscope", moved)
    made.rmdir()
    assert differing(shown, await replayed(moved, number, at), range(SIZE[1])) == []


def test_a_difference_of_one_cell_is_seen() -> None:
    row: list[Cell] = [("a", "bold"), ("b", "dim")]
    assert without(row, "a") == [("b", "dim")]
    first, second = {3: ["x", "y"]}, {3: ["x", "z"]}
    assert differing(first, second, [0, 1]) == ["after event 3, row 1"]
    assert differing(first, second, [0]) == []
