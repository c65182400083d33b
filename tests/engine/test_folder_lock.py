"""The lock of a folder: one holder, others are told who it is, a dead one's lock is free."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import EngineError
from engine.folder_lock import GRACE, NAME, FolderLock


def lock(folder: Path, lines: list[str] | None = None) -> FolderLock:
    said = lines if lines is not None else []
    return FolderLock(str(folder), lambda level, text: said.append(f"{level} {text}"))


def in_child(work: Callable[[], None]) -> int:
    """Fork; the child does `work` and then sleeps until it is killed. Returns when it is done."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os.write(write, b"+")
            signal.pause()
        finally:
            os._exit(1)
    os.close(write)
    assert os.read(read, 1) == b"+"
    os.close(read)
    return pid


def test_the_file_names_the_holder_and_goes_with_it(tmp_path: Path) -> None:
    held = lock(tmp_path)
    held.take()
    held.take()  # once more is nothing
    assert (tmp_path / NAME).read_text() == f"{os.getpid()}\n"
    held.release()
    assert not held.held
    assert list(tmp_path.iterdir()) == []
    held.release()


def test_a_second_one_is_told_who_has_it_and_changes_nothing(tmp_path: Path) -> None:
    first, second = lock(tmp_path), lock(tmp_path)
    first.take()
    with pytest.raises(EngineError, match=rf"\(pid {os.getpid()}\) uses the folder {tmp_path}"):
        second.take()
    assert not second.held
    second.release()
    assert (tmp_path / NAME).read_text() == f"{os.getpid()}\n"
    first.release()
    second.take()
    second.release()


def test_a_dead_holder_s_lock_is_free_and_the_log_says_whose_it_was(tmp_path: Path) -> None:
    pid = in_child(lambda: lock(tmp_path).take())
    with pytest.raises(EngineError, match=f"pid {pid}"):
        lock(tmp_path).take()
    os.kill(pid, signal.SIGKILL)  # and at once, not waited for: its end is waited for here
    lines: list[str] = []
    after = lock(tmp_path, lines)
    after.take(GRACE)
    assert lines == [f"* The engine with pid {pid} is gone: its lock {NAME} is taken over."]
    assert (tmp_path / NAME).read_text() == f"{os.getpid()}\n"
    after.release()
    os.waitpid(pid, 0)


@pytest.mark.parametrize("left", ["", "1\n", "garbage", "99999999999999999999\n"])
def test_a_file_that_nobody_holds_is_taken_whatever_is_in_it(tmp_path: Path, left: str) -> None:
    (tmp_path / NAME).write_text(left)  # pid 1 lives, but it has no lock
    held = lock(tmp_path)
    held.take()
    held.release()
    assert list(tmp_path.iterdir()) == []


def test_a_file_removed_by_its_last_holder_between_opening_and_locking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    first, second = lock(tmp_path), lock(tmp_path)
    first.take()
    flock = fcntl.flock

    def late(fd: int, operation: int) -> None:
        first.release()
        flock(fd, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    second.take()
    monkeypatch.undo()
    assert (tmp_path / NAME).exists()  # what is locked is the file of that name
    with pytest.raises(EngineError):
        lock(tmp_path).take()
    second.release()


def test_where_no_file_can_be_written_it_goes_on_with_a_warning() -> None:
    lines: list[str] = []
    missing = lock(Path("/proc"), lines)
    missing.take()
    missing.take()
    assert len(lines) == 1 and "can't lock /proc/cowscope.lock: No such file" in lines[0], lines
    assert not missing.held
