from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arena import Arena
from engine.digest import digest
from engine.disk import Disk
from engine.errors import ArenaFullError, CorruptFileError
from engine.keyspace import Keyspace
from engine.rdb_format import crc64, pack_checksum
from engine.rdb_reader import LoadResult, count_keys, load, read
from engine.snapshot import DumpSettings, save
from engine.values.encodings import DefaultLimits, encoding_of
from engine.values.hashes import Hash
from engine.values.lists import List
from engine.values.sets import Set
from engine.values.sorted_sets import SortedSet
from tests.engine.blobs import listpack

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


def of(items: bytes) -> bytes:
    data = b"REDIS0010" + items + b"\xff"
    return data + pack_checksum(crc64(data))


COLLECTIONS = (
    b"\x01\x01l\x02\x01a\x01a" + b"\x02\x01s\x02\x01a\xc0\x07" + b"\x04\x01h\x01\x01f\x01v"
    b"\xfc" + (NOW + 5).to_bytes(8, "little") + b"\x05\x01z\x01\x01m" + struct.pack("<d", 1.5)
)


def test_collections(tmp_path: Path) -> None:
    path = tmp_path / "d"
    path.write_bytes(of(b"\xfe\x02" + COLLECTIONS))
    data = keyspace()
    result = load(str(path), data)
    database = data.databases[2]
    assert (result.keys, len(database)) == (4, 4)
    found = database.collections
    assert isinstance(found[b"l"], List)
    assert list(found[b"l"]) == [b"a", b"a"]
    assert isinstance(found[b"s"], Set)
    assert set(found[b"s"].names()) == {b"a", b"7"}
    assert isinstance(found[b"h"], Hash)
    assert found[b"h"].get(b"f") == b"v"
    assert isinstance(found[b"z"], SortedSet)
    assert list(found[b"z"].items()) == [(b"m", 1.5)]
    assert database.expires == {b"z": NOW + 5}
    found[b"z"].set(b"n", 1.0)  # it can be changed
    again = save(data, Disk(), DumpSettings(str(tmp_path), "again.rdb"), quiet).path
    assert len(list(read(again))) == 4


@pytest.mark.parametrize(
    ("item", "what"),
    [
        (b"\x02\x01s\x02\x01a\x01a", 'key "s" of DB 0: Duplicate set members detected'),
        (b"\x04\x01h\x02\x01a\x01b\x01a\x01c", "Duplicate hash fields detected"),
        (b"\x05\x01z\x02" + (b"\x01m" + bytes(8)) * 2, "Duplicate zset fields detected"),
        (b"\x01\x01l\x01\x01a\x00\x01l\x01v", 'duplicated key "l" in DB 0'),
        (b"\x00\x01l\x01v\x01\x01l\x01\x01a", 'duplicated key "l" in DB 0'),
        (b"\x01\x01l\x01\x01a" * 2, 'duplicated key "l" in DB 0'),
    ],
)
def test_what_comes_twice_is_refused(tmp_path: Path, item: bytes, what: str) -> None:
    path = tmp_path / "d"
    path.write_bytes(of(item))
    with pytest.raises(CorruptFileError, match=what):
        load(str(path), keyspace())


def test_empty_collections_are_left_out_and_told(tmp_path: Path) -> None:
    lines: list[tuple[str, str]] = []
    path = tmp_path / "d"
    path.write_bytes(
        of(b"\x02\x01s\x00" + b"\x12\x01q\x01\x02\x07\x07\0\0\0\0\0\xff" + b"\x01\x02\x00l\x00" * 9)
    )
    data = keyspace()
    result = load(str(path), data, log=lambda level, text: lines.append((level, text)))
    assert (result.keys, result.empty, len(data)) == (0, 11, 0)
    assert lines[:3] == [
        ("*", "rdbLoadObject skipping empty key: s"),
        ("*", "rdbLoadObject skipping empty key: q"),
        ("*", r"rdbLoadObject skipping empty key: \x00l"),
    ]
    assert lines[10:] == [
        ("#", "Done loading RDB, keys loaded: 0, keys expired: 0, empty keys skipped: 11.")
    ]


