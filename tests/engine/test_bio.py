from __future__ import annotations

import errno
import os
import threading
import warnings
from pathlib import Path

import pytest

from engine.aof_intentions import Sync
from engine.bio import THREAD_NAME, Bio
from engine.disk import APPEND, Disk
from tests.engine.fake_disk import FakeDisk

SYNC = Sync("incr", 0, 3, "bio")


def test_a_sync_is_done_in_the_thread_and_its_result_collected() -> None:
    disk, woken = FakeDisk("d"), threading.Event()
    threads: list[str] = []
    disk.fail["fdatasync"] = lambda: threads.append(threading.current_thread().name) or 0  # type: ignore[func-returns-value]
    fd = disk.open("d/f", APPEND)
    disk.write(fd, b"abc")
    bio = Bio(disk, woken.set)
    assert bio.collect() == []
    bio.sync(fd, SYNC, lambda fd: 7)
    assert woken.wait(10)
    (finished,) = bio.collect()
    assert (finished.job.sync, finished.errno, finished.dirty_pages) == (SYNC, 0, 7)
    assert threads == [THREAD_NAME]
    disk.fsync_directory("d")
    disk.crash()
    assert disk.content("d/f") == b"abc"
    assert bio.stop() and bio.stop()


def test_a_failed_sync_tells_its_errno_and_counts_nothing() -> None:
    disk = FakeDisk("d")
    disk.fail["fdatasync"] = lambda: errno.EIO
    bio = Bio(disk)
    bio.sync(disk.open("d/f", APPEND), SYNC, lambda fd: 7)
    assert bio.drain()
    (finished,) = bio.collect()
    assert (finished.errno, finished.dirty_pages) == (errno.EIO, -1)
    bio.stop()


def test_jobs_are_done_in_order_and_a_close_after_its_sync() -> None:
    disk = FakeDisk("d")
    first, second = disk.open("d/1", APPEND), disk.open("d/2", APPEND)
    bio = Bio(disk)
    bio.sync(first, SYNC)
    bio.close(second, SYNC)
    bio.close(first)
    assert bio.stop()
    assert [(job.job.fd, job.job.close) for job in bio.collect()] == [
        (first, False),
        (second, True),
        (first, True),
    ]
    assert [name for call, name in disk.calls if call == "fdatasync"] == ["1", "2"]
    assert not disk.open_files


def test_it_starts_again_after_a_stop() -> None:
    disk = FakeDisk("d")
    bio = Bio(disk)
    assert bio.drain() and bio.stop(), "nothing was ever started"
    for _ in range(2):
        bio.close(disk.open("d/f", APPEND))
        assert bio.stop()
        assert len(bio.collect()) == 1


def test_drain_says_when_it_was_not_enough() -> None:
    go = threading.Event()
    disk = FakeDisk("d")
    disk.fail["fdatasync"] = lambda: 0 * go.wait(10)
    bio = Bio(disk)
    bio.sync(disk.open("d/f", APPEND), SYNC)
    assert not bio.drain(0.01) and not bio.stop(0.01)
    go.set()
    assert bio.drain(0) or bio.stop()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork(2)")
def test_a_forked_process_that_lives_on_gets_a_thread_of_its_own(tmp_path: Path) -> None:
    disk = Disk()
    bio = Bio(disk)
    fd = disk.open(str(tmp_path / "f"), APPEND)
    bio.sync(fd, SYNC)
    assert bio.drain()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12+: fork with threads
        child = os.fork()
    if child == 0:
        try:
            inherited_is_dead = bio.drain() and bio.stop()
            bio.sync(fd, SYNC)
            os._exit(0 if inherited_is_dead and bio.drain() and len(bio.collect()) == 1 else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert len(bio.collect()) == 1
    bio.stop()
    disk.close(fd)
