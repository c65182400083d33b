"""What it costs to watch 1 GiB: one whole reading of the pages beside the bare read of pagemap.

python -m bench.probe_bench [MIB]
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.row import Row, median, table
from engine.arena import Arena
from engine.page_reader import PageReader
from engine.smaps import SmapsFile

MIB = 1024
ROUNDS = 15
WRITES = 400
"""Pages written between two readings: 20,000 writes a second, 50 readings."""


def measure(mib: int = MIB, rounds: int = ROUNDS) -> list[Row]:
    """Medians over interleaved rounds, in one process, while a child shares all pages.

    The probe and the bare read each follow as many writes, so that both find the caches alike.
    """
    arena = filled(mib)
    reader = PageReader(arena, "/proc", time.monotonic)
    bare = bare_read(arena)
    own_smaps = SmapsFile()
    chance = random.Random(1)

    def write() -> None:
        for page in chance.sample(range(arena.pages), WRITES):
            arena.store(arena.offset_of(page), b"w")

    pread: list[float] = []
    whole: list[float] = []
    pread_again: list[float] = []
    unchanged: list[float] = []
    smaps: list[float] = []
    with sharing_child() as pid:
        reader.child_started(pid, bytes(arena.touched), time.monotonic())
        reader.read()
        for _ in range(rounds):
            write()
            pread.append(milliseconds(bare))
            reader.read()
            write()
            whole.append(milliseconds(reader.read))
            pread_again.append(milliseconds(bare))
            unchanged.append(milliseconds(reader.read))
            smaps.append(milliseconds(own_smaps.read))
        reader.close()

    def row(what: str, values: list[float], beside: list[float], at_most: float | None) -> Row:
        title = f"{what} ({mib:,} MiB, {arena.pages:,} pages)"
        return Row(title, median(values), "ms", median(beside), "bare pread", at_most=at_most)

    return [
        row(f"pagemap probe, {WRITES} pages written", whole, pread, 1.5),
        row("pagemap probe, nothing changed", unchanged, pread_again, 1.5),
        row("smaps, read and parsed, off the main thread", smaps, pread_again, None),
    ]


def filled(mib: int) -> Arena:
    """An arena of which every page has been written."""
    arena = Arena((mib << 20) // os.sysconf("SC_PAGE_SIZE"))
    value = bytes(range(256)) * (arena.page_size // 256)
    while arena.high_water < arena.pages:
        arena.store(arena.alloc(arena.page_size, 0), value)
    return arena


def bare_read(arena: Arena) -> Callable[[], object]:
    """One pread of the arena's part of pagemap, into memory that is there already."""
    fd = os.open("/proc/self/pagemap", os.O_RDONLY)
    buffer = bytearray(arena.pages * 8)
    offset = arena.base // arena.page_size * 8
    return lambda: os.preadv(fd, [buffer], offset)


@contextmanager
def sharing_child() -> Iterator[int]:
    """A child that does nothing until the end."""
    wait, let_go = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(let_go)
        os.read(wait, 1)
        os._exit(0)
    os.close(wait)
    try:
        yield pid
    finally:
        os.close(let_go)
        os.waitpid(pid, 0)


def milliseconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    print(table(measure(int(sys.argv[1]) if len(sys.argv) > 1 else MIB)))