def test_an_expired_collection_is_read_and_left_out(tmp_path: Path) -> None:
    expired = b"\xfc" + (NOW - 1).to_bytes(8, "little")
    path = tmp_path / "d"
    path.write_bytes(of(expired + b"\x01\x01l\x02\x01a\x01b" + b"\x00\x01k\x01v"))
    data = keyspace()
    assert load(str(path), data).expired == 1
    assert content(data) == {(0, b"k"): 0}
    data = keyspace()
    assert load(str(path), data, keep_expired=True).keys == 2
    assert content(data) == {(0, b"l"): NOW - 1, (0, b"k"): 0}


def test_the_log_tells_what_the_next_dump_will_be_without(tmp_path: Path) -> None:
    lines: list[tuple[str, str]] = []
    path = tmp_path / "d"
    path.write_bytes(of(b"\xf5\x06lib fn" * 2))
    load(str(path), keyspace(), log=lambda level, text: lines.append((level, text)))
    assert lines[0] == (
        "#",
        "The dump holds what this engine has nothing like; the next dump will be without it: "
        "2 x function library",
    )


@pytest.mark.parametrize(
    ("item", "encoding"),
    [
        (b"\x04\x01k\x02\x01a\x01b\x01c\x01d", "listpack"),
        (b"\x04\x01k\x03\x01a\x01b\x01c\x01d\x01e\x01f", "hashtable"),
        (b"\x04\x01k\x01\x01a\x06toobig", "hashtable"),
        (b"\x10\x01k\x12" + listpack([b"a", b"toobig"]), "listpack"),
        (b"\x05\x01k\x01\x01a" + bytes(8), "listpack"),
        (b"\x05\x01k\x01\x06toobig" + bytes(8), "skiplist"),
        (b"\x02\x01k\x02\xc0\x01\x02-8", "intset"),
        (b"\x02\x01k\x02\xc0\x01\x0207", "hashtable"),
        (b"\x02\x01k\x03\x011\x012\x013", "hashtable"),
        (b"\x01\x01k\x01\x011", "quicklist"),
    ],
)
def test_the_encoding_that_redis_would_choose(tmp_path: Path, item: bytes, encoding: str) -> None:
    path = tmp_path / "d"
    path.write_bytes(of(item))
    data = keyspace()
    load(str(path), data, limits=DefaultLimits(2, 5, 2, 2, 5))
    assert encoding_of(data.databases[0].collections[b"k"]) == encoding


def test_a_collection_larger_than_the_arena(tmp_path: Path) -> None:
    path = tmp_path / "d"
    path.write_bytes(of(b"\x01\x01l\x14" + (b"\x43\xe8" + bytes(1000)) * 20))
    with pytest.raises(ArenaFullError):
        load(str(path), keyspace(pages=4))
    assert load(str(path), keyspace()).keys == 1


@settings(deadline=None, derandomize=True, max_examples=300)
@given(data=st.data())
def test_damage_is_refused_or_loads_as_something_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    broken = bytearray(COLLECTIONS + b"\x10\x01k\x12" + listpack([b"a", b"v"]) + b"\x00\x01s\x01v")
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "broken.rdb"
    path.write_bytes(of(bytes(broken)))
    loaded = keyspace()
    try:
        result = load(str(path), loaded)
    except CorruptFileError as error:
        assert 0 <= error.offset <= path.stat().st_size
    else:
        assert result.keys == len(loaded)
        digest(loaded)


def test_a_dump_larger_than_the_arena(dump: str) -> None:
    with pytest.raises(ArenaFullError, match="larger arena-pages"):
        load(dump, keyspace(pages=1))


def test_a_missing_dump(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(str(tmp_path / "none"), keyspace())


def test_an_empty_dump(tmp_path: Path) -> None:
    path = save(keyspace(), Disk(), DumpSettings(str(tmp_path)), quiet).path
    result = load(path, keyspace())
    assert result == LoadResult(0, 0, 0, Path(path).stat().st_size, result.usec)
