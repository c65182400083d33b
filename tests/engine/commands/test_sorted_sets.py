"""Sorted sets where no redis-server can be asked: a full arena, chance, the order of effects."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable

import hiredis
import pytest

from engine.keyspace import unix_ms
from engine.values.sorted_sets import SortedSet, scored_of
from tests.engine.commands.offline import Connection, OfflineServer

LONG = "x" * 3000
TOO_LONG = " ".join(f"{number} {number}{LONG}" for number in range(2, 6))


def full(client: Connection) -> None:
    """Fill the arena until nothing fits."""
    number = 0
    for size in (3000, 500, 20):
        while not client.call("SET", f"fill{size}:{number}", "f" * size).startswith(b"-OOM "):
            number += 1


def almost_full(client: Connection) -> int:
    """The same with some room left for what is small; bytes that the arena has in use."""
    full(client)
    client.line("DEL fill3000:0 fill3000:1 fill3000:2")
    return client.server.keyspace.arena.used_bytes


def sorted_set(client: Connection, key: bytes) -> SortedSet:
    found = client.client.db.collection(key, SortedSet)
    assert found is not None
    in_arena = dict(map(scored_of, found.raw()))
    assert in_arena == found.scores == {member: score for score, member in found.ranks}
    return found


def test_a_zadd_that_finds_no_room_changes_nothing() -> None:
    client = OfflineServer(pages=16).connect()
    client.line("ZADD z 1 a 2 b")
    full(client)
    before = client.server.keyspace.dirty
    client.server.log_of_changes.clear()
    many = " ".join(f"{number} new{number}" for number in range(400))
    assert client.line(f"ZADD z 5 a 6 b {many} 7 {LONG}").startswith(b"-OOM ")
    assert sorted_set(client, b"z").scores == {b"a": 1.0, b"b": 2.0}
    assert client.server.keyspace.dirty == before
    assert client.server.log_of_changes == []


def test_a_new_sorted_set_that_finds_no_room_leaves_no_key() -> None:
    client = OfflineServer(pages=16).connect()
    used = almost_full(client)
    size = client.line("DBSIZE")
    assert client.line("ZADD new 1 a") == b":1\r\n"
    client.line("DEL new")
    assert client.line(f"ZADD new 1 a {TOO_LONG}").startswith(b"-OOM ")
    assert client.line("EXISTS new") == b":0\r\n"
    assert client.line("DBSIZE") == size
    assert client.server.keyspace.arena.used_bytes == used


def test_a_result_that_finds_no_room_leaves_what_was_there() -> None:
    client = OfflineServer(pages=16).connect()
    client.line(f"ZADD z 1 a {TOO_LONG}")
    client.line("SET d before")
    used = almost_full(client)
    assert client.line("ZUNIONSTORE d 1 z").startswith(b"-OOM ")
    assert client.line("ZRANGESTORE d z 0 -1").startswith(b"-OOM ")
    assert client.line("GET d") == b"$6\r\nbefore\r\n"
    assert client.server.keyspace.arena.used_bytes == used
    assert client.line("ZRANGESTORE d z 0 0") == b":1\r\n"


@pytest.mark.parametrize(
    "line",
    ["ZREM z a b", "ZPOPMIN z 5", "ZPOPMAX z 2", "ZMPOP 1 z MIN COUNT 9", "ZREMRANGEBYRANK z 0 -1"],
)
def test_the_last_member_takes_the_key_along(line: str) -> None:
    client = OfflineServer().connect()
    client.line("ZADD z 1 a 2 b")
    client.line(line)
    assert client.line("EXISTS z") == b":0\r\n"
    assert client.server.keyspace.databases[0].collections == {}


def test_what_a_watched_sorted_set_loses_stops_a_transaction() -> None:
    server = OfflineServer()
    client, other = server.connect(), server.connect()
    client.line("ZADD z 1 a 2 b")
    for line in ("ZPOPMIN z", "ZADD z 3 c", "ZADD z 4 c", "ZREM z c", "ZUNIONSTORE z 1 z"):
        client.line("WATCH z")
        other.line(line)
        client.line("MULTI")
        assert client.line("EXEC") == b"*-1\r\n", line


def test_a_changed_score_that_is_the_same_stops_no_transaction() -> None:
    server = OfflineServer()
    client, other = server.connect(), server.connect()
    client.line("ZADD z 1 a")
    client.line("WATCH z")
    assert other.dirty("ZADD z 1 a") == 0
    client.line("MULTI")
    assert client.line("EXEC") == b"*0\r\n"


def test_random_members_are_different_unless_they_may_repeat() -> None:
    random.seed(3)
    client = OfflineServer().connect()
    for number in range(300):
        client.line(f"ZADD z {number} m{number}")
    picked = answer(client.line("ZRANDMEMBER z 100"))
    assert len(set(picked)) == len(picked) == 100
    again = answer(client.line("ZRANDMEMBER z -1000"))
    assert len(again) == 1000
    assert len(set(again)) > 250  # 300 * (1 - e**-3.3) are expected
    pairs = answer(client.line("ZRANDMEMBER z 20 WITHSCORES"))
    assert all(
        member == b"m" + score for member, score in zip(pairs[::2], pairs[1::2], strict=True)
    )


def test_a_loaded_sorted_set_is_the_one_that_was_logged() -> None:
    """Replaying what ZMPOP and ZINCRBY have logged gives the same members."""
    server = OfflineServer()
    server.keyspace.now_ms = unix_ms
    client = server.connect()
    for line in ("ZADD a 1 x 2 y 3 z", "ZINCRBY a 0.1 x", "ZMPOP 2 b a MAX", "ZPOPMIN a"):
        client.line(line)
    other = OfflineServer().connect()
    for _, argv in server.log_of_changes:
        other.call(*argv)
    assert other.line("ZRANGE a 0 -1 WITHSCORES") == client.line("ZRANGE a 0 -1 WITHSCORES")
    assert sorted_set(other, b"a").scores == {b"y": 2.0}


def answer(reply: bytes) -> list[bytes]:
    reader = hiredis.Reader()
    reader.feed(reply)
    found: list[bytes] = reader.gets()
    return found


def calls_of(action: Callable[[], bytes]) -> int:
    """How many functions of Python an action calls."""
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        reply = action()
    finally:
        sys.setprofile(None)
    assert not reply.startswith((b"-", b"*0"))
    return count


@pytest.mark.parametrize(
    "line",
    [
        "ZRANGE z 10000 10004",
        "ZRANGE z 3 7 REV WITHSCORES",
        "ZRANGE z [10000 + BYLEX LIMIT 0 5",
        "ZRANGE z + [10000 BYLEX REV LIMIT 3000 5",
        "ZRANGE z 0 0 BYSCORE LIMIT 9000 5",
        "ZLEXCOUNT z [1 (2",
        "ZCOUNT z 0 0",
        "ZRANK z 12345",
        "ZREMRANGEBYRANK z 10000 10002",
        "ZPOPMAX z 3",
        "ZRANDMEMBER z 5",
        "ZADD z 1 12345",
    ],
)
def test_an_operation_costs_what_it_answers(line: str) -> None:
    client = OfflineServer().connect()
    client.line("CONFIG SET zset-max-listpack-entries 0")
    pairs = " ".join(f"0 {number:05}" for number in range(20000))
    client.line(f"ZADD z {pairs}")
    assert calls_of(lambda: client.line(line)) < 400
    client.line("ZADD z -1 00000")  # then a range of bytes is none, but no walk through all either
    assert calls_of(lambda: client.line(line)) < 400
