"""A real power cut, where root and loop devices are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scenes.errors import SceneError
from scenes.lab import real_disk
from scenes.lab.real_disk import RealDisk

pytestmark = pytest.mark.skipif(real_disk.why_not() != "", reason=real_disk.why_not())


def backing_files() -> str:
    return "".join(path.read_text() for path in Path("/sys/block").glob("loop*/loop/backing_file"))


async def test_a_cut_takes_what_was_not_synced_and_nothing_else(tmp_path: Path) -> None:
    disk = await RealDisk.make(tmp_path)
    try:
        assert str(tmp_path) in backing_files()
        assert str(tmp_path) not in Path("/proc/mounts").read_text()  # it is not ours to see
        for number in range(3):
            path = disk.folder / str(number)
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.write(fd, b"x" * 5000)
            os.fdatasync(fd)
            os.write(fd, b"y" * 5000)
            await disk.cut()
            with pytest.raises(OSError, match="Input/output error"):
                os.fdatasync(fd)
            os.close(fd)
            await disk.again()
            assert path.read_bytes() == b"x" * 5000
    finally:
        await disk.close()
    assert str(tmp_path) not in backing_files()


async def test_what_cannot_be_done_is_said_in_one_line(tmp_path: Path) -> None:
    disk = await RealDisk.make(tmp_path)
    held = os.open(disk.folder, os.O_RDONLY)
    try:
        with pytest.raises(SceneError, match="cannot cut"):
            await disk._ask("cut the cake")
            disk._process.kill()
            await disk._process.wait()
            await disk.cut()
    finally:
        os.close(held)
        await disk.close()
