from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from scenes.errors import SceneError
from scenes.folder import file_system, fresh


def test_a_folder_is_fresh_locked_and_gone_afterwards(tmp_path: Path) -> None:
    one, two = fresh([tmp_path]), fresh([tmp_path])
    assert one.path != two.path and one.path.parent == tmp_path
    with open(one.path / "lock") as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    one.remove()
    two.remove()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_session_left_is_removed_by_the_next(tmp_path: Path) -> None:
    left, living = fresh([tmp_path]), fresh([tmp_path])
    (left.path / "dump.rdb").write_text("x")
    left.release()  # as the kernel does for a process that was killed
    following = fresh([tmp_path])
    assert not left.path.exists() and living.path.exists()
    living.remove()
    following.remove()


def test_a_folder_that_cannot_be_written_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    folder = fresh([file / "below", tmp_path / "good"])
    assert folder.path.parent == tmp_path / "good"
    folder.remove()
    with pytest.raises(SceneError, match=r"tried .*below.*make one of them writable"):
        fresh([file / "below"])


def test_no_folder_is_made_that_is_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    working = tmp_path / "working"
    working.mkdir()
    monkeypatch.chdir(working)
    folder = fresh()
    try:
        assert folder.path.parent == tmp_path / "cache" / "cowscope"
        assert not list(working.iterdir()) and not (tmp_path / "tmp").exists()
    finally:
        folder.remove()


@pytest.mark.skipif(not os.path.ismount("/dev/shm"), reason="no tmpfs at /dev/shm to compare with")
def test_a_disk_is_preferred_to_memory(tmp_path: Path) -> None:
    memory = Path("/dev/shm") / f"cowscope-test-{os.getpid()}"
    folder = fresh([memory, tmp_path])
    try:
        assert folder.path.parent == tmp_path or not folder.has_disk
        assert memory.exists() == (folder.path.parent == memory)
    finally:
        folder.remove()
    only = fresh([memory])
    assert not only.has_disk
    only.remove()
    memory.rmdir()


def test_the_longest_mount_point_decides() -> None:
    mounts = [
        "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
        "23 22 0:21 / /tmp rw - tmpfs tmpfs rw",
        "24 23 0:22 / /tmp/a\\040b rw - xfs /dev/b rw",
    ]
    assert file_system("/home/x", mounts) == "ext4"
    assert file_system("/tmp/x", mounts) == "tmpfs"
    assert file_system("/tmpx", mounts) == "ext4"
    assert file_system("/tmp/a b/c", mounts) == "xfs"
