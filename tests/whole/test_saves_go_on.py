"""Whatever happens to a snapshot child, the engine saves, syncs and leaves afterwards."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from engine.events import AofFsync, ChildExit, Fork, Hold, RdbSaved
from tests.whole.listening import Listener
from tests.whole.running import Engine, engine

LIMIT = 60.0
"""Seconds in which what must happen has happened."""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Engine]:
    with engine(tmp_path, "--appendonly", "yes", "--enable-debug-command", "yes") as started:
        with started.client() as client:
            client.execute_command("DEBUG", "POPULATE", 500, "key", 300)
        yield started


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LIMIT
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.005)


def is_idle(client: redis.Redis) -> bool:
    found = client.info("persistence")
    return not found["rdb_bgsave_in_progress"]


def assert_goes_on(running: Engine, listener: Listener) -> None:
    """No child is left, the next BGSAVE works, everysec syncs."""
    with running.client() as client:
        until(lambda: is_idle(client), "the snapshot child never ended")
        client.execute_command("COWSCOPE RELEASE")
        forked = {event.child for event in listener.of(Fork)}
        client.set("after", "1")
        assert client.bgsave() is True
        child = listener.wait_for(Fork, lambda event: event.child not in forked).child
        ended = listener.wait_for(ChildExit, lambda event: event.child == child)
        assert (ended.status, ended.signal) == (0, 0)
        saved = listener.wait_for(RdbSaved, lambda event: event.at > ended.at)
        assert saved.keys == client.dbsize()
        client.set("after", "2")
        found = client.info("persistence")
        size = found["aof_current_size"] - found["aof_base_size"]
        listener.wait_for(AofFsync, lambda event: event.end >= size)
    every = {event.child for event in listener.of(Fork)}
    assert {event.child for event in listener.of(ChildExit)} == every


def assert_leaves(running: Engine) -> None:
    """SIGTERM ends it, and it leaves nothing behind."""
    assert running.stop() == 0
    assert not list(running.folder.glob("temp-*"))
    assert "Bug:" not in running.log.read_text()


def raw(port: int, data: bytes, replies: int) -> bytes:
    """Send bytes at once; the answer up to so many line ends."""
    with socket.create_connection(("127.0.0.1", port), timeout=LIMIT) as connection:
        connection.sendall(data)
        answer = b""
        while answer.count(b"\r\n") < replies:
            answer += connection.recv(4096)
        return answer


@pytest.mark.parametrize(
    "words",
    [
        b"BGSAVE\r\nDEBUG SLEEP 1.3\r\nPING\r\n",
        b"MULTI\r\nBGSAVE\r\nDEBUG SLEEP 0.3\r\nEXEC\r\nBGSAVE\r\nDEBUG SLEEP 1.3\r\nPING\r\n",
    ],
)
def test_a_watched_child_that_ends_while_the_engine_sleeps(running: Engine, words: bytes) -> None:
    with Listener(running.port) as listener:
        assert raw(running.port, words, words.count(b"\r\n")).endswith(b"+OK\r\n+PONG\r\n")
        child = listener.wait_for(ChildExit)
        assert listener.wait_for(RdbSaved).keys == 500
        assert child.status == 0
        assert_goes_on(running, listener)
    assert_leaves(running)


def test_an_unwatched_child_that_ends_while_the_engine_sleeps(running: Engine) -> None:
    raw(running.port, b"BGSAVE\r\nDEBUG SLEEP 0.6\r\nPING\r\n", 3)
    with Listener(running.port) as listener:
        assert_goes_on(running, listener)
    assert_leaves(running)


def test_flushall_right_after_bgsave(running: Engine) -> None:
    with Listener(running.port) as listener, running.client() as client:
        for milliseconds in (0, 10, 20):
            client.bgsave()
            time.sleep(milliseconds / 1000)  # before, while or after the child writes
            client.flushall()
            client.execute_command("DEBUG", "POPULATE", 500, "key", 300)
        raw(running.port, b"BGSAVE\r\nDEBUG SLEEP 0.2\r\nFLUSHALL\r\n", 3)  # it has reported
        listener.wait_until(lambda: len(listener.of(ChildExit)) == 4)
        assert_goes_on(running, listener)
    assert_leaves(running)


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGKILL, signal.SIGABRT])
def test_a_held_child_that_is_killed(running: Engine, number: signal.Signals) -> None:
    with Listener(running.port) as listener, running.client() as client:
        client.execute_command("COWSCOPE HOLD")
        client.bgsave()
        child = listener.wait_for(Fork).child
        os.kill(child, number)
        ended = listener.wait_for(ChildExit)
        expected = (255, 0) if number == signal.SIGUSR1 else (0, number)
        assert (ended.status, ended.signal) in (expected, (0, number))
        status = client.info("persistence")["rdb_last_bgsave_status"]
        assert status == ("ok" if number == signal.SIGUSR1 else "err")
        assert_goes_on(running, listener)
    assert_leaves(running)


def test_a_child_leaves_signals_of_the_whole_group_to_the_engine(running: Engine) -> None:
    with Listener(running.port) as listener, running.client() as client:
        client.execute_command("COWSCOPE HOLD")
        client.bgsave()
        child = listener.wait_for(Fork).child
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGINT):
            os.kill(child, number)
        client.execute_command("COWSCOPE RELEASE")
        assert listener.wait_for(ChildExit).status == 0
        assert listener.wait_for(RdbSaved).keys == 500
        client.execute_command("COWSCOPE HOLD")
        client.bgsave()
        child = listener.wait_for(Fork, lambda event: event.child != child).child
        os.kill(child, signal.SIGUSR1)
        listener.wait_for(ChildExit, lambda event: event.child == child)
        line = f"{child}:signal-handler \\(\\d+\\) Received SIGUSR1 in child, exiting now.\n"
        assert re.search(line, running.log.read_text())
        assert_goes_on(running, listener)
    assert_leaves(running)


def test_a_stopped_child_keeps_nobody_from_flushing(running: Engine) -> None:
    with Listener(running.port) as listener, running.client() as client:
        client.execute_command("COWSCOPE HOLD")
        client.bgsave()
        os.kill(listener.wait_for(Fork).child, signal.SIGSTOP)
        client.flushall()
        assert listener.wait_for(ChildExit).signal == signal.SIGKILL
        assert client.info("persistence")["rdb_last_bgsave_status"] == "ok"
        assert_goes_on(running, listener)
    assert_leaves(running)


def test_a_scheduled_save_waits_for_the_one_that_runs(running: Engine) -> None:
    with Listener(running.port) as listener, running.client() as client:
        client.execute_command("COWSCOPE HOLD")
        raw(running.port, b"MULTI\r\nBGSAVE\r\nEXEC\r\nBGSAVE\r\n", 5)
        listener.wait_for(Fork)
        time.sleep(0.3)  # three times the cron's period
        assert len(listener.of(Fork)) == 1
        client.execute_command("COWSCOPE RELEASE")
        assert_goes_on(running, listener)
    assert_leaves(running)


class Chaos:
    """A seeded driver: whatever users and the system can do to a snapshot, in any order."""

    def __init__(self, running: Engine, seed: int) -> None:
        self._port = running.port
        self._process = running.process
        self._chance = random.Random(seed)
        self._client = running.client()
        self._watcher: Listener | None = None

    def run(self, steps: int) -> None:
        moves = [
            self._say, self._say, self._say, self._say, self._kill, self._watch, self._pause
        ]  # fmt: skip
        for _ in range(steps):
            self._chance.choice(moves)()
        if self._watcher is not None:
            self._watch()
        self._client.close()

    def _say(self) -> None:
        lines = [
            "BGSAVE", "BGSAVE", "BGSAVE SCHEDULE", "SAVE", "FLUSHALL", "COWSCOPE HOLD",
            "COWSCOPE STEP 3", "COWSCOPE RELEASE", "DEBUG SLEEP 0.05", "SET a b", "CONFIG SET x y",
            "DEBUG POPULATE 400 key 100", "MULTI\r\nBGSAVE\r\nFLUSHALL\r\nDEBUG SLEEP 0.02\r\nEXEC",
            "INFO persistence", "COWSCOPE STATE", "DEBUG RELOAD", "CONFIG SET appendfsync always",
            "CONFIG SET appendfsync everysec", "CONFIG SET rdb-key-save-delay 300",
            "CONFIG SET rdb-key-save-delay 0",
        ]  # fmt: skip
        said = [self._chance.choice(lines) for _ in range(self._chance.randint(1, 4))]
        raw(self._port, "".join(f"{line}\r\n" for line in said).encode(), len(said))

    def _kill(self) -> None:
        number = self._chance.choice([signal.SIGKILL, signal.SIGUSR1, signal.SIGTERM])
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        for child in children.read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), number)

    def _watch(self) -> None:
        if self._watcher is None:
            self._watcher = Listener(self._port)
        else:
            self._watcher.__exit__(None, None, None)
            self._watcher = None

    def _pause(self) -> None:
        time.sleep(self._chance.random() * 0.05)


@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_of_events(running: Engine, seed: int) -> None:
    Chaos(running, seed).run(60)
    with running.client() as client:
        client.execute_command("COWSCOPE RELEASE")
        until(lambda: is_idle(client), "the snapshot child never ended")
        with contextlib.suppress(redis.ResponseError):
            client.bgsave()  # after an error it may be refused no longer
        until(lambda: is_idle(client), "the snapshot child never ended")
    with Listener(running.port) as listener:
        assert_goes_on(running, listener)
    assert_leaves(running)


def test_a_hold_that_was_taken_back_at_once_is_not_told_afterwards(running: Engine) -> None:
    with running.client() as client, Listener(running.port) as listener:
        client.config_set("rdb-key-save-delay", 1000)
        client.bgsave()
        listener.wait_for(Fork)
        raw(running.port, b"COWSCOPE HOLD\r\nDEBUG SLEEP 0.1\r\nCOWSCOPE RELEASE\r\n", 3)
        listener.wait_for(ChildExit)
        assert [event.state for event in listener.of(Hold)] == []


def test_steps_without_number_let_the_child_run(running: Engine) -> None:
    with running.client() as client, Listener(running.port) as listener:
        client.execute_command("COWSCOPE HOLD")
        client.bgsave()
        listener.wait_for(Hold, lambda event: event.state == "held")
        # In one write: between two, the child could end, and be held no longer.
        raw(running.port, b"COWSCOPE STEP 4294967296\r\n" * 2, 2)
        assert listener.wait_for(ChildExit).status == 0
        client.execute_command("COWSCOPE RELEASE")
    assert_leaves(running)


@pytest.mark.parametrize(
    ("before", "name", "value"),
    [
        ({"save": ""}, "save", "60 1"),
        ({"stop-writes-on-bgsave-error": "no"}, "stop-writes-on-bgsave-error", "yes"),
    ],
)
def test_a_refusal_begins_with_the_setting_that_wants_it(
    running: Engine, before: dict[str, str], name: str, value: str
) -> None:
    with running.client() as client, Listener(running.port) as listener:
        client.config_set("save", "60 1")
        for directive, wanted in before.items():
            client.config_set(directive, wanted)
        client.config_set("rdb-key-save-delay", 10000)
        client.bgsave()
        os.kill(listener.wait_for(Fork).child, signal.SIGKILL)
        listener.wait_for(ChildExit)
        client.set("taken", "1")
        client.config_set(name, value)
        with pytest.raises(redis.ResponseError, match="MISCONF"):
            client.set("refused", "1")
