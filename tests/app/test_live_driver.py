"""The screen's driver over a real engine."""

import asyncio
import os
import sys
from collections.abc import Awaitable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from app.driver import REFUSE_PAST, REFUSE_PAST_GONE, status_words
from app.keys import OFFERED, footer
from app.live_driver import MISSED, LiveDriver
from app.said import said as phrase
from scenes.effects import Asleep, CatchingUp, CaughtUp, Checked, Effect, Failed, Finished
from scenes.errors import SceneError
from scenes.loader import load
from scenes.progress import Progress

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not os.path.exists("/proc/self/pagemap"),
    reason="a live engine needs Linux and /proc",
)


async def until(driver: LiveDriver, what: str, seconds: float = 60) -> None:
    """Wait for an expression over `view` to hold; the frames go on meanwhile."""
    end = monotonic() + seconds
    while not eval(what, {"view": driver.now_view, "driver": driver}):
        assert monotonic() < end, f"{what} did not come true"
        driver.tick()
        await asyncio.sleep(0.01)


async def test_an_engine_plays_is_asked_and_ends() -> None:
    driver = LiveDriver(load("04"))
    assert driver.status == "starting" and driver.cursor == -1
    driver.next()
    assert driver.refusal == "The engine is not ready yet."
    await driver.start()
    try:
        await until(driver, "view.tail.unsafe > 0")
        assert driver.status == "live" and driver.clock() is not None
        await until(driver, "'GET' in [name.upper() for name in driver.commands()]")
        assert await driver.execute("SET user:1 written") == "OK"
        assert await driver.execute("GET user:1") == b"written"
        page = next(n for n, note in driver.now_view.notes.items() if "user:1" in note.keys)
        await until(driver, f"view.notes[{page}].last_touch is not None")

        driver.scrub(-1)
        assert driver.is_past and driver.status == "past" and driver.clock() is None
        refused = await driver.execute("SET user:1 again")
        assert isinstance(refused, SceneError) and str(refused) == phrase(REFUSE_PAST)
        driver.key("b")
        assert (
            driver.refusal == phrase(REFUSE_PAST)
            and status_words(driver) == "past, the engine runs on"
        )
        driver.refusal, length = "", driver.length
        driver.restart()
        assert driver.refusal == phrase(REFUSE_PAST) and driver.is_past and driver.length >= length
        driver.to_now()
        pid = driver.now_view.engine.pid
    finally:
        await driver.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert driver.length > 2, "the history is still there to look at"


async def test_an_engine_that_is_gone_is_told_and_offers_what_can_be_done() -> None:
    driver = LiveDriver(load("04"))
    await driver.start()
    try:
        await until(driver, "view.tail.unsafe > 0")
        assert await driver.execute("SHUTDOWN NOSAVE") == "the engine has shut down"
        await until(driver, "driver.status == 'crashed'")
        assert driver.clock() is None
        assert driver.notice == (
            "The engine is gone (exit code 0): 0 starts again, backspace looks back."
        )
        assert len(driver.notice) <= 78
        step = driver.now_view.step
        driver.next()
        await until(driver, "driver.refusal")
        assert "0 starts the scene again" in driver.refusal and driver.now_view.step == step
        driver.scrub(-1)
        assert status_words(driver) == "past, the engine is gone"
        driver.key("w")
        assert driver.refusal == phrase(REFUSE_PAST_GONE)
        assert str(await driver.execute("PING")) == phrase(REFUSE_PAST_GONE)
        driver.to_now()
        refused = await raised(driver.execute("PING"))
        assert refused.startswith("the engine is gone")
        assert [key.shown for key in footer(driver) if key.shown in (*OFFERED, ":", "space")] == []
        assert "cowscope replay 04" in driver.text("gone.engine")
        driver.restart()
        await until(driver, "driver.status == 'live' and view.tail.unsafe > 0")
    finally:
        await driver.stop()


async def raised(work: Awaitable[Any]) -> str:
    try:
        return str(await work)
    except SceneError as error:
        return str(error)


@pytest.mark.parametrize(
    ("effect", "notice"),
    [
        (
            Checked("c", False, "expected 1, measured 0"),
            "This run went otherwise than this step says: expected 1,",
        ),
        (Checked("c", False, "expected 1, measured 0", early=True), ""),
        (Checked("c", True, "expected 1, measured 1"), ""),
        (Asleep(), "Asleep: no key for three minutes"),
        (Failed("step 'a' waited"), "Stopped; 0 starts again, or cowscope replay 04: step 'a'"),
    ],
)
async def test_what_goes_wrong_later_offers_the_recording(effect: Effect, notice: str) -> None:
    driver = LiveDriver(load("04"))
    await driver.start()
    try:
        await until(driver, "view.tail.unsafe > 0")
        assert driver._live is not None
        player = driver._live.player
        player.asleep = isinstance(effect, Asleep)
        if isinstance(effect, Failed):
            player._step.failed = effect.reason
            driver._live._say(effect.reason)
        driver._effect(effect)
        assert driver.notice.startswith(notice) and bool(driver.notice) == bool(notice)
    finally:
        await driver.stop()


async def test_what_was_missed_on_the_way_is_told_where_it_has_caught_up() -> None:
    driver = LiveDriver(load("04"))
    await driver.start()
    try:
        await until(driver, "view.tail.unsafe > 0")
        step = driver.now_view.step
        driver._effect(Checked("c", False, "expected 1, measured 0"))
        driver._effect(CatchingUp(step, 1))
        assert driver.notice == "", "the miss before was another step's"
        driver._effect(Checked("c", False, "expected 2, measured 0"))
        driver._effect(CaughtUp("elsewhere"))
        assert driver.notice == ""
        driver._effect(CaughtUp(step))
        assert "expected 2, measured 0" in driver.notice
    finally:
        await driver.stop()


async def test_an_expectation_that_did_not_hold_makes_room_for_what_is_newer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driver = LiveDriver(load("04"))
    await driver.start()
    try:
        await until(driver, "view.tail.unsafe > 0")
        driver._effect(Checked("c", False, "expected 1, measured 0"))
        assert "expected 1, measured 0" in driver.notice
        driver.key("t")
        assert "expected" not in driver.notice
        driver._effect(Checked("c", False, "expected 2, measured 0"))
        later = monotonic() + MISSED + 1
        monkeypatch.setattr("app.live_driver.monotonic", lambda: later)
        assert driver.notice == ""
    finally:
        monkeypatch.undo()
        await driver.stop()


async def test_the_end_is_reached_when_the_last_step_has_been_shown_and_once(
    tmp_path: Path,
) -> None:
    lesson, progress = load("04"), Progress(tmp_path / "p.json")
    driver = LiveDriver(lesson, progress=progress)
    await driver.start()
    try:
        await until(driver, "view.tail.unsafe > 0")
        assert driver._live is not None
        player = driver._live.player
        step, before = player._step, player.position
        player.position = len(lesson.scene.stages) - 1
        step.phase = "waiting"
        driver.tick()
        assert progress.of(lesson).finished == 0, "it has not been shown yet"
        step.phase = "resting"
        driver.tick()
        driver.tick()
        assert progress.of(lesson).finished == 1
        driver._effect(Finished())
        assert progress.of(lesson).finished == 1
        player.position = before
    finally:
        await driver.stop()
