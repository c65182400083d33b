"""Crashes of real engines: what is left is asked for, and who says otherwise is found out."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine import events
from scenes import census
from scenes.acknowledged import Acknowledged, Found
from scenes.actions import Workload
from scenes.effects import Crash, Send, StartWorkload, StopWorkload
from scenes.expect import judge
from scenes.loader import load
from scenes.scene import Expectation
from scenes.session import Session

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)

WRITES = Workload(name="writes", rate=400, count=60)


class Watched:
    """A session of scene 04, its events and the evidence that they are."""

    def __init__(self, policy: str) -> None:
        self.events: list[events.AnyEvent] = []
        self.news = asyncio.Event()
        lesson = load("04")
        lesson.scene.topics.append("crashes")
        self.session = Session(
            lesson, on_event=self._take, arena_pages=256, directives={"appendfsync": policy}
        )
        self.evidence = self.session.evidence()

    def _take(self, event: events.AnyEvent) -> None:
        self.events.append(event)
        self.evidence.add(event)
        self.news.set()

    async def write(self, workload: Workload = WRITES) -> None:
        """Write until the workload's end has been told."""
        await self.session.perform(StartWorkload(workload, workload.rate))
        async with asyncio.timeout(60):
            while not any(isinstance(e, events.Latency) and e.done for e in self.events):
                self.news.clear()
                await self.news.wait()

    def the_census(self) -> events.Census:
        return next(event for event in self.events if isinstance(event, events.Census))


@contextlib.asynccontextmanager
async def watched(
    policy: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Watched]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    one = Watched(policy)
    async with one.session:
        yield one


def agrees(one: Watched) -> bool:
    return judge(Expectation(check="census_agrees"), one.evidence).held


async def test_kill_loses_nothing_that_was_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched("everysec", tmp_path, monkeypatch) as one:
        await one.write()
        await one.session.perform(Send(("HSET", "h", "f", "v")))
        await one.session.perform(Crash("kill"))
        counted = one.the_census()
        assert (counted.acknowledged, counted.lost) == (61, 0) and counted.source == "measured"
        assert counted.survivors[-1] == ("h f", "v") and agrees(one)
        assert await one.session.execute(["HGET", "h", "f"]) == b"v"


async def test_a_power_cut_under_no_loses_acknowledged_writes_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched("no", tmp_path, monkeypatch) as one:
        await one.write()
        await one.session.perform(Crash("power"))
        counted = one.the_census()
        assert (counted.lost, counted.survived) == (60, 0) and counted.source == "modelled"
        key, value = counted.lost_names[-1]
        assert await one.session.execute(["GET", key]) not in (None, value.encode())
        assert agrees(one)


async def test_a_power_cut_under_always_loses_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched("always", tmp_path, monkeypatch) as one:
        await one.write()
        await one.session.perform(Crash("power"))
        counted = one.the_census()
        assert (counted.acknowledged, counted.lost) == (60, 0) and agrees(one)


async def test_a_census_that_calls_all_survivors_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lie(port: int, ledger: Acknowledged, source: events.Source) -> events.Census:
        wished: Found = {write.slot: write.value for write in ledger.count({}).lost}
        return census.as_event(ledger.count(wished), 1, source)

    monkeypatch.setattr(census, "take", lie)
    async with watched("no", tmp_path, monkeypatch) as one:
        await one.write()
        await one.session.perform(Crash("power"))
        assert one.the_census().lost == 0 and not agrees(one)


async def test_somebody_elses_writes_are_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched("everysec", tmp_path, monkeypatch) as one:
        await one.session.perform(Send(("SET", "ours", "1")))
        await one.session.perform(Send(("SET", "theirs", "1")))
        reader, writer = await asyncio.open_connection("127.0.0.1", one.session.port)
        writer.write(b"SET theirs 2\r\n")
        assert await reader.readuntil(b"\r\n") == b"+OK\r\n"
        writer.close()
        async with asyncio.timeout(60):
            while not any(isinstance(e, events.Command) and e.argv[-1] == "2" for e in one.events):
                one.news.clear()
                await one.news.wait()
        await one.session.perform(Crash("kill"))
        counted = one.the_census()
        assert counted.survivors == [("ours", "1")] and counted.lost == 0


async def test_what_writes_without_an_end_is_counted_before_it_writes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched("everysec", tmp_path, monkeypatch) as one:
        await one.write()
        endless = Workload(name="endless", rate=200)
        await one.session.perform(StartWorkload(endless, 200))
        await one.session.perform(Crash("kill"))
        counted = one.the_census()
        assert counted.acknowledged >= 60 and counted.lost == 0
        await one.session.perform(StopWorkload("endless"))
