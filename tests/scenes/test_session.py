"""The session against real engines: they come up, are watched, and leave nothing behind."""

from __future__ import annotations

import itertools
import sys

import pytest
import redis.asyncio

from engine import events
from scenes.actions import Workload
from scenes.effects import Send, StartWorkload
from scenes.errors import SceneError
from tests.scenes.watching import Watched, of

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)


async def test_a_stream_begins_with_the_whole_state(watched: Watched) -> None:
    ready, state = watched.events[:2]
    assert isinstance(ready, events.EngineReady) and isinstance(state, events.State)
    assert ready.pid == watched.session.engine.pid  # type: ignore[union-attr]
    assert state.keys == watched.session.population == 700 * 256 // 1024
    assert state.dirty == 0 and state.aof_fsynced == state.aof_appended > 0
    assert state.config["appendfsync"] == "everysec"
    assert state.config["rdb-key-save-delay"] == "1500"
    assert [event.seq for event in watched.events] == list(range(1, len(watched.events) + 1))


async def test_anybody_may_join_and_what_they_write_is_an_event(watched: Watched) -> None:
    client = redis.asyncio.Redis(port=watched.session.port, protocol=2)
    await client.set("user:42", "seen")
    await client.aclose()
    command = await watched.until(of(events.Command))
    assert isinstance(command, events.Command)
    assert command.argv == ["SET", "user:42", "seen"] and command.pages[0][1] == "user:42"


async def test_a_refused_command_is_one_clear_line(watched: Watched) -> None:
    with pytest.raises(SceneError, match="'GET' was answered with: ERR wrong number"):
        await watched.session.perform(Send(("GET",)))


async def test_what_has_been_begun_already_is_no_refusal(watched: Watched) -> None:
    await watched.session.perform(Send(("GET",), needless="ERR wrong number"))
    with pytest.raises(SceneError, match="'GET' was answered with: ERR wrong number"):
        await watched.session.perform(Send(("GET",), needless="ERR Background"))


async def test_an_engines_time_never_goes_back_along_the_stream(watched: Watched) -> None:
    load = Workload(name="w", rate=400, count=200, order="random")
    await watched.session.perform(StartWorkload(load, 400))
    for _ in range(3):
        seen = len(watched.events)
        await watched.session.perform(Send(("BGSAVE",)))
        await watched.until(lambda e, seen=seen: of(events.RdbSaved)(e) and e.seq > seen)
        await watched.session.execute(["COWSCOPE", "STATE"])
    await watched.until(lambda e: isinstance(e, events.Latency) and e.done)
    await watched.until(of(events.AofFsync))
    own = (events.EngineReady, events.Latency, events.Process)  # the session's
    told = [event for event in watched.events if not isinstance(event, own)]
    for before, after in itertools.pairwise(told):
        assert before.at <= after.at, (before, after)
    kinds = {type(event) for event in told}
    assert kinds >= {events.Command, events.Fork, events.Log, events.Pages, events.State}
    pages = [event for event in told if isinstance(event, events.Pages)]
    assert all(0 < event.read_at <= event.at for event in pages)
    assert [event.read_at for event in pages] == sorted(event.read_at for event in pages)
    for index, event in enumerate(told):  # no log line about a child before its fork
        if isinstance(event, events.Log) and "saving started by pid" in event.text:
            assert isinstance(told[index - 1], events.Fork)


async def test_the_child_is_seen_as_a_process(watched: Watched) -> None:
    await watched.session.perform(Send(("COWSCOPE", "HOLD")))
    await watched.session.perform(Send(("BGSAVE",)))
    fork = await watched.until(of(events.Fork))
    assert isinstance(fork, events.Fork)
    seen = await watched.until(lambda e: isinstance(e, events.Process) and e.pid == fork.child)
    assert isinstance(seen, events.Process) and seen.ppid == fork.pid and seen.rss_kb > 0
    await watched.session.perform(Send(("COWSCOPE", "RELEASE")))
    saved = await watched.until(lambda e: isinstance(e, events.RdbSaved))
    assert isinstance(saved, events.RdbSaved) and saved.keys == watched.session.population
    assert saved.path == "dump.rdb"


async def test_a_reply_that_a_scene_keeps_joins_the_stream(watched: Watched) -> None:
    await watched.session.perform(Send(("SET", "sum", "100"), keep="set"))
    await watched.session.perform(Send(("MGET", "sum", "none"), keep="sum"))
    replies = [e for e in watched.events if isinstance(e, events.Reply)]
    assert [(e.name, e.text, e.failed) for e in replies] == [
        ("set", "OK", False),
        ("sum", "100 (nil)", False),
    ]


async def test_a_refusal_that_a_scene_wants_must_come(watched: Watched) -> None:
    await watched.session.perform(Send(("INCR", "user:1"), refused="ERR value"))
    with pytest.raises(SceneError, match="'INCR user:1' was answered with: ERR value"):
        await watched.session.perform(Send(("INCR", "user:1"), refused="MISCONF"))
    with pytest.raises(SceneError, match="was to be refused with MISCONF, it got: OK"):
        await watched.session.perform(Send(("SET", "a", "b"), refused="MISCONF"))


def test_an_arena_too_small_is_refused() -> None:
    with pytest.raises(SceneError, match="an arena of 16 pages is too small"):
        Watched(arena_pages=16)
