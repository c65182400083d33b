from __future__ import annotations

import errno
import os
import random
import resource
import select
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.arena import Arena
from engine.child_control import ParentEnd
from engine.disk import Disk
from engine.forking import CANCELLED_STATUS
from engine.keyspace import Keyspace
from engine.rdb_reader import count_keys, read
from engine.running_child import Ending, RunningChild
from engine.snapshot import DumpSettings, SaveError, bgsave, save
from tests.engine.fake_disk import FakeDisk

needs_fork = pytest.mark.skipif(sys.platform != "linux", reason="forks as the engine does")


class Log:
    """Lines of this process, and of its children through a file that both append to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._path.touch()

    def __call__(self, level: str, text: str) -> None:
        role = "M" if os.getpid() == self.parent else "C"
        with self._path.open("a") as file:
            file.write(f"{role} {level} {text}\n")

    parent = os.getpid()

    @property
    def lines(self) -> list[str]:
        return self._path.read_text().splitlines()


@pytest.fixture
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return Log(tmp_path_factory.mktemp("log") / "log")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def filled(keys: int = 200) -> Keyspace:
    chance = random.Random(keys)
    keyspace = Keyspace(Arena(4096))
    for number in range(keys):
        keyspace.databases[number % 16].set(b"key:%d" % number, chance.randbytes(100))
    return keyspace


Start = Callable[..., RunningChild]


@pytest.fixture
def start(folder: Path, log: Log) -> Iterator[Start]:
    running: list[RunningChild] = []

    def fork(keyspace: Keyspace, *, hold: bool = False, **options: int) -> RunningChild:
        control = ParentEnd()
        if hold:
            control.hold()
        settings = DumpSettings(str(folder), **options)  # type: ignore[arg-type]
        running.append(bgsave(keyspace, Disk(), settings, control, log))
        return running[-1]

    yield fork
    for snapshot in running:
        try:
            os.kill(snapshot.pid, signal.SIGKILL)
            os.waitpid(snapshot.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


def until_held(snapshot: RunningChild) -> None:
    while True:
        ready, _, _ = select.select([snapshot.control.report_fd], [], [], 10)
        assert ready, "no report within 10 s"
        assert not snapshot.control.ended
        if any(report.state == "held" for report in snapshot.read_reports()):
            return


def ended(snapshot: RunningChild) -> Ending:
    ending = snapshot.reap(block=True)
    assert ending is not None
    return ending


# -- SAVE --------------------------------------------------------------------------------------


def test_save_writes_everything_in_the_order_that_keeps_it(log: Log) -> None:
    disk = FakeDisk("/d")
    disk.put("/d/dump.rdb", b"old")
    keyspace = filled()
    saved = save(keyspace, disk, DumpSettings("/d"), log)
    temporary = f"temp-{os.getpid()}.rdb"
    calls = [call for call in disk.calls if call[0] != "write"]
    assert calls == [
        ("open", temporary),
        ("fsync", temporary),
        ("rename", "dump.rdb"),
        ("fsync_directory", "d"),
    ]
    assert saved.keys == 200
    assert saved.bytes == len(disk.content("/d/dump.rdb"))
    assert log.lines == ["M * DB saved on disk"]
    disk.crash()
    assert count_keys("/d/dump.rdb", disk) == 200
    assert list(disk.names) == ["/d/dump.rdb"]


@pytest.mark.parametrize("call", ["open", "write", "fsync", "rename", "fsync_directory"])
@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_a_crash_at_any_step_leaves_the_old_dump_or_the_new_one(
    log: Log, call: str, seed: int | None
) -> None:
    class PowerCut(Exception):
        pass

    def cut() -> int:
        raise PowerCut

    disk = FakeDisk("/d")
    save(filled(7), disk, DumpSettings("/d"), log)
    disk.fail[call] = cut
    with pytest.raises(PowerCut):
        save(filled(9), disk, DumpSettings("/d"), log)
    disk.fail.clear()
    disk.crash(seed)
    assert count_keys("/d/dump.rdb", disk) in (7, 9)


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (
            "open",
            "Failed opening the temp RDB file temp-{pid}.rdb (in server root dir /d) for saving: "
            "Input/output error",
        ),
        ("write", "Write error saving DB on disk(rdbSaveRio): Input/output error"),
        ("fsync", "Write error saving DB on disk(fsync): Input/output error"),
        (
            "rename",
            "Error moving temp DB file temp-{pid}.rdb on the final destination dump.rdb "
            "(in server root dir /d): Input/output error",
        ),
        ("fsync_directory", "Write error saving DB on disk(fsyncFileDir): Input/output error"),
    ],
)
def test_a_failing_disk_is_one_line_and_the_old_dump(log: Log, call: str, line: str) -> None:
    disk = FakeDisk("/d")
    disk.put("/d/dump.rdb", b"old")
    disk.fail[call] = lambda: errno.EIO
    with pytest.raises(SaveError):
        save(filled(), disk, DumpSettings("/d"), log)
    assert log.lines == ["M # " + line.format(pid=os.getpid())]
    assert list(disk.names) == ["/d/dump.rdb"]
    assert not disk.open_files
    if call != "fsync_directory":  # then it has its new name already
        assert disk.content("/d/dump.rdb") == b"old"


def test_a_dump_that_would_miss_a_key_is_given_up(log: Log) -> None:
    disk = FakeDisk("/d")
    disk.put("/d/dump.rdb", b"old")
    keyspace = filled()
    keyspace.databases[0].keys.popitem()
    with pytest.raises(SaveError, match="would not be the data"):
        save(keyspace, disk, DumpSettings("/d"), log)
    assert disk.content("/d/dump.rdb") == b"old"


# -- BGSAVE ------------------------------------------------------------------------------------


@needs_fork
def test_the_child_writes_memory_as_it_was_at_the_fork(
    start: Start, folder: Path, log: Log
) -> None:
    keyspace = filled()
    before = sorted((db.index, key, db.get(key), 0) for db in keyspace.databases for key in db.keys)
    snapshot = start(keyspace, hold=True)
    until_held(snapshot)
    for database in keyspace.databases:
        for key in list(database.keys):
            database.set(key, b"changed after the fork")
    keyspace.databases[0].set(b"new", b"v")
    keyspace.databases[1].clear()
    snapshot.control.release()
    ending = ended(snapshot)
    assert sorted(read(str(folder / "dump.rdb"))) == before
    assert ending.saved is not None
    assert ending.saved.keys == snapshot.total_keys == 200
    assert ending.saved.bytes == (folder / "dump.rdb").stat().st_size
    assert (ending.status, ending.signal, ending.cancelled) == (0, 0, False)
    assert ending.cow_kb > 0
    assert ending.usec >= ending.saved.usec > 0
    assert os.listdir(folder) == ["dump.rdb"]
    pid = snapshot.pid
    assert f"M * Background saving started by pid {pid}" in log.lines
    assert log.lines[-3] == "C * DB saved on disk"
    assert log.lines[-2].startswith("C * Fork CoW for RDB: current ")
    assert log.lines[-1] == "M * Background saving terminated with success"


@needs_fork
def test_the_dump_grows_under_a_name_of_its_own(start: Start, folder: Path) -> None:
    (folder / "dump.rdb").write_bytes(b"old")
    snapshot = start(filled(), hold=True)
    until_held(snapshot)
    assert sorted(os.listdir(folder)) == ["dump.rdb", f"temp-{snapshot.pid}.rdb"]
    assert (folder / "dump.rdb").read_bytes() == b"old"
    size = (folder / f"temp-{snapshot.pid}.rdb").stat().st_size
    assert size == snapshot.bytes > 0
    assert snapshot.reap() is None
    snapshot.control.release()
    assert ended(snapshot).saved is not None


@needs_fork
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV])
def test_a_killed_child_leaves_the_old_dump(
    start: Start, folder: Path, log: Log, number: int
) -> None:
    (folder / "dump.rdb").write_bytes(b"old")
    snapshot = start(filled(), hold=True)
    until_held(snapshot)
    os.kill(snapshot.pid, number)
    ending = ended(snapshot)
    assert (ending.status, ending.signal, ending.cancelled) == (0, number, False)
    assert ending.saved is None
    assert (folder / "dump.rdb").read_bytes() == b"old"
    assert os.listdir(folder) == ["dump.rdb"]
    assert log.lines[-1] == f"M # Background saving terminated by signal {int(number)}"


@needs_fork
def test_a_cancelled_child_is_no_error(start: Start, folder: Path, log: Log) -> None:
    snapshot = start(filled(), hold=True)
    until_held(snapshot)
    snapshot.cancel()
    ending = ended(snapshot)
    assert (ending.status, ending.cancelled) == (CANCELLED_STATUS, True)
    assert ending.saved is None
    assert os.listdir(folder) == []
    assert log.lines[-1] == "M # Background saving terminated by signal 10"


@needs_fork
def test_a_folder_that_is_gone(start: Start, folder: Path, log: Log) -> None:
    folder.rmdir()
    snapshot = start(filled())
    ending = ended(snapshot)
    assert (ending.status, ending.saved, ending.cancelled) == (1, None, False)
    assert ending.reports[-1].state == "failed"
    reason = (
        f"Failed opening the temp RDB file temp-{snapshot.pid}.rdb (in server root dir {folder}) "
        "for saving: No such file or directory"
    )
    assert ending.reports[-1].log == [("#", reason)]
    assert f"C # {reason}" in log.lines
    assert log.lines[-1] == "M # Background saving error"


@needs_fork
def test_a_file_that_may_not_grow(start: Start, folder: Path, log: Log) -> None:
    """A limit on file sizes stands for a full disk: write(2) takes a part, then refuses."""
    (folder / "dump.rdb").write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        snapshot = start(filled())
        ending = ended(snapshot)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert ending.status == 1
    assert "C # Write error saving DB on disk(rdbSaveRio): File too large" in log.lines
    assert os.listdir(folder) == ["dump.rdb"]
    assert (folder / "dump.rdb").read_bytes() == b"old"


@needs_fork
def test_key_save_delay_slows_the_child(start: Start) -> None:
    snapshot = start(filled(50), key_delay_usec=2000)
    assert ended(snapshot).usec >= 50 * 2000


@needs_fork
def test_what_the_child_copies_by_itself_does_not_grow_with_the_data(start: Start) -> None:
    small = ended(start(filled(10_000))).cow_kb  # enough to fill the writer's buffers
    keyspace = filled(50_000)
    large = ended(start(keyspace)).cow_kb
    assert keyspace.arena.used_bytes > 6 << 20
    assert large - small < 1500
