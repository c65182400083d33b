"""The modelled power cut over real files, judged by an account kept apart from it."""

from __future__ import annotations

import errno
import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import power_cut
from engine.disk import APPEND, REPLACE, Disk, write_all
from engine.disk_model import AfterCut, DiskModel, Left
from engine.file_extents import live
from engine.forking import fork
from engine.ledger_disk import LedgerDisk
from engine.ledger_records import (
    Cutting,
    Done,
    LedgerError,
    Opened,
    Syncing,
    SyncingFolder,
    Unlinking,
    parse,
)
from engine.power_cut import CutReport, cut
from tests.engine.disk_history import Account, Call, complaint, contents, random_calls

EXAMPLE = [
    Call("append", "a", size=100), Call("sync", "a"), Call("folder", "a"),
    Call("append", "a", size=5000), Call("append", "b", size=9), Call("rename", "b", "a"),
]  # fmt: skip


class QuickDisk(Disk):
    """Syncs nothing: the model goes by what it is told. `refused` makes the next syncs fail."""

    refused = 0

    def fdatasync(self, fd: int) -> None:
        if self.refused:
            self.refused -= 1
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    fsync = fdatasync

    def fsync_directory(self, path: str) -> None:
        os.stat(path)


class World:
    """A data folder and its ledger, side by side."""

    def __init__(self, root: str, below: Disk | None = None) -> None:
        self.data, self.ledger = os.path.join(root, "data"), os.path.join(root, "ledger")
        os.makedirs(self.data, exist_ok=True)
        self.disk = LedgerDisk(below or QuickDisk(), self.ledger, self.data)

    def path(self, name: str) -> str:
        return os.path.join(self.data, name)

    def write(self, name: str, data: bytes, flags: int = APPEND) -> int:
        fd = self.disk.open(self.path(name), flags)
        write_all(self.disk, fd, data)
        return fd

    def durable(self, name: str, data: bytes) -> None:
        fd = self.write(name, data)
        self.disk.fsync(fd)
        self.disk.close(fd)
        self.disk.fsync_directory(self.data)

    def cut(self, seed: int | None = None) -> CutReport:
        os.close(self.disk._writer.fd)  # as the kill of the process does
        return cut(self.data, self.ledger, seed)


def judge(calls: list[Call], seed: int | None) -> str:
    """The complaint about a cut after these calls."""
    with tempfile.TemporaryDirectory() as root:
        world = World(root)
        account = Account(world.disk, world.data)
        account.run(calls)
        world.cut(seed)
        return complaint(account, contents(world.data), worst=seed is None)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 40), st.none() | st.integers(0, 99))
def test_a_cut_leaves_what_it_may_leave(calls: int, count: int, seed: int | None) -> None:
    assert not judge(random_calls(calls, count, truncating=True), seed)


def keeps_everything(self: DiskModel, _seed: int | None, size: Callable[[int], int]) -> AfterCut:
    files = {name: inode for name, inode in self.names.items() if inode.number}
    return AfterCut(
        {name: Left(inode, live(size(inode.number))) for name, inode in files.items()},
        {name for name, inode in self.names.items() if not inode.number},
    )


def _drops_everything(_self: DiskModel, _seed: int | None, _size: Callable[[int], int]) -> AfterCut:
    return AfterCut({}, set())


@pytest.mark.parametrize("planted", [keeps_everything, _drops_everything])
def test_a_planted_model_is_found_out(
    monkeypatch: pytest.MonkeyPatch, planted: Callable[..., AfterCut]
) -> None:
    monkeypatch.setattr(DiskModel, "after_cut", planted)
    assert judge(EXAMPLE, None)
    assert sum(bool(judge(random_calls(seed, 30), None)) for seed in range(20)) >= 15
    if planted is _drops_everything:
        assert judge(EXAMPLE, 1)


def in_a_child(work: Callable[[], int]) -> int:
    """The exit code of a forked child that does this."""
    forked = fork(work, name="a-child", log=lambda *_: None)
    return os.waitstatus_to_exitcode(os.waitpid(forked.pid, 0)[1])


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(str(tmp_path))


