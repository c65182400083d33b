"""Every truncation and every flip of a small dump: the very same data, or an error with the offset.

The checksum tells every damage of what it covers. What it does not cover is the format's version,
where a damaged digit may mean one from before checksums: then all data is there all the same.
With rdbchecksum no a flip may change what is loaded, and the engine must only keep its composure.
"""

from __future__ import annotations

from collections import Counter

import pytest

from engine.arena import Arena
from engine.digest import digest
from engine.errors import ArenaFullError, CorruptFileError
from engine.keyspace import Keyspace
from engine.rdb_format import crc64, header, pack_checksum, select_database, string
from engine.rdb_reader import load
from engine.snapshot import DumpSettings, save
from tests.engine.damage import PATTERNS, cuts, flips
from tests.engine.fake_disk import FakeDisk
from tests.engine.test_rdb_elements import FORMS

NOW = 1_700_000_000_000
PATH = "data/dump.rdb"
FEW = (0x01, 0x80, 0xFF)


def keyspace() -> Keyspace:
    return Keyspace(Arena(64), now_ms=lambda: NOW)


def our_own() -> bytes:
    """What this engine writes: strings, an expiry, two databases."""
    data = keyspace()
    data.databases[0].set(b"user:1", b"alice")
    data.databases[0].set(b"later", b"x" * 70, NOW + 10**9)
    data.databases[0].set(b"\0\xff", b"")
    data.databases[3].set(b"n", b"12345")
    disk = FakeDisk("data")
    save(data, disk, DumpSettings("data"), lambda level, text: None)
    return disk.content(PATH)


def every_form() -> bytes:
    """What Redis of any age writes: each form of a small collection once."""
    small = [form for form, _ in FORMS if len(form) < 150]
    items = b"".join(form[:1] + string(b"key:%d" % n) + form[3:] for n, form in enumerate(small))
    body = header({"redis-ver": "7.0.15"}) + select_database(2) + items + b"\xff"
    return body + pack_checksum(crc64(body))


DUMPS = {"our own": our_own(), "every form": every_form()}
dumps = pytest.mark.parametrize("dump", DUMPS.values(), ids=DUMPS.keys())
State = tuple[bytes, list[dict[bytes, int]]]


class Trial:
    """Loads one file after the other."""

    def __init__(self) -> None:
        self.keyspace = keyspace()

    def load(self, data: bytes, *, verify: bool = True) -> State:
        """What is in memory then; raises what loading raises. The file must stay as it is."""
        self.keyspace.flush()
        disk = FakeDisk("data")
        disk.put(PATH, data)
        try:
            load(PATH, self.keyspace, disk=disk, verify_checksum=verify)
        finally:
            assert disk.content(PATH) == data
            assert set(disk.names) == {PATH}
            assert not disk.open_files
        return digest(self.keyspace), [dict(d.expires) for d in self.keyspace.databases]


def assert_clear(error: CorruptFileError, size: int) -> None:
    assert error.path == PATH and str(error).startswith(f"{PATH} at offset {error.offset}: ")
    assert 0 <= error.offset <= size
    assert "\n" not in str(error) and "b'" not in str(error)


@dumps
def test_every_truncation_is_told(dump: bytes) -> None:
    trial = Trial()
    trial.load(dump)
    for data in cuts(dump):
        with pytest.raises(CorruptFileError) as refused:
            trial.load(data)
        assert_clear(refused.value, len(data))


@dumps
def test_every_flip_is_told_or_makes_no_difference(dump: bytes) -> None:
    trial = Trial()
    whole = trial.load(dump)
    loaded = []
    for at, data in flips(dump, PATTERNS if len(dump) < 300 else FEW):
        try:
            state = trial.load(data)
        except CorruptFileError as error:
            assert_clear(error, len(data))
        else:
            assert state == whole, at
            loaded.append(at)
    assert set(loaded) <= {8}, "only the version's last digit may be read as another"


@dumps
def test_without_the_checksum_nothing_worse_than_an_error_happens(dump: bytes) -> None:
    trial = Trial()
    seen: Counter[str] = Counter()
    for _, data in flips(dump, PATTERNS if len(dump) < 300 else FEW):
        try:
            trial.load(data, verify=False)
            seen["loaded"] += 1
        except (CorruptFileError, ArenaFullError) as error:
            seen[type(error).__name__] += 1
    assert seen["loaded"] > 100 and seen["CorruptFileError"] > 100, seen
