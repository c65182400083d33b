from __future__ import annotations

import errno
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.aof_folder import AofFolder
from engine.aof_format import encode
from engine.aof_loader import Loader, LoadResult, RefusedCommandError
from engine.errors import CorruptFileError, EngineError
from engine.manifest import Manifest, ManifestFile
from tests.engine.fake_disk import FakeDisk

ROOT = "data/appendonlydir"
BASE = ManifestFile("appendonly.aof.1.base.aof", 1, "b")
ONE = ManifestFile("appendonly.aof.1.incr.aof", 1, "i")
TWO = ManifestFile("appendonly.aof.2.incr.aof", 2, "i")
KNOWN = {b"SET", b"SELECT", b"PING"}


def put(key: bytes, value: bytes = b"v") -> list[bytes]:
    return [b"SET", key, value]


def resp(*commands: list[bytes]) -> bytes:
    return b"".join(map(encode, commands))


class Trial:
    """A folder with some files, and what loading made of them."""

    def __init__(self, files: dict[ManifestFile, bytes], *, truncated_ok: bool = True) -> None:
        self.disk = FakeDisk("data", ROOT)
        self.files = files
        for file, data in files.items():
            self.disk.put(f"{ROOT}/{file.name}", data)
        self.lines: list[str] = []
        self.executed: list[list[bytes]] = []
        self.batches: list[int] = []
        self.rdb_end = 5
        self.truncated_ok = truncated_ok

    def load(self) -> LoadResult:
        def log(_: str, text: str) -> None:
            self.lines.append(text)

        def execute(commands: Sequence[list[bytes]]) -> None:
            for index, argv in enumerate(commands):
                if argv == [b"PING", b"no"]:
                    raise RefusedCommandError(index, "no PING with words", "Do this")
            self.executed += commands
            self.batches.append(len(commands))

        def load_rdb(path: str) -> int:
            self.executed.append([b"RDB", path.encode()])
            return self.rdb_end

        loader = Loader(
            self.disk,
            AofFolder(self.disk, "data", log),
            log,
            execute,
            is_command=lambda name: name.upper() in KNOWN,
            load_rdb=load_rdb,
            truncated_ok=self.truncated_ok,
        )
        base = next((file for file in self.files if file.type == "b"), None)
        increments = tuple(file for file in self.files if file.type == "i")
        return loader.load(Manifest(base, (), increments))

    def left(self, file: ManifestFile) -> bytes:
        return self.disk.content(f"{ROOT}/{file.name}")

    def fails(self) -> CorruptFileError:
        with pytest.raises(CorruptFileError) as caught:
            self.load()
        for file, data in self.files.items():
            assert self.left(file) == data, "a file that can't be loaded is left alone"
        return caught.value


def test_base_and_increments_in_order() -> None:
    trial = Trial({BASE: resp(put(b"1")), ONE: resp(put(b"2")), TWO: resp(put(b"3"))})
    result = trial.load()
    assert trial.executed == [put(b"1"), put(b"2"), put(b"3")]
    assert (result.file, result.commands, result.truncated_bytes) == (TWO.name, 3, 0)
    assert [line.partition(":")[0] for line in trial.lines] == [
        f"DB loaded from base file {BASE.name}",
        f"DB loaded from incr file {ONE.name}",
        f"DB loaded from incr file {TWO.name}",
        "DB loaded from append only file",
    ]


def test_nothing_to_load() -> None:
    assert Trial({}).load().file == ""
    trial = Trial({ONE: b""})
    result = trial.load()
    assert (result.file, result.commands, result.truncated_bytes) == (ONE.name, 0, 0)
    assert trial.executed == trial.lines == []


def test_a_dump_as_base_and_as_preamble() -> None:
    trial = Trial({BASE: b"REDIS", ONE: resp(put(b"1"))})
    trial.load()
    assert trial.executed == [[b"RDB", f"{ROOT}/{BASE.name}".encode()], put(b"1")]
    assert trial.lines[0] == "Reading RDB base file on AOF loading..."
    old = ManifestFile("appendonly.aof", 1, "b")
    trial = Trial({old: b"REDISxyz" + resp(put(b"1"))})
    trial.rdb_end = 8
    assert trial.load().commands == 1
    assert trial.lines[0] == "Reading RDB preamble from AOF file..."


