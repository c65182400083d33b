"""A branch: the same data in a fresh engine, at any moment of the past; the old run can be seen."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import msgspec
import pytest

from app.keys import footer
from app.live_driver import LiveDriver
from engine import events
from scenes.loader import load
from scenes.resp import Connection
from scenes.session import Session
from tests.app.test_live_driver import until

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not os.path.exists("/proc/self/pagemap"),
    reason="a live engine needs Linux and /proc",
)


async def digest(session: Any) -> tuple[object, object]:
    return await session.execute(["DBSIZE"]), await session.execute(["DEBUG", "DIGEST"])


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, object]]:
    """What a session has when the recorded commands were made again, before the scene goes on."""
    found: list[tuple[object, object]] = []
    make_again = Session.make_again

    async def then_looked(self: Session, changes: Any) -> int:
        count = await make_again(self, changes)
        found.append(await digest(self))
        return count

    monkeypatch.setattr(Session, "make_again", then_looked)
    return found


async def test_a_branch_has_the_data_of_its_moment(made: list[tuple[object, object]]) -> None:
    driver = LiveDriver(load("04"), arena_pages=256)
    await driver.start()
    try:
        await until(driver, "view.commands > 20 and view.step == 'trickle'")
        driver.branch()
        assert "This is now" in driver.refusal
        driver.other_timeline()
        assert "one timeline only" in driver.refusal
        driver.refusal = ""
        driver.pause()
        assert driver._live is not None
        live = driver._live
        other = await Connection.open(live.session.port)
        await other.call([b"CONFIG", b"SET", b"appendfsync", b"no"])
        await other.call([b"SET", b"theirs", b"x" * 3000])
        await until(driver, "view.notes and view.config.get('appendfsync') == 'no'")
        moment, meant = await quiet(driver, live.session)
        await other.call([b"FLUSHALL"])
        await other.call([b"SET", b"later", b"y"])
        await other.close()
        await until(driver, f"driver.length > {moment + 2} and view.commands")
        assert await digest(live.session) != meant

        driver.seek(moment)
        assert "B" in [key.shown for key in footer(driver)]
        port, before = live.session.port, driver.history
        driver.branch()
        assert not driver.refusal
        await until(
            driver, "driver.timelines == 2 and driver.timeline == 1 and driver.status == 'live'"
        )
        assert made == [meant]
        assert live.session.port != port and driver.history is not before
        await until(driver, "view.step == 'trickle'")
        assert driver.now_view.config["appendfsync"] == "no"
        assert await driver.execute("GET theirs") == b"x" * 3000

        driver.other_timeline()
        assert driver.is_past and driver.timeline == 0 and driver.history is before
        assert driver.view == before.now and driver.cursor == driver.length - 1
        assert "{" not in driver.text("trickle.text")
        driver.key("b")
        assert driver.refusal and driver.now_view is live.history.now
        driver.scrub(-1)
        assert driver.cursor == driver.length - 2
        driver.other_timeline()
        assert not driver.is_past and driver.timeline == 1
    finally:
        await driver.stop()


async def quiet(driver: LiveDriver, session: Any) -> tuple[int, tuple[object, object]]:
    """An event after which nothing was written, and the data as it was then."""
    async with asyncio.timeout(60):
        while True:
            before = await noted(session)
            found = await digest(session)
            moment = driver.length - 1
            if _last(driver) == before == await noted(session):
                return moment, found
            await asyncio.sleep(0.05)


async def noted(session: Any) -> int:
    """Commands that the engine has told of."""
    return int(msgspec.json.decode(await session.execute(["COWSCOPE", "STATE"]))["last_command"])


def _last(driver: LiveDriver) -> int:
    return max((e.number for e in driver.history if isinstance(e, events.Command)), default=0)


async def test_what_cannot_branch_says_why(made: list[tuple[object, object]]) -> None:
    driver = LiveDriver(load("04"), arena_pages=256)
    await driver.start()
    try:
        await until(driver, "view.commands > 5")
        driver.seek(0)
        driver.branch()
        assert "the scene has not begun" in driver.refusal and driver.timelines == 1
        driver.to_now()
        assert driver._live is not None and isinstance(driver._live.session, Session)
        await driver._live.session.kill()
        await driver._live.session.come_back()
        await until(driver, "view.run == 2 and view.commands > 5")
        driver.scrub(-1)
        driver.branch()
        assert "branch from before the crash" in driver.refusal and driver.timelines == 1
        assert not made
    finally:
        await driver.stop()
