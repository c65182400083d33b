"""The screen's driver over a real engine."""

import asyncio
import os
import sys
from time import monotonic

import pytest

from app.driver import REFUSE_PAST
from app.live_driver import LiveDriver
from scenes.errors import SceneError
from scenes.loader import load

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not os.path.exists("/proc/self/pagemap"),
    reason="a live engine needs Linux and /proc",
)


async def until(driver: LiveDriver, what: str, seconds: float = 20) -> None:
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
        assert isinstance(refused, SceneError) and str(refused) == REFUSE_PAST
        driver.key("b")
        assert driver.refusal == REFUSE_PAST
        driver.to_now()
        pid = driver.now_view.engine.pid
    finally:
        await driver.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert driver.length > 2, "the history is still there to look at"