def test_a_damaged_dump_ends_the_start() -> None:
    trial = Trial({BASE: b"REDIS"})

    def broken(path: str) -> int:
        raise CorruptFileError(path, 3, "bad checksum")

    loader = Loader(
        trial.disk,
        AofFolder(trial.disk, "data", print),
        lambda _, text: trial.lines.append(text),
        print,
        is_command=bool,
        load_rdb=broken,
    )
    with pytest.raises(CorruptFileError, match="at offset 3: bad checksum"):
        loader.load(Manifest(BASE))
    assert trial.lines[-1].endswith(f"RDB base file {BASE.name}, AOF loading aborted")


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.lists(
        st.builds(put, st.binary(max_size=5), st.sampled_from([b"", b"\r\n*3\r\n", b"x" * 50_000])),
        max_size=12,
    ),
    st.data(),
)
def test_a_cut_file_loads_up_to_its_last_whole_command(
    commands: list[list[bytes]], data: st.DataObject
) -> None:
    encoded = resp(*commands)
    cut = data.draw(st.integers(0, len(encoded)))
    trial = Trial({ONE: encoded[:cut]})
    result = trial.load()
    whole = commands[: len(trial.executed)]
    assert trial.executed == whole
    assert trial.left(ONE) == resp(*whole)
    assert result.truncated_bytes == cut - len(resp(*whole))
    assert len(whole) == len(commands) or cut < len(resp(*commands[: len(whole) + 1]))


def test_a_torn_tail_is_cut_off_for_good() -> None:
    trial = Trial({ONE: resp(put(b"1")) + b"*3\r\n$3\r\nSE"})
    assert trial.load().truncated_bytes == 10
    assert trial.lines[:3] == [
        f"!!! Warning: short read while loading the AOF file {ONE.name}!!!",
        f"!!! Truncating the AOF {ONE.name} at offset 27 !!!",
        f"AOF {ONE.name} loaded anyway because aof-load-truncated is enabled",
    ]
    trial.disk.crash()
    assert trial.left(ONE) == resp(put(b"1"))


def test_a_torn_tail_is_refused_without_aof_load_truncated() -> None:
    trial = Trial({ONE: resp(put(b"1")) + b"*3\r\n$3\r\nSE"}, truncated_ok=False)
    error = trial.fails()
    assert (error.offset, error.path) == (27, f"{ROOT}/{ONE.name}")
    assert error.what == "Unexpected end of file reading the append only file"
    assert "2) Alternatively you can set the 'aof-load-truncated'" in trial.lines[-1]


def test_only_the_last_file_may_be_torn() -> None:
    trial = Trial({ONE: resp(put(b"1"))[:-1], TWO: resp(put(b"2"))})
    trial.fails()
    assert trial.lines[-1] == "Fatal error: the truncated file is not the last file"


def test_empty_files_behind_a_torn_one_do_not_matter() -> None:
    trial = Trial({ONE: resp(put(b"1"), put(b"2"))[:-1], TWO: b""})
    trial.load()
    assert trial.executed == [put(b"1")]
    assert trial.left(ONE) == resp(put(b"1"))


def test_a_transaction_comes_as_a_whole() -> None:
    both = resp(put(b"1"), [b"multi"], put(b"2"), put(b"3"), [b"EXEC"], put(b"4"))
    trial = Trial({ONE: both})
    trial.load()
    assert trial.executed == [put(b"1"), put(b"2"), put(b"3"), put(b"4")]
    assert 2 in trial.batches


@pytest.mark.parametrize("tail", [b"", b"*1\r\n$4\r\nEX"])
@pytest.mark.parametrize("before", [1, 2000])
def test_an_unfinished_transaction_is_cut_off_as_a_whole(tail: bytes, before: int) -> None:
    start = resp(*[put(b"1")] * before) + b"#TS:1\r\n"
    trial = Trial({ONE: start + resp([b"MULTI"], *[put(b"2")] * 3000) + tail})
    trial.load()
    assert trial.executed == [put(b"1")] * before
    assert trial.left(ONE) == start
    assert trial.lines[0] == f"Revert incomplete MULTI/EXEC transaction in AOF file {ONE.name}"
    assert trial.load().truncated_bytes == 0


