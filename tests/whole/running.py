"""An engine of its own process for tests: started on a free port, stopped by pid."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import redis

STARTED_WITHIN = 60.0
"""Seconds an engine may take to answer its first PING."""


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Engine:
    """A running engine."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    log: Path

    def client(self, **options: object) -> redis.Redis:
        """A client of it."""
        return redis.Redis(port=self.port, protocol=2, **options)  # type: ignore[arg-type]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it by a signal; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=60)

    def kill_group(self) -> None:
        """SIGKILL to it and its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=60)


@contextlib.contextmanager
def engine(
    folder: Path,
    *options: str,
    before: Sequence[str] = (),
    program: Sequence[str] = ("-m", "engine"),
    environment: dict[str, str] | None = None,
) -> Iterator[Engine]:
    """An engine in `folder`; `before` is a command that runs it (strace, say).

    `program` is what Python runs: a file, where a test needs another engine than the real one.
    """
    port = free_port()
    log = folder / "engine.log"
    data = folder / "data"
    data.mkdir(exist_ok=True)
    with log.open("ab") as out:
        process = subprocess.Popen(
            [
                *before, sys.executable, "-P", *program,
                "--port", str(port), "--dir", str(data), "--arena-pages", "4096",
                "--save", "", *options,
            ],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )  # fmt: skip
    running = Engine(process, port, data, log)
    try:
        _wait_for(running)
        yield running
    finally:
        running.kill_group()


def _wait_for(running: Engine) -> None:
    deadline = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < deadline:
        if running.process.poll() is not None:
            break
        with contextlib.suppress(redis.RedisError), running.client() as client:
            client.ping()
            return
        time.sleep(0.02)
    raise AssertionError(f"the engine did not start: {running.log.read_text()}")
