"""A branch: the same data in a fresh engine, at any moment of the past; the old run can be seen."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any, Literal

import msgspec
import pytest

from app.keys import footer
from app.live_driver import LiveDriver
from engine import events
from scenes.effects import Crash
from scenes.ensemble import Ensemble
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
        async with asyncio.timeout(60):
            while not made or live.history is before:
                driver.tick()
                await asyncio.sleep(0.01)
        await until(driver, "driver.status == 'live'")
        assert driver.timelines == 2 and driver.timeline == 1
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


async def quiet(
    driver: LiveDriver, session: Any, engine: str = ""
) -> tuple[int, tuple[object, object]]:
    """An event after which nothing was written, and the data as it was then."""
    async with asyncio.timeout(60):
        while True:
            before = await noted(session)
            found = await digest(session)
            moment = driver.length - 1
            if _last(driver, engine) == before == await noted(session):
                return moment, found
            await asyncio.sleep(0.05)


async def noted(session: Any) -> int:
    """Commands that the engine has told of."""
    return int(msgspec.json.decode(await session.execute(["COWSCOPE", "STATE"]))["last_command"])


def _last(driver: LiveDriver, engine: str) -> int:
    """Number of an engine's last command on the timeline, in this run; "": of the one on show."""
    now = driver.now_view
    found = (
        e.number
        for e in driver.history
        if isinstance(e, events.Command) and (e.run, e.engine) == (now.run, engine or now.name)
    )
    return max(found, default=0)


async def branched(
    driver: LiveDriver, moment: int, made: list[tuple[object, object]], engines: int = 1
) -> None:
    """Branch from the moment, and wait until the scene goes on there."""
    assert driver._live is not None
    before = driver.history
    driver.seek(moment)
    driver.branch()
    assert not driver.refusal
    async with asyncio.timeout(60):
        while len(made) < engines or driver._live.history is before:
            driver.tick()
            await asyncio.sleep(0.01)
    await until(driver, "driver.status == 'live'")


@pytest.mark.parametrize("how", ["kill", "power"])
async def test_after_a_crash_it_has_what_was_left_and_what_came_then(
    how: Literal["kill", "power"], made: list[tuple[object, object]]
) -> None:
    driver = LiveDriver(load("04"), arena_pages=256)
    await driver.start()
    try:
        await until(driver, "view.commands > 20 and view.step == 'trickle'")
        live = driver._live
        assert live is not None and isinstance(live.session, Session)
        await live.session.perform(Crash(how))
        await until(driver, "view.run == 2 and view.commands > 5 and driver.status == 'live'")
        driver.pause()
        other = await Connection.open(live.session.port)
        await other.call([b"SET", b"after", b"x" * 3000])
        moment, meant = await quiet(driver, live.session)
        await other.call([b"FLUSHALL"])
        await other.close()
        await until(driver, f"driver.length > {moment + 1}")
        down = next(n for n, e in enumerate(driver.history) if isinstance(e, events.Crash))
        driver.seek(down)
        driver.branch()
        assert "is down at this moment" in driver.refusal and driver.timelines == 1
        driver.refusal = ""

        await branched(driver, moment, made)
        assert made == [meant], "the same keys with the same values"
        assert await driver.execute("GET after") == b"x" * 3000
        assert driver.now_view.run == 1 and driver.timelines == 2

        made.clear()  # and from there once more: its first run began on files, too
        driver.pause()
        moment, meant = await quiet(driver, live.session)
        await until(driver, f"driver.length > {moment}")
        await driver.execute("FLUSHALL")
        await until(driver, f"driver.length > {moment + 1}")
        await branched(driver, moment, made)
        assert made == [meant] and driver.timelines == 3
    finally:
        await driver.stop()


async def test_engines_side_by_side_branch_together(
    made: list[tuple[object, object]],
) -> None:
    driver = LiveDriver(load("07"), arena_pages=256)
    await driver.start()
    try:
        await until(driver, "view.step and view.commands > 3")
        live = driver._live
        assert live is not None and isinstance(live.session, Ensemble)
        driver.pause()
        members = live.session.members
        for number, member in enumerate(members.values()):
            await member.execute(["SET", "mine", str(number)])
        meant = [(await quiet(driver, member, name))[1] for name, member in members.items()]
        moment = driver.length - 1
        for member in members.values():
            await member.execute(["FLUSHALL"])
        await until(driver, f"driver.length > {moment + 3}")
        await branched(driver, moment, made, engines=len(members))
        assert sorted(map(str, made)) == sorted(map(str, meant)) and len(set(map(str, meant))) > 1
        assert isinstance(live.session, Ensemble)
        for number, member in enumerate(live.session.members.values()):
            assert await member.execute(["GET", "mine"]) == str(number).encode()
    finally:
        await driver.stop()


async def test_what_cannot_branch_says_why(made: list[tuple[object, object]]) -> None:
    driver = LiveDriver(load("04"), arena_pages=256)
    await driver.start()
    try:
        await until(driver, "view.commands > 5")
        driver.seek(0)
        driver.branch()
        assert "the scene has not begun" in driver.refusal and driver.timelines == 1
        assert not made
    finally:
        await driver.stop()