def test_exec_without_multi_is_ignored_and_told() -> None:
    trial = Trial({ONE: resp([b"EXEC"], [b"MULTI"], [b"MULTI"], put(b"1"), [b"DISCARD"])})
    assert trial.load().commands == 0
    assert [line for line in trial.lines if "wrong place" in line] == [
        "EXEC at the wrong place in the AOF is ignored",
        "MULTI at the wrong place in the AOF is ignored",
    ]


@pytest.mark.parametrize("before", [0, 5000])
def test_garbage_ends_the_start_with_its_offset(before: int) -> None:
    good = resp(*[put(b"1")] * before)
    trial = Trial({ONE: good + b"PING\r\n" + resp(put(b"2"))})
    error = trial.fails()
    assert error.offset == len(good)
    assert 'Bad file format reading the append only file (expected "*", found "P")' in str(error)
    assert trial.lines[-1].startswith(
        f"Bad file format reading the append only file {ONE.name}: make a backup"
    )


def test_an_unknown_command_ends_the_start_with_its_offset() -> None:
    trial = Trial({ONE: resp(put(b"1"), [b"FOO", b"x"])})
    error = trial.fails()
    assert (error.offset, error.what) == (
        27,
        "Unknown command 'FOO' reading the append only file",
    )
    assert trial.lines[-1] == f"Unknown command 'FOO' reading the append only file {ONE.name}"


@pytest.mark.parametrize("before", [0, 5000])
@pytest.mark.parametrize("inside", [False, True])
def test_a_command_that_is_refused_ends_the_start_with_its_offset(
    before: int, inside: bool
) -> None:
    good = resp(*[put(b"1")] * before) + b"#TS:1\r\n"
    bad = resp([b"MULTI"], put(b"2"), [b"PING", b"no"], [b"EXEC"])
    trial = Trial({ONE: good + (bad if inside else resp([b"PING", b"no"])) + resp(put(b"3"))})
    error = trial.fails()
    assert (error.offset, error.what) == (len(good), "no PING with words")
    assert str(error).endswith(": no PING with words. Do this.")


def test_annotations_are_skipped() -> None:
    data = b"#TS:1\r\n" + resp(put(b"1")) + b"#TS:2\r\n"
    trial = Trial({ONE: data})
    assert trial.load().truncated_bytes == 0
    assert trial.executed == [put(b"1")] and trial.left(ONE) == data


def test_a_listed_file_must_exist() -> None:
    trial = Trial({ONE: b""})
    trial.disk.unlink(f"{ROOT}/{ONE.name}")
    with pytest.raises(EngineError, match=r"No such file or directory.*restore"):
        trial.load()


@pytest.mark.parametrize("call", ["open", "ftruncate", "fdatasync"])
def test_a_failing_disk_gets_one_clear_line(call: str) -> None:
    trial = Trial({ONE: resp(put(b"1")) + b"*"})
    trial.disk.fail[call] = lambda: errno.EIO
    with pytest.raises(EngineError, match="Input/output error"):
        trial.load()


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    st.lists(
        st.binary(max_size=8)
        | st.sampled_from(
            [resp(put(b"1")), b"*2\r\n$3\r\nSET\r\n", b"$3\r\nabc", b"*1\r\n", b"#\n"]
        )
        | st.sampled_from([resp([b"MULTI"]), resp([b"EXEC"]), b"*99999999999\r\n", b"$999999\r\n"]),
        max_size=8,
    ).map(b"".join)
)
def test_any_bytes_load_or_are_corrupt(data: bytes) -> None:
    trial = Trial({ONE: data})
    try:
        result = trial.load()
    except CorruptFileError as error:
        assert trial.left(ONE) == data
        assert 0 <= error.offset <= len(data)
        return
    assert trial.left(ONE) == data[: len(data) - result.truncated_bytes]
    again = Trial({ONE: trial.left(ONE)})
    assert again.load().truncated_bytes == 0
    assert again.executed == trial.executed
