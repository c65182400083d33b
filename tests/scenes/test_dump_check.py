from __future__ import annotations

import struct
from pathlib import Path

import crcmod
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arena import Arena
from engine.disk import Disk
from engine.keyspace import Keyspace
from engine.snapshot import DumpSettings, save
from engine.values.hashes import Hash
from engine.values.lists import List
from engine.values.sets import Set
from engine.values.sorted_sets import SortedSet
from scenes.dump_check import DumpError, count_keys

_crc = crcmod.mkCrcFun(0x1AD93D23594C935A9, initCrc=0, rev=True, xorOut=0)


def dump(records: bytes) -> bytes:
    data = b"REDIS0009\xfa\x09redis-ver\x057.0.1\xfe\x00\xfb\x02\x00" + records + b"\xff"
    return data + struct.pack("<Q", _crc(data))


GOOD = dump(
    b"\x00\x01a\x01x"
    b"\xfc\0\0\0\0\0\0\0\0\x00\x01b\xc0\x07"  # with expiry, an int8 value
    b"\x00\x01c\x40\x02hi"  # a 14-bit length
    b"\x00\x01d\xc3\x02\x0ahh"  # LZF: two bytes for ten
    b"\x01\x01e\x02\x01a\x01b"  # a list
    b"\x02\x01f\x01\x01a"  # a set
    b"\x04\x01g\x01\x01a\x01b"  # a hash
    b"\x05\x01h\x02\x01a\0\0\0\0\0\0\0\0\x01b\0\0\0\0\0\0\0\0"  # a sorted set
)


def test_keys_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "d"
    path.write_bytes(GOOD)
    assert count_keys(str(path)) == 8
    path.write_bytes(dump(b""))
    assert count_keys(str(path)) == 0


@pytest.mark.parametrize("cut", range(len(GOOD)))
def test_a_dump_that_breaks_off_is_never_counted(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "d"
    path.write_bytes(GOOD[:cut])
    with pytest.raises(DumpError):
        count_keys(str(path))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 7))
def test_a_flipped_bit_is_never_counted(
    tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
) -> None:
    data = bytearray(GOOD)
    data[place] ^= 1 << bit
    path = tmp_path_factory.mktemp("d") / "d"
    path.write_bytes(data)
    with pytest.raises(DumpError):
        count_keys(str(path))


def test_what_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(DumpError, match="No such file"):
        count_keys(str(tmp_path / "none"))
    path = tmp_path / "d"
    path.write_bytes(dump(b"\x07\x01a\x01x"))
    with pytest.raises(DumpError, match="type 7 at offset"):
        count_keys(str(path))
    path.write_bytes(dump(b"\x01\x01a\x00"))
    with pytest.raises(DumpError, match="of nothing"):
        count_keys(str(path))


def test_what_the_engine_writes_is_counted(tmp_path: Path) -> None:
    keyspace = Keyspace(Arena(64))
    database = keyspace.databases[3]
    database.set(b"s", b"v", 1)
    database.create(b"l", List).load([b"\x01a"] * 5000)
    database.create(b"h", Hash, keyspace.now_ms()).set(b"f", b"v" * 70)
    database.create(b"m", Set).add(b"m")
    database.create(b"z", SortedSet).set(b"m", 1.5)
    path = save(keyspace, Disk(), DumpSettings(str(tmp_path)), lambda level, text: None).path
    assert count_keys(path) == 5
