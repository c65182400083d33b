from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import rdb_window
from engine.errors import CorruptFileError
from engine.rdb_format import crc64, pack_checksum, string
from engine.rdb_parser import RdbParser
from engine.records import build_string

Write = Callable[[bytes], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(data: bytes) -> str:
        path = tmp_path / "dump.rdb"
        path.write_bytes(data)
        return str(path)

    return put


def dump(items: bytes, version: int = 10) -> bytes:
    data = b"REDIS%04d%b\xff" % (version, items)
    return data + (pack_checksum(crc64(data)) if version >= 5 else b"")


def entries(path: str) -> list[tuple[int, bytes, bytes, int]]:
    return [
        (entry.db, entry.key, entry.record[entry.value_at :], entry.expire_ms)
        for entry in RdbParser(path).entries()
    ]


VALUES = [
    (b"\x00", b""),
    (b"\x03abc", b"abc"),
    (b"\x40\x50" + b"x" * 80, b"x" * 80),
    (b"\x80\x00\x00\x4e\x20" + b"y" * 20000, b"y" * 20000),
    (b"\x81\x00\x00\x00\x00\x00\x00\x00\x02zz", b"zz"),
    (b"\x40\x02zz", b"zz"),
    (b"\x80\x00\x00\x00\x02zz", b"zz"),
    (b"\xc0\x85", b"-123"),
    (b"\xc1\x39\x30", b"12345"),
    (b"\xc2\x00\x00\x00\x80", b"-2147483648"),
    (b"\xc3\x05\x40\x65\x00a\xe0\x5b\x00", b"a" * 101),
]


@pytest.mark.parametrize(("written", "value"), VALUES)
def test_every_encoding_as_value_and_as_key(write: Write, written: bytes, value: bytes) -> None:
    path = write(dump(b"\x00\x01k" + written + b"\xfe\x03\x00" + written + b"\x01v"))
    assert entries(path) == [(0, b"k", value, 0), (3, value, b"v", 0)]


@pytest.mark.parametrize(
    ("prefix", "expire_ms"),
    [
        (b"\xfc" + (1_700_000_000_123).to_bytes(8, "little"), 1_700_000_000_123),
        (b"\xfd" + (1_700_000_000).to_bytes(4, "little"), 1_700_000_000_000),
        (b"\xf9\x05", 0),
        (b"\xf8\x41\x00", 0),
        (b"\xfc" + (99).to_bytes(8, "little") + b"\xf8\x05", 99),
        (b"\xfc" + (-5).to_bytes(8, "little", signed=True), 1),
        (b"\xfc" + bytes(8), 1),
    ],
)
def test_expiry_idle_and_frequency(write: Write, prefix: bytes, expire_ms: int) -> None:
    path = write(dump(prefix + b"\x00\x01k\x01v\x00\x01l\x01w"))
    assert entries(path) == [(0, b"k", b"v", expire_ms), (0, b"l", b"w", 0)]


def test_a_record_is_what_the_arena_keeps(write: Write) -> None:
    items = b"\xfc" + (7).to_bytes(8, "little") + b"\x00\x01k\x01v" + b"\x00\x01l\xc0\x07"
    first, second = RdbParser(write(dump(items))).entries()
    assert first.record == build_string(b"k", b"v", 7)[8:]
    assert second.record == build_string(b"l", b"7")[8:]


@pytest.mark.parametrize("length", [b"\x40\x01", b"\x80\0\0\0\x01", b"\x81\0\0\0\0\0\0\0\x01"])
def test_a_value_has_the_shortest_length_in_the_record(write: Write, length: bytes) -> None:
    (entry,) = RdbParser(write(dump(b"\x00\x01k" + length + b"v"))).entries()
    assert entry.record == build_string(b"k", b"v")[8:]


def test_what_is_no_key_is_skipped(write: Write) -> None:
    items = (
        b"\xfa\x09redis-ver\x067.0.15\xfa\x05ctime\xc2\x00\xf1\x53\x65"
        b"\xf5\x06lib fn"  # a function library
        b"\xf7\x81\x00\x00\x00\x00\x00\x00\x00\x01\x02\x02\x01\x05\x02\x06\x03\0\0\0\0"
        b"\x04\0\0\0\0\0\0\0\0\x05\x02hi\x00"  # a module's auxiliary value
        b"\xfe\x00\xfb\x01\x00\x00\x01k\x01v"
    )
    parser = RdbParser(write(dump(items)))
    assert [entry.key for entry in parser.entries()] == [b"k"]
    assert parser.aux == {"redis-ver": "7.0.15", "ctime": "1700000000"}
    assert parser.version == 10
    assert parser.left_out == {"function library": 1, "module's auxiliary value": 1}


def test_what_follows_a_dump_is_not_its_own(write: Write) -> None:
    data = dump(b"\x00\x01k\x01v")
    parser = RdbParser(write(data + b"*1\r\n$4\r\nPING\r\n"))
    assert len(list(parser.entries())) == 1
    assert parser.end == len(data)


def test_old_versions_have_no_checksum(write: Write) -> None:
    data = dump(b"\x00\x01k\x01v", version=4)
    parser = RdbParser(write(data))
    assert len(list(parser.entries())) == 1
    assert not parser.has_checksum
    assert parser.end == len(data)


def test_a_checksum_of_zeros_means_none(write: Write) -> None:
    parser = RdbParser(write(dump(b"\x00\x01k\x01v")[:-8] + bytes(8)))
    assert len(list(parser.entries())) == 1
    assert not parser.has_checksum


def test_the_checksum_may_be_left_alone(write: Write) -> None:
    path = write(dump(b"\x00\x01k\x01v")[:-1] + b"?")
    assert len(list(RdbParser(path, verify_checksum=False).entries())) == 1


@pytest.mark.parametrize(
    ("data", "offset", "what"),
    [
        (b"", 0, "cut short"),
        (b"RODIS0009\xff" + bytes(8), 0, "Wrong signature"),
        (b"REDIS00x9\xff" + bytes(8), 0, "Wrong signature"),
        (dump(b"", version=11), 5, "Can't handle RDB format version 11"),
        (dump(b"", version=0), 5, "Can't handle RDB format version 0"),
        (dump(b"\x00\x01k\x01v")[:-1] + b"?", 15, "Wrong RDB checksum"),
        (dump(b"\x08\x01k\x01v"), 10, "Unknown RDB encoding type 8"),
        (dump(b"\x0f\x02st\x01"), 13, r'key "st" of DB 0 is of type 15 \(stream\)'),
        (dump(b"\x07\x01m\x01"), 12, "module value"),
        (dump(b"\xfe\x10"), 11, "database 16"),
        (dump(b"\xfe\xc0\x01"), 11, "where a length belongs"),
        (dump(b"\xf6"), 10, "Pre-release function"),
        (dump(b"\x00\x01k\xc7"), 13, "string encoding type 7"),
        (dump(b"\x00\x01k\x82\x01"), 13, "length encoding 0x82"),
        (dump(b"\x00\x01k\xc3\x01\x7f\xff\x00"), 16, "Invalid LZF"),
        (dump(b"\x00\x01k\xc3\x02\x09\x00a"), 17, "Invalid LZF"),
        (dump(b"\x00\x01k\x81\xff\xff\xff\xff\xff\xff\xff\xff"), 30, "cut short"),
    ],
)
def test_a_damaged_dump_is_refused_with_its_offset(
    write: Write, data: bytes, offset: int, what: str
) -> None:
    with pytest.raises(CorruptFileError, match=what) as caught:
        entries(write(data))
    assert caught.value.offset == offset


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        entries(str(tmp_path / "none.rdb"))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(window=st.integers(1, 40), data=st.data())
def test_the_window_makes_no_difference(
    tmp_path_factory: pytest.TempPathFactory, window: int, data: st.DataObject
) -> None:
    keys = data.draw(
        st.lists(
            st.tuples(
                st.integers(0, 15),
                st.binary(max_size=80),
                st.sampled_from([written for written, _ in VALUES]),
                st.integers(0, 1 << 42),
            ),
            max_size=8,
        )
    )
    items, expected = b"", []
    for db, key, written, expire_ms in keys:
        items += bytes((0xFE, db))
        if expire_ms:
            items += b"\xfc" + expire_ms.to_bytes(8, "little")
        items += b"\x00" + string(key) + written
        expected.append((db, key, dict(VALUES)[written], expire_ms))
    path = tmp_path_factory.mktemp("d") / "d"
    path.write_bytes(dump(items))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rdb_window, "WINDOW", window)
        assert entries(str(path)) == expected


SMALL = dump(
    b"\xfa\x03abc\x03def\xfe\x01\xfb\x02\x01\xfc"
    + (9**12).to_bytes(8, "little")
    + b"\x00\x01k\x05value\x00\x02kk\xc3\x05\x40\x65\x00a\xe0\x5b\x00\x00\x03kkk\xc1\x39\x30"
)


@pytest.mark.parametrize("length", range(len(SMALL)))
def test_every_truncation_is_refused(write: Write, length: int) -> None:
    with pytest.raises(CorruptFileError):
        entries(write(SMALL[:length]))


@pytest.mark.parametrize("at", range(len(SMALL)))
def test_every_damaged_byte_is_refused(write: Write, at: int) -> None:
    for bit in range(8):
        data = bytearray(SMALL)
        data[at] ^= 1 << bit
        with pytest.raises(CorruptFileError):
            entries(write(bytes(data)))


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.binary(max_size=200))
def test_garbage_is_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes
) -> None:
    path = tmp_path_factory.mktemp("d") / "d"
    path.write_bytes(b"REDIS0009" + garbage)
    try:
        entries(str(path))
    except CorruptFileError as error:
        assert 0 <= error.offset <= path.stat().st_size
