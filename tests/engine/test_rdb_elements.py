from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import rdb_window
from engine.errors import CorruptFileError
from engine.rdb_format import crc64, pack_checksum, string
from engine.rdb_parser import RdbParser
from engine.rdb_reader import Value, read
from engine.records import rdb_length
from engine.values.sorted_sets import element_of
from tests.engine import blobs

Write = Callable[[bytes], str]


def dump(items: bytes) -> bytes:
    data = b"REDIS0010%b\xff" % items
    return data + pack_checksum(crc64(data))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(data: bytes) -> str:
        path = tmp_path / "dump.rdb"
        path.write_bytes(data)
        return str(path)

    return put


def values(path: str) -> dict[bytes, Value]:
    return {key: value for _, key, value, _ in read(path)}


def blob(rdb_type: int, data: bytes) -> bytes:
    return bytes((rdb_type,)) + string(b"k") + string(data)


def nodes(rdb_type: int, *written: bytes) -> bytes:
    return bytes((rdb_type,)) + string(b"k") + rdb_length(len(written)) + b"".join(written)


WORDS = [b"a", b"12", b"", b"x" * 100, b"-70000", b"y" * 20000]
PAIRS = [b"a", b"1.5", b"b", b"-3", b"12", b"inf", b"c", b"-0", b"d", b"1e-7"]
LIST = ("list", [string(word) for word in WORDS])
SET = ("set", [string(word) for word in WORDS])
HASH = ("hash", [string(a) + string(b) for a, b in zip(PAIRS[::2], PAIRS[1::2], strict=True)])
ZSET = ("zset", [element_of(a, float(b)) for a, b in zip(PAIRS[::2], PAIRS[1::2], strict=True)])
INTS = ("set", [string(b"-5"), string(b"1"), string(b"70000")])

FORMS: list[tuple[bytes, Value]] = [
    (nodes(1, *map(string, WORDS)), LIST),
    (nodes(2, *map(string, WORDS)), SET),
    (
        nodes(3, b"\x01a\x031.5", b"\x01b\x02-3", b"\x0212\xfe", b"\x01c\x02-0", b"\x01d\x041e-7"),
        ZSET,
    ),
    (nodes(4, *HASH[1]), HASH),
    (nodes(5, *ZSET[1]), ZSET),
    (blob(9, blobs.zipmap(PAIRS, 2)), HASH),
    (blob(10, blobs.ziplist(WORDS)), LIST),
    (blob(11, blobs.intset([b"1", b"-5", b"70000"])), INTS),
    (blob(12, blobs.ziplist(PAIRS)), ZSET),
    (blob(13, blobs.ziplist(PAIRS)), HASH),
    (nodes(14, string(blobs.ziplist(WORDS[:2])), string(blobs.ziplist(WORDS[2:]))), LIST),
    (blob(16, blobs.listpack(PAIRS)), HASH),
    (blob(17, blobs.listpack(PAIRS)), ZSET),
    (
        nodes(
            18,
            b"\x02" + string(blobs.listpack(WORDS[:2])),
            b"\x02" + string(blobs.listpack([])),
            b"\x02" + string(blobs.listpack(WORDS[2:5])),
            b"\x01" + string(WORDS[5]),
        ),
        LIST,
    ),
    (blob(20, blobs.listpack(WORDS)), SET),
    (nodes(2, b"\xc0\xfb", b"\xc1\x01\x00", b"\xc2\x70\x11\x01\x00"), INTS),
    (nodes(1, b"\x40\x01a", b"\x80\0\0\0\x01b"), ("list", [b"\x01a", b"\x01b"])),
    (
        nodes(4, b"\x01a\xc3\x05\x40\x65\x00a\xe0\x5b\x00"),
        ("hash", [b"\x01a" + string(b"a" * 101)]),
    ),
]
types = pytest.mark.parametrize(
    ("written", "value"),
    FORMS,
    ids=[f"{place}-type{form[0]}" for place, (form, _) in enumerate(FORMS)],
)


@types
def test_every_form_gives_the_same_elements(write: Write, written: bytes, value: Value) -> None:
    path = write(dump(b"\x00\x01j\x01v" + written + b"\xfe\x01" + written))
    assert values(path)[b"k"] == value
    assert [db for db, *_ in read(path)] == [0, 0, 1]


@types
def test_elements_that_nobody_reads_are_passed_over(
    write: Write, written: bytes, value: Value
) -> None:
    path = write(dump(written + b"\x00\x01z\x01v" + written))
    assert [entry.key for entry in RdbParser(path).entries()] == [b"k", b"z", b"k"]


