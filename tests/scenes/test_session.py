"""The session against real engines: they come up, are watched, and leave nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest
import redis.asyncio

from engine import events
from engine.events import AnyEvent
from scenes import process
from scenes.actions import Workload
from scenes.effects import Crash, RestartEngine, Send, StartWorkload, StopWorkload
from scenes.errors import SceneError
from scenes.loader import load
from scenes.resp import ReplyError
from scenes.session import Session

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)

LESSON = load("04")


class Watched:
    """A session with the list of its events, in a cache of its own."""

    def __init__(self, **options: object) -> None:
        self.events: list[AnyEvent] = []
        self._news = asyncio.Event()
        options.setdefault("arena_pages", 256)
        self.session = Session(LESSON, on_event=self._take, **options)  # type: ignore[arg-type]

    def _take(self, event: AnyEvent) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, wanted: Callable[[AnyEvent], bool]) -> AnyEvent:
        """The first event, past or to come, that is wanted."""
        async with asyncio.timeout(15):
            place = 0
            while True:
                for event in self.events[place:]:
                    if wanted(event):
                        return event
                place = len(self.events)
                self._news.clear()
                await self._news.wait()


@pytest.fixture
async def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    watched = Watched()
    async with watched.session:
        yield watched
    assert not any((tmp_path / "cowscope").iterdir()), "the session left files behind"


def of(kind: type[AnyEvent]) -> Callable[[AnyEvent], bool]:
    return lambda event: isinstance(event, kind)


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


async def test_replies_keep_what_redis_cli_tells_apart(watched: Watched) -> None:
    line = watched.session.execute_line
    assert await line("SET a 'b c'") == "OK"
    assert await line("GET a") == b"b c"
    assert await line("GET nothing") is None
    assert await line("MGET a nothing") == [b"b c", None]
    assert isinstance(await line("NONSENSE"), ReplyError)
    assert await line("") is None
    assert await line(r'SET a "\x00\xff值"') == "OK"
    assert await line("GET a") == b"\x00\xff" + "值".encode()
    with pytest.raises(SceneError, match="quotes of 'SET a 'b' do not balance"):
        await line("SET a 'b")


async def test_what_takes_the_prompt_over_is_refused_and_the_prompt_goes_on(
    watched: Watched,
) -> None:
    line = watched.session.execute_line
    async with asyncio.timeout(10):
        for text in ("SUBSCRIBE c", "MONITOR", "BLPOP nothing 0", "HELLO 3", "CLIENT REPLY OFF"):
            with pytest.raises(SceneError, match=f"redis-cli -p {watched.session.port}$"):
                await line(text)
            assert await line("PING") == "PONG"


async def test_a_refused_command_is_one_clear_line(watched: Watched) -> None:
    with pytest.raises(SceneError, match="'GET' was answered with: ERR wrong number"):
        await watched.session.perform(Send(("GET",)))


async def test_a_counted_workload_writes_just_so_many(watched: Watched) -> None:
    load = Workload(name="w", rate=400, count=60, order="sequential")
    await watched.session.perform(StartWorkload(load, 400))
    done = await watched.until(lambda e: isinstance(e, events.Latency) and e.done)
    told = [event for event in watched.events if isinstance(event, events.Latency)]
    assert sum(event.count for event in told) == 60  # on a slow machine of several intervals
    assert isinstance(done, events.Latency) and told[0].p99_usec > 0
    await watched.session.execute(["COWSCOPE", "STATE"])
    state = await watched.until(lambda e: isinstance(e, events.State) and e.seq > 2)
    written = [e for e in watched.events if isinstance(e, events.Command) and e.seq < state.seq]
    assert sum(event.merged for event in written) == 60
    assert isinstance(state, events.State) and state.dirty == 60
    assert {key for event in written for _, key in event.pages} == {f"user:{n}" for n in range(60)}


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


async def test_a_stopped_workload_goes_on_where_it_was(watched: Watched) -> None:
    load = Workload(name="w", rate=200, count=40, order="sequential")
    await watched.session.perform(StartWorkload(load, 200))
    await watched.until(of(events.Command))
    await watched.session.perform(StopWorkload("w"))
    await watched.session.perform(StartWorkload(load, 400))
    await watched.until(lambda e: isinstance(e, events.Latency) and e.done)
    assert watched.session._clients.writers["w"].written == 40


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


async def test_transactions_are_sent_whole(watched: Watched) -> None:
    transfers = Workload(
        name="transfers",
        rate=2000,
        count=60,
        prefix="account:",
        keys=5,
        commands=(("DECRBY", "{key}", "{amount}"), ("INCRBY", "{other}", "{amount}")),
        transaction=True,
    )
    await watched.session.perform(StartWorkload(transfers, 2000))
    await watched.until(lambda e: isinstance(e, events.Latency) and e.done)
    balances = await watched.session.execute(["MGET", *(f"account:{n}" for n in range(5))])
    assert isinstance(balances, list)
    found = [int(balance) for balance in balances if isinstance(balance, bytes)]
    assert sum(found) == 0 and any(found)


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


async def test_an_engine_killed_from_outside_is_reported(watched: Watched) -> None:
    assert watched.session.engine is not None
    os.kill(watched.session.engine.pid, signal.SIGKILL)
    crash = await watched.until(of(events.Crash))
    assert isinstance(crash, events.Crash) and crash.kind.startswith("killed by signal 9")
    assert watched.session.failure.startswith("the engine is gone: killed by signal 9")
    assert "\n" not in watched.session.failure
    with pytest.raises(SceneError, match="the engine is gone"):
        await watched.session.execute(["PING"])


async def test_an_engine_that_does_not_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    broken = Watched(command=(sys.executable, "-c", "print('first'); exit('out of luck')"))
    with pytest.raises(SceneError, match="did not start: exit code 1; its last words: out of luck"):
        await broken.session.__aenter__()
    assert not any((tmp_path / "cowscope").iterdir())


async def test_a_port_taken_meanwhile_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    taken, free = server.sockets[0].getsockname()[1], process.free_port
    ports = iter([taken, free()])
    monkeypatch.setattr(process, "free_port", lambda: next(ports))
    watched = Watched()
    async with server, watched.session:
        assert watched.session.port != taken


def test_an_arena_too_small_is_refused() -> None:
    with pytest.raises(SceneError, match="an arena of 16 pages is too small"):
        Watched(arena_pages=16)


OWNER = """
import asyncio, sys
from scenes.effects import Send
from scenes.loader import load
from scenes.session import Session

async def main():
    async with Session(load("04"), on_event=lambda event: None, arena_pages=256) as session:
        await session.perform(Send(("COWSCOPE", "HOLD")))
        await session.perform(Send(("BGSAVE",)))
        print(session.engine.pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_the_engine_and_its_child_go_with_a_killed_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    engine = psutil.Process(int(await owner.stdout.readline()))
    family = [engine, *engine.children()]
    assert len(family) == 2
    owner.kill()
    await owner.wait()
    gone, alive = await asyncio.to_thread(psutil.wait_procs, family, 10)
    for process_left in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process_left.kill()
    assert not alive and len(gone) == 2
    following = Watched()
    async with following.session:
        assert len(list((tmp_path / "cowscope").glob("session-*"))) == 1, (
            "the dead session's folder stays"
        )
