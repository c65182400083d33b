"""HSCAN, SSCAN and ZSCAN keep SCAN's promise: what stays is answered."""

from __future__ import annotations

import gc
import random

import pytest

from engine.commands import scan
from tests.engine.commands.offline import Connection, OfflineServer

STAYERS = 400


def add(client: Connection, kind: str, member: str) -> None:
    words = {"SSCAN": ["SADD", "k", member], "HSCAN": ["HSET", "k", member, "v" + member]}
    client.call(*words.get(kind, ["ZADD", "k", len(member), member]))


def remove(client: Connection, kind: str, member: str) -> None:
    client.call({"SSCAN": "SREM", "HSCAN": "HDEL", "ZSCAN": "ZREM"}[kind], "k", member)


def step(client: Connection, kind: str, cursor: bytes, count: int) -> tuple[bytes, list[bytes]]:
    words = client.call(kind, "k", cursor, "COUNT", count).split(b"\r\n")
    return words[2], words[5:-1:2] if kind == "SSCAN" else words[5:-1:4]


@pytest.mark.parametrize("kind", ["SSCAN", "HSCAN", "ZSCAN"])
@pytest.mark.parametrize("seed", range(4))
def test_what_stays_is_answered(kind: str, seed: int) -> None:
    """Elements come and go between the steps, and a second scan runs beside the first."""
    rng = random.Random(seed)
    client = OfflineServer().connect()
    for number in range(STAYERS):
        add(client, kind, f"stays:{number}")
        add(client, kind, f"goes:{number}")
    seen: set[bytes] = set()
    cursor, other = b"0", b"0"
    while True:
        cursor, found = step(client, kind, cursor, rng.randrange(1, 40))
        seen.update(found)
        if cursor == b"0":
            break
        other, _ = step(client, kind, other, 30)
        for _ in range(5):
            remove(client, kind, f"goes:{rng.randrange(STAYERS)}")
            add(client, kind, f"comes:{rng.randrange(STAYERS)}")
    assert {b"stays:%d" % number for number in range(STAYERS)} <= seen


def test_a_scan_sees_what_came_before_it_began() -> None:
    """Though an older scan, which began without it, is still on its way."""
    client = OfflineServer().connect()
    for number in range(2000):
        add(client, "SSCAN", f"m{number}")
    older, _ = step(client, "SSCAN", b"0", 10)
    assert older != b"0"
    add(client, "SSCAN", "newcomer")
    cursor, seen = step(client, "SSCAN", b"0", 10)
    while cursor != b"0":
        cursor, found = step(client, "SSCAN", cursor, 10)
        seen += found
    assert b"newcomer" in seen


def test_count_bounds_a_step() -> None:
    client = OfflineServer().connect()
    for number in range(2000):
        add(client, "SSCAN", f"m{number}")
    cursor, found = step(client, "SSCAN", b"0", 10)
    assert cursor != b"0"
    assert 10 <= len(found) < 60


def test_what_redis_keeps_compact_comes_at_once() -> None:
    client = OfflineServer().connect()
    client.call("SADD", "k", *range(500))
    cursor, found = step(client, "SSCAN", b"0", 10)
    assert (cursor, len(found)) == (b"0", 500)


def test_a_deleted_collection_leaves_no_index() -> None:
    client = OfflineServer().connect()
    for number in range(2000):
        add(client, "SSCAN", f"m{number}")
    gc.collect()
    before = len(scan._INDEXES)
    step(client, "SSCAN", b"0", 10)
    assert len(scan._INDEXES) == before + 1
    client.line("DEL k")
    gc.collect()
    assert len(scan._INDEXES) == before


def test_scan_can_ask_for_a_type() -> None:
    client = OfflineServer().connect()
    for line in ("SET str 1", "SADD set 1", "HSET hash a 1", "ZADD zset 1 a"):
        client.line(line)
    for kind, key in (("string", b"str"), ("set", b"set"), ("hash", b"hash"), ("zset", b"zset")):
        assert client.line(f"SCAN 0 COUNT 100 TYPE {kind}").split(b"\r\n")[4:] == [
            b"$%d" % len(key),
            key,
            b"",
        ]
    assert client.line("SCAN 0 TYPE nosuch").endswith(b"*0\r\n")
