from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from engine import rdb_writer
from engine.arena import Arena
from engine.disk import REPLACE, Disk
from engine.errors import EngineError
from engine.keyspace import Keyspace
from engine.rdb_parser import RdbParser
from engine.rdb_reader import read
from engine.rdb_writer import Dump, Pace, empty_base, walk, write_keyspace
from engine.values.lists import List
from engine.values.sorted_sets import SortedSet
from tests.engine.fake_disk import FakeDisk


def filled(seed: int = 1, *, page_size: int = 4096, one_value_a_page: bool = False) -> Keyspace:
    chance = random.Random(seed)
    keyspace = Keyspace(Arena(512, page_size=page_size, one_value_a_page=one_value_a_page))
    for number in range(300):
        database = keyspace.databases[chance.randrange(3)]
        size = chance.choice([0, 5, 63, 64, 100, 700, 3000])
        due = chance.choice([0, 0, keyspace.now_ms() + 60_000])
        database.set(b"key:%d" % number, chance.randbytes(size), due)
    keyspace.databases[2].set(b"big", chance.randbytes(20_000))
    for number in range(0, 300, 7):
        for database in keyspace.databases:
            database.delete(b"key:%d" % number)
    return keyspace


def written(keyspace: Keyspace, path: Path, pace: Pace | None = None, **options: bool) -> Dump:
    disk = Disk()
    fd = disk.open(str(path), REPLACE)
    dump = Dump(disk, fd, **options)
    dump.add_opcode(b"REDIS0009")
    write_keyspace(dump, keyspace, pace or Pace())
    dump.finish()
    disk.close(fd)
    return dump


def content(keyspace: Keyspace) -> list[tuple[int, bytes, bytes | None, int]]:
    return sorted(
        (database.index, key, database.get(key), database.expires.get(key, 0))
        for database in keyspace.databases
        for key in list(database.keys)
    )


@pytest.mark.parametrize("page_size", [4096, 16384, 65536])
@pytest.mark.parametrize("one_value_a_page", [False, True])
def test_what_is_written_is_read(tmp_path: Path, page_size: int, one_value_a_page: bool) -> None:
    keyspace = filled(page_size=page_size, one_value_a_page=one_value_a_page)
    path = tmp_path / "d"
    dump = written(keyspace, path)
    assert sorted(read(str(path))) == content(keyspace)
    assert dump.keys == len(keyspace)
    assert dump.bytes == path.stat().st_size


@pytest.mark.parametrize("batch", [1, 1000, 4096])
def test_batches_make_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    keyspace = filled()
    written(keyspace, tmp_path / "one")
    monkeypatch.setattr(rdb_writer, "BATCH", batch)
    written(keyspace, tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_record_by_record_makes_no_difference(tmp_path: Path) -> None:
    class Careful(Pace):
        seen = 0
        pages: list[int]

        def is_record_by_record(self) -> bool:
            return True

        def before_record(self, dump: Dump) -> None:
            assert dump.keys == self.seen
            self.seen += 1

        def after_page(self, dump: Dump, first: int, last: int) -> None:
            pages.extend(range(first, last + 1))

    pages: list[int] = []
    keyspace = filled()
    written(keyspace, tmp_path / "one")
    pace = Careful()
    written(keyspace, tmp_path / "two", pace)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert pace.seen == len(keyspace)
    arena = keyspace.arena
    assert pages == sorted(pages)
    assert pages == [page for page in range(arena.pages) if keyspace.keys_on_page(page)[1]]


def test_every_database_is_announced_once_with_its_size(tmp_path: Path) -> None:
    keyspace = Keyspace(Arena(16))
    keyspace.databases[3].set(b"a", b"1")
    keyspace.databases[5].set(b"b", b"1", 1)
    keyspace.databases[3].set(b"c", b"1" * 500)
    written(keyspace, tmp_path / "d", checksum=False)
    assert (tmp_path / "d").read_bytes() == (
        b"REDIS0009\xfe\x03\xfb\x02\x00\x00\x01a\x011"
        b"\xfe\x05\xfb\x01\x01\xfc\x01\0\0\0\0\0\0\0\x00\x01b\x011"
        b"\xfe\x03\x00\x01c\x41\xf4" + b"1" * 500 + b"\xff" + bytes(8)
    )


def test_a_database_of_freed_slots_is_not_mentioned(tmp_path: Path) -> None:
    keyspace = Keyspace(Arena(16))
    keyspace.databases[3].set(b"a", b"1")
    keyspace.databases[3].delete(b"a")
    assert list(walk(keyspace.arena)) == []
    written(keyspace, tmp_path / "d", checksum=False)
    assert (tmp_path / "d").read_bytes() == b"REDIS0009\xff" + bytes(8)


def test_a_walk_that_misses_a_key_gives_up(tmp_path: Path) -> None:
    keyspace = filled()
    del keyspace.databases[0].keys[next(iter(keyspace.databases[0].keys))]
    with pytest.raises(EngineError, match="would not be the data"):
        written(keyspace, tmp_path / "d")


def test_a_collection_is_its_head_then_its_chunks(tmp_path: Path) -> None:
    keyspace = Keyspace(Arena(16))
    database = keyspace.databases[0]
    numbers = database.create(b"l", List, 1)
    numbers.push_right(b"b")
    numbers.push_left(b"a")
    database.set(b"k", b"v")
    scores = database.create(b"z", SortedSet)
    scores.set(b"m", 1.5)
    written(keyspace, tmp_path / "d", checksum=False)
    assert (tmp_path / "d").read_bytes() == (
        b"REDIS0009\xfe\x00\xfb\x03\x01"
        b"\xfc\x01\0\0\0\0\0\0\0\x01\x01l\x02\x01a\x01b"
        b"\x05\x01z\x01\x01m" + struct.pack("<d", 1.5) + b"\x00\x01k\x01v\xff" + bytes(8)
    )


def test_a_full_disk_stops_the_dump() -> None:
    disk = FakeDisk()
    disk.room = 5000
    with pytest.raises(OSError, match="No space left"):
        dump = Dump(disk, disk.open("/d", REPLACE))
        write_keyspace(dump, filled(), Pace())
        dump.finish()
    assert dump.bytes <= 5000


@pytest.mark.parametrize(
    ("delay", "records", "sleeps"), [(0, 5, []), (50, 3, [50e-6] * 3), (-1, 2, [1e-6] * 2)]
)
def test_key_save_delay(
    monkeypatch: pytest.MonkeyPatch, delay: int, records: int, sleeps: list[float]
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(rdb_writer.time, "sleep", slept.append)
    pace = Pace(delay)
    dump = Dump(Disk(), -1)
    assert pace.is_record_by_record() == bool(delay)
    for _ in range(records):
        pace.after_record(dump)
    assert slept == sleeps


def test_a_negative_delay_sleeps_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(rdb_writer.time, "sleep", slept.append)
    monkeypatch.setattr(rdb_writer, "random", random.Random(1))
    for _ in range(1000):
        Pace(-10).after_record(Dump(Disk(), -1))
    assert 50 < len(slept) < 200


def test_the_empty_base_of_an_aof(tmp_path: Path) -> None:
    path = tmp_path / "base"
    path.write_bytes(empty_base(now=1_700_000_000))
    parser = RdbParser(str(path))
    assert list(parser.entries()) == []
    assert parser.aux["aof-base"] == "1"
    assert parser.aux["ctime"] == "1700000000"
    assert parser.has_checksum
