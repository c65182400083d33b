from __future__ import annotations

from pathlib import Path

import pytest

from engine.arena import Arena
from engine.disk import Disk
from engine.errors import ArenaFullError, CorruptFileError
from engine.keyspace import Keyspace
from engine.rdb_format import crc64, pack_checksum
from engine.rdb_reader import LoadResult, count_keys, load, read
from engine.snapshot import DumpSettings, save

NOW = 1_700_000_000_000


def keyspace(pages: int = 64) -> Keyspace:
    return Keyspace(Arena(pages), now_ms=lambda: NOW)


def quiet(_level: str, _text: str) -> None:
    pass


@pytest.fixture
def dump(tmp_path: Path) -> str:
    data = keyspace()
    data.databases[0].set(b"forever", b"x" * 5000)
    data.databases[0].set(b"later", b"1", NOW + 1)
    data.databases[0].set(b"now", b"2", NOW)
    data.databases[15].set(b"gone", b"3", NOW - 1)
    return save(data, Disk(), DumpSettings(str(tmp_path)), quiet).path


def content(data: Keyspace) -> dict[tuple[int, bytes], int]:
    return {
        (database.index, key): database.expires.get(key, 0)
        for database in data.databases
        for key in database.keys
    }


def test_expired_keys_are_left_out(dump: str) -> None:
    data = keyspace()
    result = load(dump, data)
    assert content(data) == {(0, b"forever"): 0, (0, b"later"): NOW + 1, (0, b"now"): NOW}
    assert data.databases[0].get(b"forever") == b"x" * 5000
    assert (result.keys, result.expired) == (3, 1)
    assert result.bytes == Path(dump).stat().st_size


def test_the_base_of_an_aof_keeps_them(dump: str) -> None:
    data = keyspace()
    result = load(dump, data, keep_expired=True)
    assert content(data)[15, b"gone"] == NOW - 1
    assert (result.keys, result.expired) == (4, 0)


def test_what_is_loaded_can_be_dumped_again(dump: str, tmp_path: Path) -> None:
    data = keyspace()
    load(dump, data, keep_expired=True)
    again = save(data, Disk(), DumpSettings(str(tmp_path), "again.rdb"), quiet).path
    assert sorted(read(again)) == sorted(read(dump))
    assert Path(again).read_bytes() == Path(dump).read_bytes()


def test_a_witness_counts_keys(dump: str) -> None:
    assert count_keys(dump) == 4
    assert [key for _, key, _, _ in read(dump)] == [b"forever", b"later", b"now", b"gone"]


def test_the_log_tells_where_a_dump_comes_from(dump: str) -> None:
    lines: list[tuple[str, str]] = []
    offsets: list[int] = []
    load(
        dump,
        keyspace(),
        log=lambda level, text: lines.append((level, text)),
        on_progress=offsets.append,
    )
    assert lines == [
        ("*", "Loading RDB produced by version 7.0.15"),
        ("*", "RDB age 0 seconds"),
        ("*", "RDB memory usage when created 0.01 Mb"),
        ("*", "Done loading RDB, keys loaded: 3, keys expired: 1."),
    ]
    assert offsets == [0]


def test_a_dump_without_a_checksum_says_so(tmp_path: Path) -> None:
    data = keyspace()
    lines: list[str] = []
    settings = DumpSettings(str(tmp_path), checksum=False)
    path = save(data, Disk(), settings, quiet).path
    assert load(path, keyspace(), log=lambda _level, text: lines.append(text)).keys == 0
    assert "RDB file was saved with checksum disabled: no check performed." in lines


def test_a_key_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "d"
    data = b"REDIS0009" + b"\x00\x01k\x01v" * 2 + b"\xff"
    path.write_bytes(data + pack_checksum(crc64(data)))
    with pytest.raises(CorruptFileError, match='duplicated key "k" in DB 0'):
        load(str(path), keyspace())


def test_a_dump_larger_than_the_arena(dump: str) -> None:
    with pytest.raises(ArenaFullError, match="larger arena-pages"):
        load(dump, keyspace(pages=1))


def test_a_missing_dump(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(str(tmp_path / "none"), keyspace())


def test_an_empty_dump(tmp_path: Path) -> None:
    path = save(keyspace(), Disk(), DumpSettings(str(tmp_path)), quiet).path
    result = load(path, keyspace())
    assert result == LoadResult(0, 0, Path(path).stat().st_size, result.usec)
