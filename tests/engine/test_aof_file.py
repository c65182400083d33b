from __future__ import annotations

import errno
import shutil
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.aof_file import AofFatalError, AppendOnlyFile
from engine.aof_folder import AofFolder
from engine.aof_format import encode, parse_fast
from engine.aof_loader import Loader
from engine.aof_policy import DISK_BUSY, WRITE_FATAL, AofPolicy, Policy
from engine.bio import Bio
from engine.disk import Disk
from engine.errors import EngineError
from engine.manifest import Manifest
from engine.rdb_writer import empty_base
from tests.engine.fake_disk import FakeDisk
from tests.engine.redis_reference import REDIS_SERVER, RedisServer

CHECK_AOF = shutil.which("redis-check-aof")
INCR = "data/appendonlydir/appendonly.aof.1.incr.aof"
SELECT_0 = encode([b"SELECT", b"0"])


def put(key: bytes, value: bytes = b"v") -> list[bytes]:
    return [b"SET", key, value]


class Trial:
    """An open AOF on a disk that forgets, at 100 s of its clock."""

    def __init__(self, policy: Policy = "everysec", *, timestamps: bool = False) -> None:
        self.disk = FakeDisk("data")
        self.lines: list[str] = []
        self.facts: list[tuple[object, ...]] = []
        self.unix = 1_700_000_000.0
        self.bio = Bio(self.disk)
        self.aof = AppendOnlyFile(
            self.disk,
            self.bio,
            self.log,
            AofPolicy(policy),
            timestamps=timestamps,
            wall_clock=lambda: self.unix,
            dirty_pages=lambda fd: 0,
        )
        self.open()

    def log(self, _: str, text: str) -> None:
        self.lines.append(text)

    def open(self) -> None:
        self.folder = AofFolder(self.disk, "data", self.log)
        self.manifest = self.folder.complete(self.folder.read())
        self.aof.open(self.folder, self.manifest, 100.0)
        self.lines.clear()
        self.disk.calls.clear()

    def watch(self) -> None:
        def note(name: str, *fact: object) -> None:
            self.facts.append((name, *fact))

        self.aof.on_append = lambda file, start, end, data: note("append", start, end, data)
        self.aof.on_write = lambda file, start, end, usec: note("write", start, end)
        self.aof.on_fsync = lambda file, start, end, usec, *rest: note("fsync", start, end, *rest)
        self.aof.on_delayed = lambda usec: note("delayed", usec)
        self.aof.on_refusal = lambda refusal: note("refusal", refusal)

    @property
    def data(self) -> bytes:
        return self.disk.content(INCR)


def test_commands_in_file_order_with_their_database() -> None:
    trial = Trial("no")
    for db, key in ((0, b"a"), (0, b"b"), (3, b"c"), (0, b"d")):
        trial.aof.append(db, put(key))
    trial.aof.append(0, [b"DEL", b"a"])
    trial.aof.flush(100.0)
    assert parse_fast(trial.data) == [
        [b"SELECT", b"0"],
        put(b"a"),
        put(b"b"),
        [b"SELECT", b"3"],
        put(b"c"),
        [b"SELECT", b"0"],
        put(b"d"),
        [b"DEL", b"a"],
    ]


def test_a_clients_own_bytes_are_taken_as_they_are() -> None:
    trial = Trial("no")
    trial.aof.append(0, [b"set", b"a", b"1"], wire := encode([b"set", b"a", b"1"]))
    trial.aof.append(2, [b"set", b"a", b"1"], wire)
    trial.aof.flush(100.0)
    select = [encode([b"SELECT", b"%d" % db]) for db in (0, 2)]
    assert trial.data == select[0] + wire + select[1] + wire


