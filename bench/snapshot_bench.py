"""BGSAVE of many small keys: the child's time, and what it copies by itself while nobody writes.

python -m bench.snapshot_bench [KEYS ...]
"""

from __future__ import annotations

import os
import random
import select
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.row import Row, table
from engine.arena import Arena
from engine.child_control import ParentEnd
from engine.disk import Disk
from engine.keyspace import Keyspace
from engine.rdb_reader import load
from engine.snapshot import DumpSettings, bgsave

VALUE_BYTES = 100
SIZES = (10_000, 100_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One keyspace: times in seconds, what the child copied by itself in KiB."""

    keys: int
    fork_usec: int
    seconds: float
    child_kb: int
    file_bytes: int
    load_seconds: float


def populated(keys: int, seed: int = 1) -> Keyspace:
    """A keyspace of incompressible strings."""
    chance = random.Random(seed)
    keyspace = Keyspace(Arena(keys // 25 + 1024))
    for number in range(keys):
        keyspace.databases[0].set(b"key:%d" % number, chance.randbytes(VALUE_BYTES))
    return keyspace


def save_and_load(keys: int) -> Outcome:
    """Fork, dump and load one keyspace."""
    keyspace = populated(keys)
    with tempfile.TemporaryDirectory(dir=".") as directory:
        settings = DumpSettings(os.path.abspath(directory))
        control = ParentEnd()
        started = time.perf_counter()
        snapshot = bgsave(keyspace, Disk(), settings, control, lambda _level, _text: None)
        poll = select.poll()
        poll.register(control.report_fd, select.POLLIN)
        while not control.ended:
            poll.poll()
            snapshot.read_reports()
        seconds = time.perf_counter() - started
        ending = snapshot.reap(block=True)
        if ending is None or ending.saved is None:
            raise SystemExit(f"the snapshot of {keys} keys failed")
        fresh = Keyspace(Arena(keyspace.arena.pages))
        loaded = load(settings.path, fresh)
        if len(fresh) != keys:
            raise SystemExit(f"{loaded.keys} of {keys} keys came back")
    return Outcome(
        keys,
        snapshot.forked.usec,
        seconds,
        ending.cow_kb,
        ending.saved.bytes,
        loaded.usec / 1_000_000,
    )


def measure(sizes: Sequence[int] = SIZES) -> list[Row]:
    """BGSAVE, the child's own copies and a load, for each number of keys."""
    rows = []
    for keys in sizes:
        outcome = save_and_load(keys)
        rows += [
            Row(f"BGSAVE of {keys:,} keys of 100 bytes", outcome.seconds, "s"),
            Row(
                f"the child's own copies, {keys:,} keys",
                outcome.child_kb / 1024,
                "MiB",
                at_most=8,
            ),
            Row(f"loading that dump, {keys:,} keys", outcome.load_seconds, "s"),
        ]
    return rows


if __name__ == "__main__":
    print(table(measure([int(word) for word in sys.argv[1:]] or SIZES)))
