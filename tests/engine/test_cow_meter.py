from __future__ import annotations

import mmap
import os
from pathlib import Path

import pytest

from engine.cow_meter import CowMeter, own_private_dirty_kb


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_readings_keep_their_distance_and_are_logged() -> None:
    clock = Clock()
    figures = iter([1 << 20, 5 << 20, 3 << 20])
    lines: list[tuple[str, str]] = []
    meter = CowMeter(
        "RDB", lambda: next(figures), lambda level, text: lines.append((level, text)), clock
    )
    assert meter.read() == 1 << 20
    assert meter.read() == -1
    clock.now = 1.0
    assert meter.read() == 5 << 20
    assert meter.read(last=True) == 3 << 20
    assert lines == [
        ("-", "Fork CoW for RDB: current 1024 MB, peak 1024 MB, average 1024 MB"),
        ("-", "Fork CoW for RDB: current 5120 MB, peak 5120 MB, average 3072 MB"),
        ("*", "Fork CoW for RDB: current 3072 MB, peak 5120 MB, average 3072 MB"),
    ]


def test_a_dear_reading_is_made_less_often() -> None:
    clock = Clock()

    def slow() -> int:
        clock.now += 0.5
        return 1

    meter = CowMeter("RDB", slow, lambda _level, _text: None, clock)
    assert meter.read() == 1
    clock.now = 50.0
    assert meter.read() == -1
    clock.now = 51.0
    assert meter.read() == 1


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="no smaps_rollup here")
def test_own_pages_are_counted() -> None:
    before = own_private_dirty_kb()
    pages = mmap.mmap(-1, 512 * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    pages.write(b"x" * len(pages))
    grown = own_private_dirty_kb() - before
    assert grown >= 512 * mmap.PAGESIZE >> 10
    assert before < sum(
        int(line.split()[1])
        for line in Path(f"/proc/{os.getpid()}/smaps").read_text().splitlines()
        if line.startswith("Private_Dirty:")
    )
