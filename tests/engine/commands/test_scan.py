"""SCAN's promise: what is there all the time is answered, whatever else happens."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.commands.scan import walk
from tests.engine.commands.offline import OfflineServer


def test_a_scan_of_one_step() -> None:
    client = OfflineServer().connect()
    client.line("MSET a 1 b 2")
    cursor, keys = walk(client.client.db, 0, 10)
    assert cursor == 0
    assert sorted(keys) == [b"a", b"b"]


def test_count_is_about_how_many_come_at_once() -> None:
    client = OfflineServer().connect()
    client.line("DEBUG POPULATE 1000")
    steps = 0
    cursor, seen = 0, set()
    while True:
        cursor, keys = walk(client.client.db, cursor, 10)
        seen.update(keys)
        steps += 1
        assert len(keys) < 60
        if cursor == 0:
            break
    assert len(seen) == 1000
    assert 20 < steps <= 100


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 1 << 30), st.integers(1, 40), st.integers(0, 300))
def test_what_stays_is_answered_by_every_scan(seed: int, count: int, stayers: int) -> None:
    """Two scans at once, with keys coming, going, coming back and being rewritten meanwhile."""
    rng = random.Random(seed)
    client = OfflineServer().connect()
    database = client.client.db
    for number in range(200):
        database.set(b"other:%d" % number, b"x")
    for number in range(stayers):
        database.set(b"stays:%d" % number, b"x")
    cursors: list[int | None] = [0, None]
    seen: list[set[bytes]] = [set(), set()]
    while any(cursor is not None for cursor in cursors):
        which = rng.randrange(2)
        cursor = cursors[which]
        if cursor is not None:
            cursor, keys = walk(database, cursor, count)
            seen[which].update(keys)
            cursors[which] = cursor or None
            if which == 0 and cursors[1] is None and not seen[1]:
                cursors[1] = 0  # the second scan begins while the first is on its way
        for _ in range(rng.randrange(8)):
            name = b"other:%d" % rng.randrange(400)
            if rng.random() < 0.5:
                database.delete(name)
            else:
                database.set(name, b"x" * rng.randrange(100))
        if stayers:
            database.set(b"stays:%d" % rng.randrange(stayers), b"y" * rng.randrange(200))
    stays = {b"stays:%d" % number for number in range(stayers)}
    assert stays <= seen[0]
    assert not seen[1] or stays <= seen[1]


def test_a_database_that_was_exchanged_is_scanned_anew() -> None:
    client = OfflineServer().connect()
    client.line("DEBUG POPULATE 500")
    cursor, _ = walk(client.client.db, 0, 10)
    client.line("SELECT 1")
    client.line("SET only 1")
    client.line("SWAPDB 0 1")
    client.line("SELECT 0")
    found = set()
    while cursor:
        cursor, keys = walk(client.client.db, cursor, 10)
        found.update(keys)
    assert found <= {b"only"}


def test_expired_keys_are_not_answered() -> None:
    server = OfflineServer()
    client = server.connect()
    client.line("SET gone 1 PX 10")
    client.line("SET here 1")
    server.clock.now += 11
    assert walk(client.client.db, 0, 10) == (0, [b"here"])
