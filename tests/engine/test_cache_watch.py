"""The kernel's count under appendfsync no: now and then, never a claim where it can't tell."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.cache_watch import DUTY_CYCLE, CacheWatch
from engine.cachestat import file_system, proves_dirty
from engine.events import AofDirty, AofFsync, AofWrite
from tests.whole.listening import Listener
from tests.whole.running import engine


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_counts_once_a_second_and_less_often_where_counting_is_slow() -> None:
    clock, told, cost = Clock(), list[int](), 0.0

    def count() -> int:
        clock.now += cost
        return len(told)

    watch = CacheWatch(count, told.append, clock)
    for _ in range(25):
        watch.look()
        clock.now += 0.1
    assert told == [0, 1, 2]
    cost = 0.05
    clock.now += 1.0
    watch.look()
    clock.now += DUTY_CYCLE * cost - 0.1
    watch.look()
    assert len(told) == 4
    clock.now += 0.2
    watch.look()
    assert len(told) == 5


def test_where_the_kernel_cannot_tell_nothing_is_said() -> None:
    told: list[int] = []
    CacheWatch(lambda: -1, told.append).look()
    assert told == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="cachestat(2) is Linux")
def test_under_no_a_watched_engine_tells_what_the_kernel_still_has_to_write(tmp_path: Path) -> None:
    if not proves_dirty(str(tmp_path)):
        pytest.skip(f"cachestat shows no dirty pages on {file_system(str(tmp_path))}")
    options = ("--appendonly", "yes", "--appendfsync", "no")
    with engine(tmp_path, *options) as running, Listener(running.port) as listener:
        client = running.client()
        client.set("big", bytes(5 * 4096))
        written = listener.wait_for(AofWrite)
        counted = listener.wait_for(AofDirty, lambda event: event.dirty_pages > 0)
        client.close()
        assert counted.dirty_pages >= 5 and counted.file == written.file
        assert not listener.of(AofFsync)