def test_a_turn_is_one_write_and_one_sync_before_any_reply() -> None:
    trial = Trial("always")
    trial.watch()
    trial.aof.append(0, put(b"a"))
    trial.aof.append(0, put(b"b"))
    assert trial.disk.calls == []
    trial.aof.flush(100.0)
    assert [call for call, _ in trial.disk.calls] == ["write", "fdatasync"]
    size = len(trial.data)
    first = len(SELECT_0 + encode(put(b"a")))
    assert [fact[:3] for fact in trial.facts] == [
        ("append", 0, first),
        ("append", first, size),
        ("write", 0, size),
        ("fsync", 0, size),
    ]
    assert trial.facts[1][3] == b"*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\nv\r\n"
    assert trial.facts[3][3:] == ("always", "main", 0)
    trial.aof.flush(100.0)
    assert len(trial.disk.calls) == 2


def test_everysec_syncs_in_the_background() -> None:
    trial = Trial()
    trial.watch()
    trial.aof.append(0, put(b"a"))
    trial.aof.flush(100.5)
    tail = trial.aof.tail(100.5)
    assert (tail.fsynced, tail.written, tail.next_fsync_at) == (0, len(trial.data), 101.0)
    trial.aof.flush(101.0)
    assert trial.bio.drain()
    trial.aof.collect()
    assert trial.facts[-1] == ("fsync", 0, len(trial.data), "everysec", "bio", 0)
    tail = trial.aof.tail(101.0)
    assert (tail.fsynced, tail.pending_bio_fsync) == (len(trial.data), 0)
    trial.bio.stop()


def test_a_slow_sync_postpones_the_write_for_two_seconds() -> None:
    trial = Trial()
    go = threading.Event()
    trial.disk.fail["fdatasync"] = lambda: 0 * go.wait(20)
    trial.watch()
    trial.aof.append(0, put(b"a"))
    trial.aof.flush(101.0)
    written = len(trial.data)
    trial.aof.append(0, put(b"b"))
    trial.aof.flush(101.5)
    trial.aof.flush(103.0)
    tail = trial.aof.tail(103.0)
    assert (len(trial.data), tail.buffer_length) == (written, len(encode(put(b"b"))))
    trial.aof.flush(103.5)
    assert len(trial.data) > written
    assert trial.lines == [DISK_BUSY]
    assert ("delayed", 2_000_000) in trial.facts
    assert trial.aof.tail(103.5).delayed_fsync == 1
    go.set()
    trial.bio.stop()


def test_nobody_watching_nothing_counted() -> None:
    trial = Trial("always")
    asked: list[int] = []
    trial.aof._dirty_pages = lambda fd: asked.append(fd) or 5  # type: ignore[func-returns-value]
    trial.aof.append(0, put(b"a"))
    trial.aof.flush(100.0)
    assert asked == []
    trial.watch()
    trial.aof.append(0, put(b"b"))
    trial.aof.flush(100.0)
    assert len(asked) == 1 and trial.facts[-1][-1] == 5


def test_a_transaction_is_wrapped_if_it_has_two_changes() -> None:
    trial = Trial("no")
    trial.aof.append_transaction([])
    trial.aof.append_transaction([(0, put(b"a"))])
    trial.aof.append_transaction([(0, put(b"b")), (1, put(b"c"))])
    trial.aof.flush(100.0)
    assert parse_fast(trial.data) == [
        [b"SELECT", b"0"],
        put(b"a"),
        [b"MULTI"],
        put(b"b"),
        [b"SELECT", b"1"],
        put(b"c"),
        [b"EXEC"],
    ]


def test_a_timestamp_when_the_second_changed() -> None:
    trial = Trial("no", timestamps=True)
    trial.aof.append(0, put(b"a"))
    trial.aof.append(0, put(b"b"))
    trial.unix += 1
    trial.aof.append_transaction([(0, put(b"c")), (0, put(b"d"))])
    trial.aof.flush(100.0)
    assert trial.data == b"".join(
        [
            b"#TS:1700000000\r\n" + SELECT_0,
            encode(put(b"a")) + encode(put(b"b")),
            b"#TS:1700000001\r\n" + encode([b"MULTI"]),
            encode(put(b"c")) + encode(put(b"d")) + encode([b"EXEC"]),
        ]
    )


