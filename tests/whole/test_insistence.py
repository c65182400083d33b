"""SIGINT and SIGTERM while the engine writes its last dump, and while it loads one."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.whole.running import Engine, engine, free_port

OLD = b"the dump before"
KEYS, DELAY_USEC = 400, 10_000
"""The save lasts 4 s."""


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Engine]:
    options = ("--save", "900 1", "--enable-debug-command", "yes")
    with engine(tmp_path, *options) as running:
        with running.client() as client:
            client.execute_command("DEBUG", "POPULATE", KEYS)
            client.config_set("rdb-key-save-delay", DELAY_USEC)
        (running.folder / "dump.rdb").write_bytes(OLD)
        yield running


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.005)


def saving(running: Engine) -> bool:
    return (running.folder / f"temp-{running.process.pid}.rdb").exists()


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_a_sigint_behind_a_signal_ends_the_last_save(slow: Engine, first: signal.Signals) -> None:
    slow.process.send_signal(first)
    until(lambda: saving(slow), "the last save never began")
    started = time.monotonic()
    assert slow.stop(signal.SIGINT) == 1
    assert time.monotonic() - started < 2
    assert [path.name for path in slow.folder.iterdir()] == ["dump.rdb"]
    assert (slow.folder / "dump.rdb").read_bytes() == OLD
    assert slow.log.read_text().endswith("You insist... exiting now.\n")


def test_a_second_sigterm_lets_the_last_save_end(slow: Engine) -> None:
    slow.process.send_signal(signal.SIGTERM)
    until(lambda: saving(slow), "the last save never began")
    assert slow.stop(signal.SIGTERM) == 0
    assert (slow.folder / "dump.rdb").read_bytes().startswith(b"REDIS")
    assert slow.log.read_text().count("DB saved on disk") == 1


def test_during_save_the_first_signal_waits_and_the_second_does_not(slow: Engine) -> None:
    with slow.client() as client:
        connection = client.connection_pool.get_connection()
        connection.send_command("SAVE")
        until(lambda: saving(slow), "SAVE never began")
        slow.process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert slow.process.poll() is None
        assert slow.stop(signal.SIGINT) == 1
        connection.disconnect()
    assert (slow.folder / "dump.rdb").read_bytes() == OLD
    assert not saving(slow)


def test_one_signal_during_save_ends_the_engine_after_it(slow: Engine) -> None:
    with slow.client() as client:
        connection = client.connection_pool.get_connection()
        client.config_set("rdb-key-save-delay", 1000)
        connection.send_command("SAVE")
        until(lambda: saving(slow), "SAVE never began")
        assert slow.stop(signal.SIGINT) == 0
        assert connection.read_response() == b"OK"
        connection.disconnect()
    assert slow.log.read_text().count("DB saved on disk") == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_loading_is_left_at_once(tmp_path: Path, number: signal.Signals) -> None:
    with engine(tmp_path, "--enable-debug-command", "yes") as running, running.client() as client:
        client.execute_command("DEBUG", "POPULATE", KEYS)
        client.save()
    log = tmp_path / "loading.log"
    options = ["--port", str(free_port()), "--dir", str(tmp_path / "data"), "--logfile", str(log)]
    loading = subprocess.Popen(
        [sys.executable, "-P", "-m", "engine", *options, "--key-load-delay", str(DELAY_USEC)]
    )
    try:
        until(lambda: log.exists() and "Loading RDB" in log.read_text(), "it never loaded")
        loading.send_signal(number)
        assert loading.wait(2) == 0
    finally:
        loading.kill()
        loading.wait()
    assert "Received shutdown signal during loading, exiting now." in log.read_text()
