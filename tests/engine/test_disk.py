from __future__ import annotations

import errno
import os
import random
from pathlib import Path

import pytest

from engine.disk import ALTER, APPEND, READ, Disk, read_all, replace_file, write_all
from tests.engine.fake_disk import FakeDisk


def test_what_is_written_is_read(tmp_path: Path) -> None:
    disk, path = Disk(), str(tmp_path / "f")
    fd = disk.open(path, APPEND)
    write_all(disk, fd, b"ab")
    write_all(disk, fd, b"cd")
    disk.fdatasync(fd)
    disk.fsync(fd)
    disk.close(fd)
    assert read_all(disk, path) == b"abcd"
    assert disk.size(path) == 4
    fd = disk.open(path, ALTER)
    disk.ftruncate(fd, 1)
    disk.close(fd)
    assert (tmp_path / "f").read_bytes() == b"a"


def test_names(tmp_path: Path) -> None:
    disk, old, new = Disk(), str(tmp_path / "old"), str(tmp_path / "new")
    disk.close(disk.open(old, APPEND))
    disk.rename(old, new)
    disk.fsync_directory(str(tmp_path))
    assert not disk.exists(old) and disk.exists(new)
    disk.unlink(new)
    disk.mkdir(new)
    assert disk.exists(new)


def test_failures_are_the_systems_own(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Disk().open(str(tmp_path / "missing"), READ)
    with pytest.raises(FileNotFoundError):
        Disk().size(str(tmp_path / "missing"))


def test_descriptors_are_not_inherited(tmp_path: Path) -> None:
    fd = Disk().open(str(tmp_path / "f"), APPEND)
    assert not os.get_inheritable(fd)
    os.close(fd)


def test_a_short_write_is_gone_on_with() -> None:
    class Narrow(FakeDisk):
        def write(self, fd: int, data: bytes | memoryview) -> int:
            return super().write(fd, data[:3])

    disk = Narrow()
    fd = disk.open("d/f", APPEND)
    write_all(disk, fd, b"0123456789")
    assert disk.content("d/f") == b"0123456789"


@pytest.mark.parametrize("crash_after", range(8))
def test_replacing_leaves_the_old_or_the_new_file(crash_after: int) -> None:
    for seed in (None, *range(8)):
        disk = FakeDisk("d")
        disk.put("d/f", b"old")
        left = [crash_after]

        def power(left: list[int] = left) -> int:
            left[0] -= 1
            return errno.EIO if left[0] < 0 else 0

        for call in ("open", "write", "fdatasync", "rename", "fsync_directory"):
            disk.fail[call] = power
        done = True
        try:
            replace_file(disk, "d/f", "d/temp-f", b"newer")
        except OSError:
            done = False
        disk.crash(seed)
        assert disk.content("d/f") in ((b"newer",) if done else (b"old", b"newer"))


def test_the_fake_disk_forgets_what_was_not_synced() -> None:
    disk = FakeDisk("d")
    fd = disk.open("d/f", APPEND)
    write_all(disk, fd, b"synced")
    disk.fdatasync(fd)
    disk.fsync_directory("d")
    write_all(disk, fd, b"lost")
    other = disk.open("d/nameless", APPEND)
    write_all(disk, other, b"x")
    disk.fdatasync(other)
    disk.crash()
    assert disk.content("d/f") == b"synced"
    assert not disk.exists("d/nameless")


def test_partial_survival_is_a_prefix_and_seeded() -> None:
    def left(seed: int) -> bytes:
        disk = FakeDisk("d")
        disk.put("d/f", b"abc")
        write_all(disk, disk.open("d/f", APPEND), b"defghi")
        disk.crash(seed)
        return disk.content("d/f")

    survivors = {left(seed) for seed in range(30)}
    assert len(survivors) > 3
    assert all(b"abcdefghi".startswith(s) and len(s) >= 3 for s in survivors)
    assert left(random.Random(1).randint(0, 9)) == left(random.Random(1).randint(0, 9))
