from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from engine.disk import APPEND, REPLACE, write_all
from engine.faults import KINDS, FaultError, Faults
from engine.faulty_disk import FaultyDisk
from engine.forking import fork


@pytest.fixture
def disk() -> FaultyDisk:
    return FaultyDisk(Faults())


def test_a_well_disk_has_none(disk: FaultyDisk, tmp_path: Path) -> None:
    fd = disk.open(str(tmp_path / "f"), APPEND)
    assert disk.write(fd, b"abc") == 3
    disk.fsync(fd)
    assert disk.faults.present() == [] and not disk.faults.armed[0]


def test_a_slow_sync_sleeps_in_its_thread(disk: FaultyDisk, tmp_path: Path) -> None:
    fd = disk.open(str(tmp_path / "f"), APPEND)
    disk.faults.set("fsync-delay", "30")
    for sync in (lambda: disk.fsync(fd), lambda: disk.fdatasync(fd)):
        began = time.monotonic()
        sync()
        assert time.monotonic() - began >= 0.03
    disk.fsync_directory(str(tmp_path))
    assert disk.faults.present() == [("fsync-delay", "30", 3)]


def test_a_sync_fails_so_many_times_or_until_off(disk: FaultyDisk, tmp_path: Path) -> None:
    fd = disk.open(str(tmp_path / "f"), APPEND)
    disk.faults.set("fsync-error", "2")
    for left in ([("fsync-error", "1", 1)], []):
        with pytest.raises(OSError) as failure:
            disk.fdatasync(fd)
        assert failure.value.errno == errno.EIO
        assert disk.faults.present() == left
    disk.fdatasync(fd)
    disk.faults.set("FSYNC-ERROR")
    for _ in range(3):
        with pytest.raises(OSError):
            disk.fsync_directory(str(tmp_path))
    assert disk.faults.present() == [("fsync-error", "on", 3)]
    disk.faults.set("fsync-error", "off")
    disk.fsync(fd)


def test_a_full_disk_is_written_short_first_and_has_room_again(
    disk: FaultyDisk, tmp_path: Path
) -> None:
    path = str(tmp_path / "f")
    fd = disk.open(path, APPEND)
    disk.faults.set("full", "10")
    assert disk.write(fd, b"12345678") == 8
    with pytest.raises(OSError) as failure:
        write_all(disk, fd, b"abcd")
    assert failure.value.errno == errno.ENOSPC
    assert os.stat(path).st_size == 10
    assert disk.faults.present() == [("full", "0", 2)]
    assert disk.write(fd, b"") == 0
    disk.ftruncate(fd, 8)
    assert disk.write(fd, b"abcd") == 2
    disk.close(disk.open(path, REPLACE))
    write_all(disk, fd, b"0123456789")
    other = str(tmp_path / "other")
    disk.rename(path, other)
    disk.unlink(other)
    assert disk.faults.present()[0].value == "10"


def test_a_narrow_disk_takes_everything_in_the_end(disk: FaultyDisk, tmp_path: Path) -> None:
    fd = disk.open(str(tmp_path / "f"), APPEND)
    disk.faults.set("short-write", "3")
    assert disk.write(fd, b"12345678") == 3
    write_all(disk, fd, b"45678")
    assert (tmp_path / "f").read_bytes() == b"12345678"
    assert disk.faults.present() == [("short-write", "3", 2)]


def test_a_living_child_meets_a_fault_that_is_set_after_the_fork(
    disk: FaultyDisk, tmp_path: Path
) -> None:
    go, ready = os.pipe()

    def work() -> int:
        os.read(go, 1)
        fd = disk.open(str(tmp_path / "f"), APPEND)
        try:
            disk.fsync(fd)
        except OSError as error:
            return error.errno or 0
        return 0

    forked = fork(work, name="a-child", keep=(go,), log=lambda *_: None)
    disk.faults.set("fsync-error", "1")
    os.write(ready, b"!")
    assert os.waitstatus_to_exitcode(os.waitpid(forked.pid, 0)[1]) == errno.EIO
    assert disk.faults.present() == []
    os.close(go)
    os.close(ready)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("fsync-delay", None), ("fsync-delay", "0"), ("fsync-delay", "60001"),
        ("fsync-error", "0"), ("fsync-error", "x"), ("full", "-1"), ("full", "on"),
        ("short-write", "0"), ("short-write", None), ("heat", "1"),
    ],
)  # fmt: skip
def test_values_that_cannot_be(disk: FaultyDisk, kind: str, value: str | None) -> None:
    with pytest.raises(FaultError, match=kind if kind in KINDS else "one of"):
        disk.faults.set(kind, value)
    assert disk.faults.present() == []
