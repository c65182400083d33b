"""The naive walk: each key as it is when its turn comes, so that the file is of no moment."""

from __future__ import annotations

import errno

import pytest

from engine.arena import Arena
from engine.errors import EngineError
from engine.events import Walk
from engine.keyspace import Keyspace
from engine.rdb_reader import read
from engine.walk import NaiveWalk
from tests.engine.fake_disk import FakeDisk


class Walking:
    """A walk over accounts of 100 each, on a disk in memory."""

    def __init__(self, accounts: int = 10, keys_a_turn: int = 4) -> None:
        self.keyspace = Keyspace(Arena(256))
        for number in range(accounts):
            self.put(number, 100)
        self.disk = FakeDisk("/d")
        self.told: list[Walk] = []
        self.walk = NaiveWalk(
            self.keyspace, self.disk, "/d", self.told.append, keys_a_turn=keys_a_turn
        )

    def put(self, account: int, amount: int) -> None:
        self.keyspace.databases[0].set(b"account:%d" % account, b"%d" % amount)
        self.keyspace.dirty += 1

    def finish(self) -> dict[bytes, int]:
        while self.walk.turn():
            pass
        found = read("/d/walk.rdb", self.disk)
        return {entry[1]: int(entry[2]) for entry in found}  # type: ignore[call-overload]


def test_with_nobody_writing_it_is_exact() -> None:
    walking = Walking()
    found = walking.finish()
    assert sum(found.values()) == 1000
    assert [told.stage for told in walking.told] == ["begun", *["progress"] * 3, "ended"]
    assert walking.told[-1].keys == walking.told[-1].total_keys == 10
    assert walking.told[-1].changes == 0
    assert walking.told[-1].path == "/d/walk.rdb"
    assert list(walking.disk.names) == ["/d/walk.rdb"]


def test_a_transfer_that_spans_its_place_is_half_in_it() -> None:
    walking = Walking()
    assert walking.walk.turn()  # accounts 0 to 3 are written
    walking.put(0, 70)
    walking.put(9, 130)  # 30 from 0 to 9: the file has only the second half
    assert sum(walking.finish().values()) == 1030
    assert walking.told[-1].changes == 2


def test_it_meets_no_new_key_and_leaves_out_what_has_gone() -> None:
    walking = Walking()
    assert walking.walk.turn()
    walking.put(77, 5)
    walking.keyspace.databases[0].delete(b"account:9")
    walking.keyspace.databases[0].delete(b"account:0")
    assert sorted(walking.finish()) == [b"account:%d" % number for number in range(9)]


def test_it_names_the_pages_that_it_reads() -> None:
    walking = Walking(accounts=400, keys_a_turn=50)
    walking.finish()
    pages = [page for told in walking.told for a, b in told.page_ranges for page in range(a, b + 1)]
    assert set(pages) == set(range(walking.keyspace.arena.high_water))


@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
def test_a_failing_disk_leaves_no_file(call: str) -> None:
    walking = Walking()
    walking.disk.fail[call] = lambda: errno.EIO
    with pytest.raises(EngineError, match="Can't write /d/temp-walk"):
        walking.finish()
    assert walking.told[-1].stage == "given up"
    assert not list(walking.disk.names)
    assert not walking.disk.open_files


def test_collections_are_walked_too() -> None:
    walking = Walking(accounts=0)
    from tests.engine.commands.offline import OfflineServer

    server = OfflineServer()
    client = server.connect()
    client.line("RPUSH list a b c")
    client.line("HSET hash f 1")
    client.line("SET expiring v PX 100000")
    walking.walk.give_up()
    walk = NaiveWalk(server.keyspace, walking.disk, "/d", walking.told.append)
    while walk.turn():
        pass
    found = {entry[1]: entry for entry in read("/d/walk.rdb", walking.disk)}
    assert set(found) == {b"list", b"hash", b"expiring"}
