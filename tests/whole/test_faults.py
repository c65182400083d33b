"""Real engines on a slow, failing and full disk: what Redis does, they do."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import redis

from engine.events import AofDelayed, AofFsync, Fault, State, decode
from tests.whole.listening import Listener
from tests.whole.running import Engine, engine


def fault(client: redis.Redis, *words: str | int) -> list[tuple[str, str]]:
    """COWSCOPE FAULT: kinds and values of those that are set."""
    answer = client.execute_command("COWSCOPE", "FAULT", *words)
    return [(kind.decode(), value.decode()) for kind, value, _ in answer]


def state_of(client: redis.Redis) -> State:
    state = decode(client.execute_command("COWSCOPE", "STATE"))
    assert isinstance(state, State)
    return state


def wait_until_writable(client: redis.Redis) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            client.set("probe", 1)
            return
        except redis.ResponseError as error:
            assert "MISCONF" in str(error) and time.monotonic() < deadline
            time.sleep(0.05)


def appending(policy: str) -> tuple[str, ...]:
    return "--appendonly", "yes", "--appendfsync", policy


def log_of(running: Engine) -> str:
    return running.log.read_text()


def test_a_slow_disk_is_the_latency_of_always(tmp_path: Path) -> None:
    with (
        engine(tmp_path, *appending("always")) as running,
        running.client() as client,
        Listener(running.port) as listener,
    ):
        assert fault(client, "FSYNC-DELAY", 80) == [("fsync-delay", "80")]
        began = time.monotonic()
        client.set("key", 1)
        assert time.monotonic() - began >= 0.08
        told = listener.wait_for(Fault)
        assert (told.kind, told.value, told.source) == ("fsync-delay", "80", "scripted")
        assert listener.wait_for(AofFsync).usec >= 80_000
        assert state_of(client).faults == {"fsync-delay": "80"}
        listener.wait_for(Fault, lambda event: event.struck == 1)
        assert fault(client, "OFF") == []
        listener.wait_for(Fault, lambda event: event.value == "off")
        assert state_of(client).faults == {}
        with pytest.raises(redis.ResponseError, match="ms"):
            fault(client, "fsync-delay", "soon")


def test_a_slow_disk_postpones_the_write_of_everysec_by_two_seconds(tmp_path: Path) -> None:
    with (
        engine(tmp_path, *appending("everysec")) as running,
        running.client() as client,
        Listener(running.port) as listener,
    ):
        fault(client, "fsync-delay", 4000)
        while True:  # until a sync has begun: the first one comes when the second is over
            began = time.monotonic()
            client.set("key", 1)
            assert time.monotonic() - began < 2.0
            state = state_of(client)
            if state.aof_written < state.aof_appended:
                break  # acknowledged, and in memory alone
            time.sleep(0.02)
        assert listener.wait_for(AofDelayed).waited_usec >= 2_000_000
        assert client.info("persistence")["aof_delayed_fsync"] == 1
        assert "disk is busy?" in log_of(running)


def test_a_failed_fsync_ends_an_engine_that_promised_always(tmp_path: Path) -> None:
    with engine(tmp_path, *appending("always")) as running:
        with running.client(retry=None) as client:
            client.set("kept", 1)
            fault(client, "fsync-error", 1)
            with pytest.raises(redis.ConnectionError):
                client.set("never acknowledged", 1)
        assert running.process.wait(timeout=60) == 1
        assert "fsync policy is 'always': Input/output error. Exiting..." in log_of(running)
    with engine(tmp_path, *appending("always")) as running, running.client() as client:
        assert client.get("kept") == b"1"


def test_a_failed_fsync_of_everysec_refuses_writes_until_one_succeeds(tmp_path: Path) -> None:
    """And that success proves nothing of the bytes before: their `fsynced` stays where it was.

    As in Redis 7.0.15 nothing but another write brings a sync, here that of an expired key.
    """
    with (
        engine(tmp_path, *appending("everysec")) as running,
        running.client() as client,
        Listener(running.port) as listener,
    ):
        client.execute_command("DEBUG", "SET-ACTIVE-EXPIRE", "0")
        client.set("gone", 1, px=1)
        listener.wait_for(AofFsync)
        safe = state_of(client).aof_fsynced
        fault(client, "fsync-error", 1)
        client.set("key", 1)
        listener.wait_for(Fault, lambda event: event.value == "off")
        with pytest.raises(redis.ResponseError, match=r"MISCONF Errors.*Input/output error"):
            client.set("key", 2)
        assert client.get("key") == b"1"
        assert client.info("persistence")["aof_last_write_status"] == "err"
        assert client.get("gone") is None  # which writes a DEL
        wait_until_writable(client)
        assert state_of(client).aof_fsynced == safe < state_of(client).aof_written
        assert "Fail to fsync the AOF file: Input/output error" in log_of(running)
        client.bgrewriteaof()  # a new file, of which every byte can be proven
        while client.info("persistence")["aof_rewrite_in_progress"]:
            time.sleep(0.02)
        client.set("key", 3)
        listener.wait_for(AofFsync, lambda event: ".2.incr" in event.file and event.end > 0)


def test_a_full_disk_refuses_writes_loses_none_and_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    acknowledged = 0
    with engine(tmp_path, *appending("everysec")) as running:
        with running.client() as client:
            fault(client, "full", 500)
            with pytest.raises(redis.ResponseError, match=r"MISCONF.*No space left on device"):
                while True:
                    client.set(f"key:{acknowledged}", "value")
                    acknowledged += 1
            assert acknowledged > 3
            assert client.dbsize() == acknowledged
            fault(client, "off")
            wait_until_writable(client)
            while client.info("persistence")["aof_buffer_length"]:  # an fsync is under way yet
                time.sleep(0.02)
        assert "Short write while writing to the AOF file" in log_of(running)
        assert "AOF write error looks solved" in log_of(running)
        running.kill_group()
    with engine(tmp_path, *appending("everysec")) as running, running.client() as client:
        assert client.dbsize() == acknowledged + 1


def test_a_full_disk_reaches_a_child_that_lives(tmp_path: Path) -> None:
    with (
        engine(tmp_path, "--save", "3600 1") as running,
        running.client() as client,
        Listener(running.port) as listener,
    ):
        client.set("key", 1)
        client.save()
        client.execute_command("COWSCOPE", "HOLD")
        client.bgsave()
        assert fault(client, "full", 0) == [("full", "0")]
        client.execute_command("COWSCOPE", "RELEASE")
        while client.info("persistence")["rdb_last_bgsave_status"] == "ok":
            time.sleep(0.02)
        listener.wait_for(Fault, lambda event: event.struck > 0)
        with pytest.raises(redis.ResponseError, match="MISCONF Redis is configured to save"):
            client.set("key", 2)
        left = {path.name for path in running.folder.iterdir()}
        assert left == {"dump.rdb", "cowscope.lock"}
        fault(client, "off")
        client.bgsave()
        wait_until_writable(client)


def test_short_writes_lose_nothing(tmp_path: Path) -> None:
    with engine(tmp_path, *appending("always")) as running:
        with running.client() as client:
            fault(client, "short-write", 3)
            client.mset({f"key:{number}": "value" for number in range(50)})
            client.bgrewriteaof()
            while client.info("persistence")["aof_rewrite_in_progress"]:
                time.sleep(0.02)
            client.set("last", 1)
        running.kill_group()
    with engine(tmp_path, *appending("always")) as running, running.client() as client:
        assert client.dbsize() == 51