def test_the_worst_case_takes_all_that_was_not_synced(world: World) -> None:
    world.durable("log", b"safe")
    world.write("log", b"lost" * 2000)
    world.disk.fdatasync(world.write("nameless", b"synced under a name that was not"))
    report = world.cut()
    assert contents(world.data) == {"log": b"safe"}
    log, nameless = report.files
    assert (log.fate, log.written, log.durable, log.kept, log.lost) == ("cut", 8004, 4, 4, 8000)
    assert (nameless.fate, nameless.durable, nameless.lost) == ("gone", 0, nameless.written)


def test_an_unsynced_rename_and_an_unsynced_removal_are_undone(world: World) -> None:
    world.durable("dump", b"old")
    world.durable("other", b"other")
    world.disk.fsync(world.write("temp", b"newer"))
    world.disk.rename(world.path("temp"), world.path("dump"))
    world.disk.unlink(world.path("other"))
    report = world.cut()
    assert contents(world.data) == {"dump": b"old", "other": b"other"}
    assert [(file.fate, file.kept) for file in report.files] == [("older", 0), ("back", 0)]


def test_a_rename_before_the_fsync_leaves_a_name_without_its_bytes(world: World) -> None:
    world.durable("dump", b"old")
    world.write("temp", b"newer")
    world.disk.rename(world.path("temp"), world.path("dump"))
    world.disk.fsync_directory(world.data)
    world.cut()
    assert contents(world.data) == {"dump": b""}


def test_an_unsynced_truncation_is_undone(world: World) -> None:
    world.durable("log", b"0123456789")
    fd = world.disk.open(world.path("log"), APPEND)
    world.disk.ftruncate(fd, 4)
    write_all(world.disk, fd, b"abc")
    world.write("log", b"xy", REPLACE)
    world.cut()
    assert contents(world.data) == {"log": b"0123456789"}


def test_a_synced_truncation_stays(world: World) -> None:
    world.durable("log", b"0123456789")
    fd = world.disk.open(world.path("log"), APPEND)
    world.disk.ftruncate(fd, 4)
    write_all(world.disk, fd, b"abc")
    world.disk.fdatasync(fd)
    world.cut()
    assert contents(world.data) == {"log": b"0123abc"}


def test_a_later_fsync_says_nothing_about_pages_whose_fsync_failed(tmp_path: Path) -> None:
    below = QuickDisk()
    world = World(str(tmp_path), below)
    world.durable("log", b"s" * 100)
    fd = world.write("log", b"d" * 10000)
    below.refused = 1
    with pytest.raises(OSError):
        world.disk.fdatasync(fd)
    write_all(world.disk, fd, b"n" * 10)
    world.disk.fdatasync(fd)
    world.cut()
    # pages 0 and 1 were never written again; the third was, by the append after the failure
    assert contents(world.data)["log"] == (
        b"s" * 100 + bytes(8092) + b"d" * (10100 - 8192) + b"n" * 10
    )


def test_seeds_leave_holes_torn_sectors_and_either_name(tmp_path: Path) -> None:
    seen = set()
    for seed in range(60):
        root = tmp_path / str(seed)
        root.mkdir()
        world = World(str(root))
        world.durable("dump", b"old")
        fd = world.write("temp", b"x" * 20000)
        world.disk.rename(world.path("temp"), world.path("dump"))
        world.cut(seed)
        os.close(fd)
        data = contents(world.data)["dump"]
        if data == b"old":
            seen.add("old name")
        elif data == b"x" * 20000:
            seen.add("all")
        elif b"x" in data and b"\0" in data.rstrip(b"\0"):
            seen.add("hole")
        elif data.endswith(b"\0"):
            assert len(data) % 512 == 0 or len(data) == 20000
            seen.add("torn")
        elif data:
            assert len(data) % 512 == 0
            seen.add("shorter")
    assert seen == {"old name", "all", "hole", "torn", "shorter"}


def test_a_seed_says_it_all(tmp_path: Path) -> None:
    left = []
    for name in "ab":
        (tmp_path / name).mkdir()
        world = World(str(tmp_path / name))
        Account(world.disk, world.data).run(random_calls(5, 40))
        world.cut(7)
        left.append(contents(world.data))
    assert left[0] == left[1]


def test_what_is_left_is_durable_for_the_next_engine(world: World, tmp_path: Path) -> None:
    world.durable("log", b"first")
    world.write("log", b"lost")
    world.cut()
    again = World(str(tmp_path))
    again.write("log", b"lost, too")
    again.cut()
    assert contents(world.data) == {"log": b"first"}


