"""Engines that are killed, restarted, or gone by themselves."""

from __future__ import annotations

import sys

import pytest

from engine import events
from scenes.actions import Workload
from scenes.effects import Crash, RestartEngine, Send, StartWorkload
from scenes.errors import SceneError
from tests.scenes.watching import Watched, of

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)


async def test_kill_and_restart_lose_no_written_byte(watched: Watched) -> None:
    await watched.session.perform(Send(("SET", "last", "words")))
    await watched.until(of(events.AofWrite))
    port = watched.session.port
    await watched.session.perform(Crash("kill"))
    crash = await watched.until(of(events.Crash))
    recovered = await watched.until(of(events.Recovered))
    assert isinstance(crash, events.Crash) and isinstance(recovered, events.Recovered)
    assert crash.kind == "kill -9" and crash.acked == crash.written
    assert recovered.run == 2 and recovered.lost == 0 and recovered.survived == crash.written
    assert recovered.keys == watched.session.population + 1
    assert watched.session.port == port
    assert await watched.session.execute(["GET", "last"]) == b"words"


async def test_a_restart_with_other_directives_loads_what_they_say(watched: Watched) -> None:
    """With appendonly off the dump is loaded, which was saved before the last write."""
    await watched.session.perform(Send(("SET", "last", "words")))
    await watched.session.perform(RestartEngine({"appendonly": "no", "appendfsync": "no"}))
    crash = await watched.until(of(events.Crash))
    recovered = await watched.until(of(events.Recovered))
    assert isinstance(crash, events.Crash) and crash.kind == "SIGTERM"
    assert isinstance(recovered, events.Recovered) and recovered.source_file.endswith("dump.rdb")
    assert await watched.session.execute(["GET", "last"]) is None
    await watched.session.perform(Crash("kill"))  # what was changed stays changed
    assert await watched.session.execute(["CONFIG", "GET", "appendfsync"]) == [
        b"appendfsync",
        b"no",
    ]


async def test_a_restart_may_bring_another_arena_and_the_own_one_back(watched: Watched) -> None:
    own = watched.session.arena_pages
    for asked in ("2048", "x1"):
        await watched.session.perform(RestartEngine({"arena-pages": asked}))
    sizes = [e.arena_pages for e in watched.events if isinstance(e, events.EngineReady)]
    assert sizes == [own, 2048, own]
    with pytest.raises(SceneError, match="half of this machine's free memory"):
        await watched.session.perform(RestartEngine({"arena-pages": str(1 << 40)}))
    assert watched.session.alive


async def test_after_a_kill_only_what_had_no_end_writes_on(watched: Watched) -> None:
    counted = Workload(name="counted", rate=400, count=40)
    await watched.session.perform(StartWorkload(counted, 400))
    await watched.until(lambda e: isinstance(e, events.Latency) and e.done)
    await watched.session.perform(StartWorkload(Workload(name="endless", rate=50), 50))
    await watched.session.perform(Crash("kill"))
    await watched.until(lambda e: isinstance(e, events.Command) and e.run == 2)
    told = [e.text for e in watched.events if isinstance(e, events.Log) and e.run == 2]
    assert "the client 'endless' goes on writing, 50 commands a second" in told
    assert list(watched.session._clients.writers) == ["endless"]
    assert watched.session.word == told[-1]
