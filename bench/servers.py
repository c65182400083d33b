"""Servers to measure side by side: this engine and redis-server, each in a folder of its own."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import redis

OURS = "cowscope"
REDIS = "redis-server"
BOTH = (OURS, REDIS)
_READY_SECONDS = 120.0
_QUIET = {
    "enable-debug-command": "local",
    "save": "",
    "appendonly": "no",
    "auto-aof-rewrite-percentage": "0",
}
"""No save point and no rewrite begins by itself while something else is measured."""


@dataclass
class Running:
    """One server under measurement."""

    what: str
    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    log: Path
    ready_seconds: float
    """From exec to the first PONG, all loading included."""
    client: redis.Redis = field(repr=False)

    def rss(self) -> int:
        """Resident bytes of the process now."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def info(self, name: str) -> int:
        """One whole number of INFO."""
        return int(self.client.info("everything")[name])


@contextlib.contextmanager
def running(
    what: str, settings: Mapping[str, str] | None = None, folder: Path | None = None
) -> Iterator[Running]:
    """A server until the block ends; in `folder` (kept) or in a new one (removed).

    Raises RuntimeError with the end of its log where it does not answer.
    """
    with contextlib.ExitStack() as stack:
        where = folder or stack.enter_context(fresh_folder())
        port = free_port()
        options = [
            word
            for name, value in {**_QUIET, **(settings or {})}.items()
            for word in (f"--{name}", value)
        ]
        common = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(where)]
        log = where / "bench.log"
        with log.open("wb") as output:
            began = time.perf_counter()
            process = subprocess.Popen(
                [*_program(what), *common, *options], stdout=output, stderr=output
            )
        stack.callback(stop, process)
        client = redis.Redis(port=port, socket_timeout=_READY_SECONDS)
        stack.callback(client.close)
        _await_pong(what, process, client, log)
        seconds = time.perf_counter() - began
        yield Running(what, process, port, where, log, seconds, client)


@contextlib.contextmanager
def pair(settings: Mapping[str, str] | None = None) -> Iterator[tuple[Running, Running]]:
    """This engine and redis-server with the same settings."""
    with running(OURS, settings) as ours, running(REDIS, settings) as theirs:
        yield ours, theirs


@contextlib.contextmanager
def fresh_folder() -> Iterator[Path]:
    """A new folder on the home's disk (/tmp may be memory), removed at the end."""
    root = Path.home() / ".cache"
    root.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, ignore_cleanup_errors=True) as name:
        yield Path(name)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server that was started here, and wait for it."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def missing() -> str:
    """Why nothing can be compared with redis-server; empty where it can."""
    absent = [tool for tool in (REDIS, "redis-benchmark") if shutil.which(tool) is None]
    return f"{', '.join(absent)} not installed" if absent else ""


def redis_version() -> str:
    """The version of the redis-server beside which things are measured, such as 7.0.15."""
    if shutil.which(REDIS) is None:
        return "none"
    words = subprocess.run([REDIS, "--version"], capture_output=True, text=True, check=True).stdout
    return next((word[2:] for word in words.split() if word.startswith("v=")), "unknown")


def _program(what: str) -> Sequence[str]:
    return [sys.executable, "-P", "-m", "engine"] if what == OURS else [REDIS]


def _await_pong(
    what: str, process: subprocess.Popen[bytes], client: redis.Redis, log: Path
) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(redis.ConnectionError, redis.BusyLoadingError):
            client.ping()
            return
        time.sleep(0.002)
    last = log.read_text(errors="replace").strip().splitlines()[-3:]
    raise RuntimeError(f"{what} did not answer PING; its log ends: {' | '.join(last)}")