@pytest.mark.parametrize("window", [1, 7, 64, 999])
@types
def test_the_window_makes_no_difference(
    write: Write, monkeypatch: pytest.MonkeyPatch, written: bytes, value: Value, window: int
) -> None:
    monkeypatch.setattr(rdb_window, "WINDOW", window)
    expiry = b"\xfc" + (77).to_bytes(8, "little")
    path = write(dump(expiry + written + b"\x00\x01z\x01v"))
    assert list(read(path)) == [(0, b"k", value, 77), (0, b"z", b"v", 0)]


@pytest.mark.parametrize(("score", "byte"), [("inf", b"\xfe"), ("-inf", b"\xff")])
def test_infinite_scores(write: Write, score: str, byte: bytes) -> None:
    element = element_of(b"a", float(score))
    assert values(write(dump(nodes(5, element))))[b"k"] == ("zset", [element])
    assert values(write(dump(nodes(3, b"\x01a" + byte))))[b"k"] == ("zset", [element])


NAN = struct.pack("<d", float("nan"))


@pytest.mark.parametrize(
    ("items", "offset", "what"),
    [
        (nodes(5, b"\x01a" + NAN), 23, r'NAN score detected \(in key "k" of DB 0, a zset\)'),
        (nodes(3, b"\x01a\xfd"), 16, "NAN score"),
        (nodes(3, b"\x01a\x03one"), 19, "no number"),
        (nodes(18, b"\x03\x00"), 14, "unknown kind 3"),
        (nodes(18, b"\x02\x02ab"), 17, "shorter than its header .in key"),
        (nodes(14, b"\x02ab"), 16, "shorter than its header"),
        (blob(11, blobs.intset([b"1"])[:-1] + b"?" * 3), 17, "too few or many"),
        (blob(13, blobs.ziplist([b"a"])), 13, "nothing behind it"),
        (blob(16, blobs.listpack([b"a"])), 13, "nothing behind it"),
        (blob(17, blobs.listpack([b"a", b"b"])), 13, "a score is no number"),
        (blob(12, blobs.ziplist([b"a", b"nan"])), 13, "a score is no number"),
        (blob(9, b"\x00\xff"), 13, "zipmap is empty"),
        (nodes(4, b"\x01a\xc7"), 16, r"encoding type 7 .in key"),
        (b"\x01\x01k\x81\xff\xff\xff\xff\xff\xff\xff\xff\x01a", 24, "encoding type 63 .in key"),
        (b"\x02\x01k\x80\xff\xff\xff\xff\x01a", 20, "encoding type 63 .in key"),
        (b"\x02\x01k\x02\x01a\x80\xff\xff\xff\xff", 29, "cut short .in key"),
    ],
)
def test_what_is_damaged_is_refused_with_key_and_offset(
    write: Write, items: bytes, offset: int, what: str
) -> None:
    with pytest.raises(CorruptFileError, match=what) as caught:
        values(write(dump(items)))
    assert caught.value.offset == offset


@types
def test_every_truncation_is_refused(write: Write, written: bytes, value: Value) -> None:
    data = dump(written)
    for length in range(0, len(data), 1 + len(data) // 300):
        with pytest.raises(CorruptFileError):
            values(write(data[:length]))


@types
@settings(deadline=None, derandomize=True, max_examples=60)
@given(data=st.data())
def test_damage_is_refused_or_reads_as_something_else(
    tmp_path_factory: pytest.TempPathFactory, written: bytes, value: Value, data: st.DataObject
) -> None:
    broken = bytearray(written)
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, min(len(broken), 400) - 1))] = data.draw(
            st.integers(0, 255)
        )
    _reads_or_refuses(tmp_path_factory, dump(bytes(broken)))


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    st.sampled_from([1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14, 16, 17, 18, 20]), st.binary(max_size=99)
)
def test_garbage_is_refused_or_reads(
    tmp_path_factory: pytest.TempPathFactory, rdb_type: int, garbage: bytes
) -> None:
    _reads_or_refuses(tmp_path_factory, dump(bytes((rdb_type,)) + b"\x01k" + garbage))
    _reads_or_refuses(tmp_path_factory, dump(blob(rdb_type, garbage)))


def _reads_or_refuses(factory: pytest.TempPathFactory, data: bytes) -> None:
    path = factory.getbasetemp() / "broken.rdb"
    path.write_bytes(data)
    try:
        values(str(path))
    except CorruptFileError as error:
        assert 0 <= error.offset <= len(data)


def test_a_large_collection_comes_in_batches(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdb_window, "WINDOW", 1 << 14)
    chance = random.Random(1)
    members = [
        b"%d" % number if chance.random() < 0.1 else b"m%d" % number for number in range(9000)
    ]
    path = write(dump(nodes(2, *map(string, members))))
    parsed = RdbParser(path).entries()
    entry = next(parsed)
    assert entry.elements is not None
    batches = list(entry.elements)
    assert len(batches) >= 4
    assert max(sum(map(len, batch)) for batch in batches) < 3 << 14
    assert [item for batch in batches for item in batch] == [string(member) for member in members]
    assert list(parsed) == []