def test_going_on_after_a_restart_selects_again() -> None:
    trial = Trial("always")
    trial.aof.append(0, put(b"a"))
    trial.aof.flush(100.0)
    first = trial.data
    trial.open()
    trial.aof.append(0, put(b"b"))
    assert trial.aof.tail(100.0).appended == len(first) + len(SELECT_0 + encode(put(b"b")))
    trial.aof.flush(100.0)
    assert trial.data == first + SELECT_0 + encode(put(b"b"))


def test_a_full_disk_refuses_writes_until_it_has_room() -> None:
    trial = Trial()
    trial.watch()
    trial.disk.room = 10
    trial.aof.append(0, put(b"a"))
    trial.aof.flush(100.0)
    assert trial.data == b""
    assert trial.lines[0].startswith("Short write while writing to the AOF file: (nwritten=10, ")
    assert trial.facts[-1] == (
        "refusal",
        "MISCONF Errors writing to the AOF file: No space left on device",
    )
    trial.disk.room = None
    trial.aof.flush(101.0)
    assert trial.data == SELECT_0 + encode(put(b"a"))
    assert trial.lines[-1] == "AOF write error looks solved, Redis can write again."
    assert ("refusal", None) in trial.facts
    trial.bio.stop()


def test_always_stops_the_server_rather_than_break_its_word() -> None:
    trial = Trial("always")
    trial.disk.room = 0
    trial.aof.append(0, put(b"a"))
    with pytest.raises(AofFatalError, match="Can't recover from AOF write error"):
        trial.aof.flush(100.0)
    assert trial.lines[-1] == WRITE_FATAL


def test_a_failed_background_sync_refuses_writes() -> None:
    trial = Trial()
    trial.watch()
    trial.disk.fail["fdatasync"] = lambda: errno.EIO
    trial.aof.append(0, put(b"a"))
    trial.aof.flush(101.0)
    trial.bio.stop()
    trial.aof.collect()
    assert trial.lines == ["Fail to fsync the AOF file: Input/output error"]
    assert trial.aof.policy.refusal == "MISCONF Errors writing to the AOF file: Input/output error"
    assert not [fact for fact in trial.facts if fact[0] == "fsync"]


@pytest.mark.parametrize("policy", ["always", "everysec", "no"])
def test_stopping_makes_everything_safe(policy: Policy) -> None:
    trial = Trial(policy)
    trial.aof.append(0, put(b"a"))
    trial.aof.stop(100.0)
    assert trial.lines == ["Calling fsync() on the AOF file."]
    trial.aof.append(0, put(b"b"))
    trial.aof.turn_off(100.0)
    trial.bio.stop()
    assert not trial.aof.enabled and not trial.disk.open_files
    trial.disk.crash()
    assert trial.data == SELECT_0 + encode(put(b"a")) + encode(put(b"b"))


def test_turning_off_on_a_full_disk_tells_what_is_lost() -> None:
    trial = Trial()
    trial.disk.room = 0
    trial.aof.append(0, put(b"a"))
    trial.aof.turn_off(100.0)
    assert trial.lines[-1].startswith("50 bytes of the AOF buffer could not be written")
    trial.disk.room = None
    trial.open()
    assert trial.aof.tail(100.0).appended == 0


def test_sizes() -> None:
    trial = Trial("no")
    trial.disk.put("data/appendonlydir/appendonly.aof.1.base.aof", b"12345")
    trial.open()
    trial.aof.append(0, put(b"a"))
    trial.aof.flush(100.0)
    tail = trial.aof.tail(100.0)
    assert (tail.base_size, tail.current_size) == (5, 5 + len(trial.data))


def test_a_file_that_cannot_be_opened_gets_one_clear_line() -> None:
    trial = Trial()
    trial.disk.fail["open"] = lambda: errno.EACCES
    with pytest.raises(EngineError, match=r"Can't open the append-only file .*Permission denied"):
        trial.aof.open(trial.folder, trial.manifest, 100.0)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.lists(st.lists(st.binary(min_size=1, max_size=9), max_size=3), max_size=6),
    st.sampled_from(["always", "no"]),
    st.none() | st.integers(0, 99),
)
def test_what_is_loaded_after_a_power_cut(
    turns: list[list[bytes]], policy: Policy, seed: int | None
) -> None:
    trial = Trial(policy)
    written: list[list[bytes]] = []
    for turn in turns:
        for key in turn:
            written.append(put(key))
            trial.aof.append(0, put(key))
        trial.aof.flush(100.0)
    trial.disk.crash(seed)
    loaded: list[list[bytes]] = []
    folder = AofFolder(trial.disk, "data", trial.log)
    Loader(
        trial.disk,
        folder,
        trial.log,
        lambda commands: loaded.extend(c for c in commands if c[0] == b"SET"),
        is_command=bool,
        load_rdb=len,
    ).load(folder.read())
    assert loaded == written[: len(loaded)]
    if policy == "always":
        assert loaded == written


