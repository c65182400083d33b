"""One BGSAVE of a server under measurement: how long it took, and what its child copied."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from bench.servers import Running

_SECONDS = 300.0


def save_seconds(server: Running) -> float:
    """From BGSAVE sent to the new dump under its name: the child's rename, no cron's tick."""
    dump = server.folder / "dump.rdb"
    before = _identity(dump)
    began = time.perf_counter()
    server.client.bgsave()
    while _identity(dump) == before:
        if time.perf_counter() - began > _SECONDS:
            raise RuntimeError(f"{server.what}: no new dump within {_SECONDS:.0f} s")
        time.sleep(0.001)
    seconds = time.perf_counter() - began
    await_end(server)
    return seconds


def own_copies(server: Running) -> int:
    """Bytes that the child of one BGSAVE came to own: the most Private_Dirty that its smaps showed.

    Looking makes the child slower, so a save that is watched is not timed.
    """
    server.client.bgsave()
    most = 0
    child = await_child(server)
    with contextlib.suppress(OSError):
        while True:
            rollup = Path(f"/proc/{child}/smaps_rollup").read_text()
            if not rollup:
                break
            most = max(most, private_dirty(rollup))
            time.sleep(0.002)
    await_end(server)
    return most


def private_dirty(rollup: str) -> int:
    """Bytes of Private_Dirty in the text of a smaps_rollup; 0 where a zombie has none."""
    for line in rollup.splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1]) * 1024
    return 0


def fork_usec(server: Running) -> int:
    """What the server says of one fork; the child is ended before it has written much."""
    server.client.bgsave()
    usec = server.info("latest_fork_usec")
    with contextlib.suppress(ProcessLookupError):
        os.kill(await_child(server), signal.SIGKILL)
    await_end(server)
    return usec


def await_child(server: Running) -> int:
    """The pid of the child that a server has forked; RuntimeError if it is never seen."""
    deadline = time.monotonic() + 5
    tasks = Path(f"/proc/{server.process.pid}/task")
    while time.monotonic() < deadline:
        for children in tasks.glob("*/children"):
            if pids := children.read_text().split():
                return int(pids[0])
    raise RuntimeError(f"{server.what}: its child was never seen in {tasks}/*/children")


def await_end(server: Running) -> None:
    """Until the server has reaped its child."""
    deadline = time.monotonic() + _SECONDS
    while server.info("rdb_bgsave_in_progress"):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{server.what}: its child did not end within {_SECONDS:.0f} s")
        time.sleep(0.02)


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_ino, found.st_mtime_ns
