"""The page cache behind a file: dirty after a write, clean after an fsync, or no claim."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.cachestat import cachestat, file_system, has_disk, proves_dirty
from tests.engine.page_watching import FIXTURE


def test_pages_are_dirty_until_the_fsync(tmp_path: Path) -> None:
    if not proves_dirty(str(tmp_path)):
        pytest.skip(f"cachestat shows no dirty pages on {file_system(str(tmp_path))}")
    with open(tmp_path / "aof", "wb", buffering=0) as file:
        file.write(bytes(5 * os.sysconf("SC_PAGE_SIZE")))
        written = cachestat(file.fileno())
        os.fdatasync(file.fileno())
        synced = cachestat(file.fileno())
    assert written is not None and synced is not None
    assert (written.nr_cache, written.nr_dirty) == (5, 5)
    assert (synced.nr_cache, synced.nr_dirty, synced.nr_writeback) == (5, 0, 0)


def test_the_trial_leaves_nothing(tmp_path: Path) -> None:
    proves_dirty(str(tmp_path))
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_written_proves_nothing(tmp_path: Path) -> None:
    assert not proves_dirty(str(tmp_path / "missing"))


def test_memory_proves_nothing() -> None:
    if file_system("/dev/shm") != "tmpfs":
        pytest.skip("no tmpfs under /dev/shm")
    assert not proves_dirty("/dev/shm")
    assert not has_disk("/dev/shm")


def test_a_refused_call_has_no_answer() -> None:
    assert cachestat(-1) is None


def test_whether_a_disk_is_there_follows_from_the_mount() -> None:
    assert has_disk("/", FIXTURE)
    assert not has_disk("/srv/covered/appendonlydir", FIXTURE)


def test_nothing_is_denied_where_nobody_tells(tmp_path: Path) -> None:
    assert file_system("/", str(tmp_path)) == ""
    assert has_disk("/", str(tmp_path))
