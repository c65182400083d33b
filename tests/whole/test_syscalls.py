"""Every `fork` and `aof.fsync` event is a system call that happened, one for one."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import msgspec
import pytest

from engine.events import AnyEvent, AofFsync, ChildExit, Fork
from tests.whole.listening import Listener
from tests.whole.running import engine
from tests.whole.strace_evidence import Calls, complaints, parse

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")

TRACE = "trace=clone,clone3,fork,vfork,fsync,fdatasync"


@pytest.fixture(scope="module")
def witnessed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[AnyEvent], Calls, int]:
    """The events and the system calls of one engine's short life, and its pid."""
    folder = tmp_path_factory.mktemp("strace")
    trace = folder / "trace"
    command = ("strace", "-f", "-y", "-s", "0", "-e", TRACE, "-o", str(trace))
    with engine(folder, "--appendonly", "yes", before=command) as running:
        client = running.client()
        pid = int(client.info("server")["process_id"])
        with Listener(running.port) as listener:
            _live(client, listener)
            events = list(listener.events)
        client.close()
        _end(pid, running.process.wait)
    return events, parse(trace.read_text()), pid


def _live(client: object, listener: Listener) -> None:
    import redis

    assert isinstance(client, redis.Redis)
    client.set("a", "1")
    listener.wait_for(AofFsync, lambda event: event.thread == "bio")
    for count in (1, 2, 3):
        client.bgsave()
        listener.wait_until(lambda have=count: len(listener.of(ChildExit)) == have)
    client.config_set("appendfsync", "always")
    for number in range(20):
        client.set("a", number)
    client.config_set("appendfsync", "no")
    client.set("a", "unsynced")
    client.config_set("appendfsync", "everysec")
    client.set("a", "last")
    end = (
        client.info("persistence")["aof_current_size"] - client.info("persistence")["aof_base_size"]
    )
    listener.wait_for(AofFsync, lambda event: event.end >= end)


def _end(pid: int, wait: object) -> None:
    import os

    os.kill(pid, signal.SIGKILL)  # no last fsync that nobody hears of
    assert callable(wait)
    wait(timeout=60)


@needs_strace
def test_events_and_calls_agree(witnessed: tuple[list[AnyEvent], Calls, int]) -> None:
    events, calls, pid = witnessed
    assert len(calls.children) == 3
    assert len(calls.syncs) >= 22
    assert complaints(events, calls, pid) == []


@needs_strace
@pytest.mark.parametrize("kind", [Fork, AofFsync])
def test_a_planted_event_is_found(
    witnessed: tuple[list[AnyEvent], Calls, int], kind: type[Fork] | type[AofFsync]
) -> None:
    events, calls, pid = witnessed
    real = next(event for event in events if isinstance(event, kind))
    changed = {"child": 1} if kind is Fork else {"usec": 1}
    assert complaints([*events, msgspec.structs.replace(real, **changed)], calls, pid)


@needs_strace
@pytest.mark.parametrize("kind", [Fork, AofFsync])
def test_a_call_without_its_event_is_found(
    witnessed: tuple[list[AnyEvent], Calls, int], kind: type[Fork] | type[AofFsync]
) -> None:
    events, calls, pid = witnessed
    missing = next(event for event in events if isinstance(event, kind))
    assert complaints([event for event in events if event is not missing], calls, pid)


def test_the_parser_tells_threads_from_processes(tmp_path: Path) -> None:
    trace = (
        "10 clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0}, 88) = 11\n"
        "10 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD <unfinished ...>\n"
        "10 <... clone resumed>, child_tidptr=0x7f) = 12\n"
        "11 fdatasync(7</d/appendonly.aof.1.incr.aof>) = 0\n"
        "10 fdatasync(9</d/temp-appendonly.aof.manifest>) = 0\n"
    )
    assert parse(trace) == Calls([12], [(11, "appendonly.aof.1.incr.aof")])
