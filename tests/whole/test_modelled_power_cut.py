"""Real engines whose power is cut by the model: what their policy promised is there again."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from engine.events import Fault, State, decode
from engine.power_cut import CutReport, cut
from tests.whole.listening import Listener
from tests.whole.running import Engine, engine, free_port


def options(folder: Path, policy: str, *more: str) -> list[str]:
    ledger = str(folder / "ledger")
    return [
        *("--cowscope-disk-ledger", ledger, "--appendonly", "yes", "--appendfsync", policy),
        *more,
    ]


def refusal(data: Path, *words: str) -> str:
    """The last line of an engine that must not start."""
    done = subprocess.run(
        [
            *(sys.executable, "-P", "-m", "engine", "--port", str(free_port())),
            *("--dir", str(data), "--arena-pages", "64", *words),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1 and "Traceback" not in done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


def write(client: redis.Redis, first: int, end: int) -> None:
    for number in range(first, end):
        client.set(f"key:{number}", number)


def power_off(running: Engine, seed: int | None = None) -> CutReport:
    running.kill_group()
    return cut(str(running.folder), str(running.folder.parent / "ledger"), seed)


def survivors(client: redis.Redis) -> list[int]:
    """The numbers that are left: of a log they are the first ones."""
    return sorted(int(key.split(b":")[1]) for key in client.scan_iter("key:*", count=1000))


def state_of(client: redis.Redis) -> State:
    state = decode(client.execute_command("COWSCOPE", "STATE"))
    assert isinstance(state, State)
    return state


def wait_until_synced(client: redis.Redis) -> None:
    """Until everything written so far was fsynced."""
    while True:
        state = state_of(client)
        if state.aof_fsynced == state.aof_written == state.aof_appended:
            return
        time.sleep(0.02)


@pytest.mark.parametrize("policy", ["always", "everysec", "no"])
def test_what_was_fsynced_is_left_and_nothing_else(tmp_path: Path, policy: str) -> None:
    with engine(tmp_path, *options(tmp_path, policy)) as running, running.client() as client:
        write(client, 0, 100)
        if policy == "everysec":
            wait_until_synced(client)
            client.config_set("appendfsync", "no")  # so that no second passes
            write(client, 100, 200)
        report = power_off(running)
    log = next(file for file in report.files if file.name.endswith(".incr.aof"))
    assert log.kept == log.durable
    assert (log.lost > 0) == (policy != "always")
    with engine(tmp_path, *options(tmp_path, policy)) as running, running.client() as client:
        left = survivors(client)
        assert left == list(range({"always": 100, "everysec": 100, "no": 0}[policy]))
        assert client.set("key:1000", 1)


def test_a_kill_alone_loses_nothing_and_what_it_left_in_the_cache_is_lost_by_a_later_cut(
    tmp_path: Path,
) -> None:
    for end in (50, 100):  # the second engine goes on in the first one's file, synced by nobody
        with engine(tmp_path, *options(tmp_path, "no")) as running, running.client() as client:
            assert survivors(client) == list(range(end - 50))
            write(client, end - 50, end)
            running.kill_group()
    cut(str(running.folder), str(tmp_path / "ledger"))
    with engine(tmp_path, *options(tmp_path, "no")) as running, running.client() as client:
        assert survivors(client) == []


@pytest.mark.parametrize(
    ("what", "seed"), [("BGSAVE", None), ("BGREWRITEAOF", None), ("BGREWRITEAOF", 1)]
)
def test_a_cut_in_the_middle_of_a_child_leaves_the_old_generation_whole(
    tmp_path: Path, what: str, seed: int | None
) -> None:
    with engine(tmp_path, *options(tmp_path, "always")) as running, running.client() as client:
        write(client, 0, 60)
        client.execute_command("COWSCOPE", "HOLD")
        client.execute_command(what)
        while state_of(client).hold != "held":
            time.sleep(0.01)
        write(client, 60, 80)
        report = power_off(running, seed)
    assert report.files
    with engine(tmp_path, *options(tmp_path, "always")) as running, running.client() as client:
        assert survivors(client) == list(range(80))


def test_a_rewrite_that_was_finished_is_there_whole(tmp_path: Path) -> None:
    with engine(tmp_path, *options(tmp_path, "no")) as running, running.client() as client:
        write(client, 0, 60)
        client.bgrewriteaof()
        while client.info("persistence")["aof_rewrite_in_progress"]:
            time.sleep(0.02)
        write(client, 60, 80)
        power_off(running)
    with engine(tmp_path, *options(tmp_path, "no")) as running, running.client() as client:
        assert survivors(client) == list(range(60))


def test_a_retried_fsync_proves_nothing_of_the_pages_whose_fsync_failed(tmp_path: Path) -> None:
    with engine(tmp_path, *options(tmp_path, "everysec")) as running:
        with running.client() as client, Listener(running.port) as listener:
            client.execute_command("DEBUG", "SET-ACTIVE-EXPIRE", "0")
            client.set("gone", 1, px=1)
            wait_until_synced(client)
            safe = state_of(client).aof_fsynced
            client.execute_command("COWSCOPE", "FAULT", "fsync-error", 1)
            client.set("key:0", "x" * 20_000)
            listener.wait_for(Fault, lambda event: event.value == "off")
            assert client.get("gone") is None  # its DEL is written, and synced with success
            while client.info("persistence")["aof_last_write_status"] != "ok":
                time.sleep(0.02)
            assert state_of(client).aof_fsynced == safe
        report = power_off(running)
    log = next(file for file in report.files if file.name.endswith(".incr.aof"))
    assert log.size == log.written > 20_000  # the last page was written again, with the DEL
    assert safe <= log.durable == log.kept < safe + 4096
    said = refusal(running.folder, *options(tmp_path, "everysec"))
    assert "Bad file format reading the append only file" in said


def test_a_ledger_that_cannot_be_kept_is_said_in_one_line(tmp_path: Path) -> None:
    said = refusal(tmp_path, "--cowscope-disk-ledger", "ledger")
    assert said.endswith("cowscope-disk-ledger must be an absolute path, not 'ledger'")