# the real tools


class RealFolder:
    """An AOF of ours in a real folder, as our server would leave it."""

    def __init__(self, root: Path, *, preamble: bool = True) -> None:
        self.root = root
        self.disk, self.bio = Disk(), Bio(Disk())
        self.folder = AofFolder(
            self.disk, str(root), lambda *_: None, empty_base=empty_base if preamble else None
        )

    @property
    def manifest(self) -> Manifest:
        return self.folder.read()

    def write(self, policy: Policy, *, timestamps: bool = False) -> None:
        manifest = self.folder.complete(self.folder.read())
        aof = AppendOnlyFile(
            self.disk, self.bio, lambda *_: None, AofPolicy(policy), timestamps=timestamps
        )
        aof.open(self.folder, manifest, 100.0)
        for number in range(500):
            aof.append(number % 3, put(b"key:%d" % number, bytes(range(256))))
            if number % 7 == 0:
                aof.flush(100.0 + number / 100)
        aof.append(0, [b"INCR", b"counter"])
        aof.append_transaction([(0, [b"APPEND", b"t", b"x"]), (5, put(b"five"))])
        aof.stop(200.0)
        aof.turn_off(200.0)
        self.bio.stop()


@pytest.mark.skipif(CHECK_AOF is None, reason="redis-check-aof is not installed")
@pytest.mark.parametrize("preamble", [True, False])
@pytest.mark.parametrize("timestamps", [True, False])
@pytest.mark.parametrize("policy", ["always", "everysec", "no"])
def test_redis_check_aof_accepts_it(
    tmp_path: Path, policy: Policy, timestamps: bool, preamble: bool
) -> None:
    real = RealFolder(tmp_path, preamble=preamble)
    real.write(policy, timestamps=timestamps)
    assert CHECK_AOF is not None
    done = subprocess.run(
        [CHECK_AOF, real.folder.manifest_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "All AOF files and manifest are valid" in done.stdout


@pytest.mark.skipif(REDIS_SERVER is None, reason="redis-server is not installed")
@pytest.mark.parametrize("preamble", [True, False])
def test_redis_server_loads_it_and_we_load_what_it_wrote(tmp_path: Path, preamble: bool) -> None:
    real = RealFolder(tmp_path, preamble=preamble)
    real.write("everysec", timestamps=True)
    server = RedisServer(tmp_path, "--appendonly", "yes")
    try:
        wire = server.connect()
        assert wire.call(b"DBSIZE") == b":169\r\n"
        assert wire.call(b"GET", b"key:498") == b"$256\r\n%b\r\n" % bytes(range(256))
        assert wire.call(b"GET", b"counter") == b"$1\r\n1\r\n"
        assert wire.call(b"SELECT", b"5") == b"+OK\r\n"
        assert wire.call(b"GET", b"five") == b"$1\r\nv\r\n"
        wire.call(b"SET", b"six", b"6")
        wire.close()
    finally:
        server.stop()
    executed: list[list[bytes]] = []

    def execute(commands: Sequence[list[bytes]]) -> None:
        executed.extend(commands)

    result = Loader(
        real.disk,
        real.folder,
        lambda *_: None,
        execute,
        is_command=lambda name: name.isalpha(),
        load_rdb=lambda path: Path(path).stat().st_size,
    ).load(real.manifest)
    assert executed[-1] == [b"SET", b"six", b"6"]
    assert result.truncated_bytes == 0 and [b"INCR", b"counter"] in executed