def test_a_killed_engines_pages_are_not_durable_for_the_next_one(
    world: World, tmp_path: Path
) -> None:
    world.durable("log", b"first")
    world.write("log", b", in the page cache")
    os.close(world.disk._writer.fd)
    again = World(str(tmp_path))
    again.write("log", b"more")
    again.cut()
    assert contents(world.data) == {"log": b"first"}


def test_files_from_before_the_ledger_are_durable(world: World) -> None:
    Path(world.path("dump")).write_bytes(b"from a backup")
    Path(world.path("engine.log")).write_bytes(b"never touched")
    world.disk.rename(world.path("dump"), world.path("dump.old"))
    world.write("dump", b"new")
    world.cut()
    assert contents(world.data) == {"dump": b"from a backup", "engine.log": b"never touched"}


def test_a_child_writes_the_same_ledger(world: World) -> None:
    world.durable("log", b"first")

    def save() -> int:
        world.durable("dump", b"the child's")
        return 0

    assert in_a_child(save) == 0
    world.write("log", b"lost")
    world.cut()
    assert contents(world.data) == {"log": b"first", "dump": b"the child's"}


def test_an_fsync_that_was_killed_was_not_completed(world: World) -> None:
    world.durable("log", b"first")

    def be_killed(_fd: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def sync() -> int:
        world.disk._below.fdatasync = be_killed  # type: ignore[method-assign]
        world.disk.fdatasync(world.write("log", b"lost"))
        return 0

    assert in_a_child(sync) == -signal.SIGKILL
    world.cut()
    assert contents(world.data) == {"log": b"first"}


def test_the_ledger_holds_no_file_for_longer_than_a_cut_could_bring_it_back(world: World) -> None:
    for n in range(5):
        world.durable("temp", b"%d" % n)
        world.disk.rename(world.path("temp"), world.path("dump"))
    assert len(os.listdir(world.disk._ledger.inodes)) > 1
    world.disk.fsync_directory(world.data)
    assert len(os.listdir(world.disk._ledger.inodes)) == 1
    world.cut()
    assert contents(world.data) == {"dump": b"4"}


def test_a_line_torn_by_a_kill_is_passed_over(world: World, tmp_path: Path) -> None:
    world.durable("log", b"first")
    os.write(world.disk._writer.fd, b'{"do":"sync')
    os.close(world.disk._writer.fd)
    again = World(str(tmp_path))
    again.durable("log", b", second")
    again.cut()
    assert contents(world.data) == {"log": b"first, second"}


def test_a_cut_waits_for_who_still_writes_and_then_refuses(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(power_cut, "WAIT_SECONDS", 0.05)
    with pytest.raises(LedgerError, match="still written to: kill"):
        cut(world.data, world.ledger)


def test_places_that_cannot_be(tmp_path: Path) -> None:
    data = str(tmp_path)
    with pytest.raises(LedgerError, match="absolute path"):
        LedgerDisk(Disk(), "ledger", data)
    with pytest.raises(LedgerError, match="can't be in"):
        LedgerDisk(Disk(), str(tmp_path / "ledger"), data)
    with pytest.raises(LedgerError, match="file system"):
        LedgerDisk(Disk(), "/dev/shm/cowscope-no-ledger", data)
    with pytest.raises(LedgerError, match="cowscope-disk-ledger"):
        cut(data, str(tmp_path / "none"))


def test_the_ledger_of_another_folder_is_refused(world: World, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(LedgerError, match="not of"):
        LedgerDisk(Disk(), world.ledger, str(tmp_path / "other"))


def test_a_number_that_another_file_has_by_now_is_that_file() -> None:
    model = DiskModel(
        [
            *(Opened("log", 7, 100), Unlinking("1", "log", 7, 100), Done("1")),
            *(SyncingFolder("2", ""), Done("2")),
            Opened("dump", 7, 30),  # put there by others, with the number that was free again
        ]
    )
    assert model.after_cut(None, lambda _number: 30).files["dump"].content == live(30)


def test_lines_that_cannot_follow_are_refused() -> None:
    for record in (Done("1"), Syncing("1", 7, 100), Cutting(7, 0, 10, "kept")):
        with pytest.raises(LedgerError, match="begin a new one"):
            DiskModel([record])
    with pytest.raises(LedgerError, match="line 2"):
        parse(b'{"do":"done","token":"1"}\n{"do":"dance"}\n')
