"""DUMP and RESTORE, between this engine and a real redis-server, and with damaged payloads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rdb_format import crc64, pack_checksum
from tests.engine.commands.offline import Connection, OfflineServer
from tests.engine.generated import commands, execute, generated, give
from tests.engine.redis_reference import REFERENCE_VERSION, RedisServer, Wire, redis_version

needs_redis = pytest.mark.skipif(
    not redis_version().startswith(REFERENCE_VERSION),
    reason=f"no redis-server {REFERENCE_VERSION}x to compare with",
)
FILL = ["SET k hello", "SET k 77", "RPUSH k a b", "SADD k 1 2", "HSET k a 1 b 2", "ZADD k 1 a"]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Wire]:
    server = RedisServer(tmp_path)
    wire = server.connect()
    yield wire
    wire.close()
    server.stop()


def payload(reply: bytes) -> bytes:
    return reply[reply.index(b"\r\n") + 2 : -2]


def ours() -> Connection:
    server = OfflineServer()
    for database in server.keyspace.databases:
        database.now_ms = lambda: 1_000_000
    return server.connect()


@needs_redis
def test_every_encoding_of_redis_is_restored(redis: Wire) -> None:
    items = generated(5, 600, time.time_ns() // 1_000_000)
    give(redis, items)
    mine = ours()
    for item in items:
        redis.call(b"SELECT", b"%d" % item.db)
        dumped = payload(redis.call(b"DUMP", item.key))
        assert mine.call("RESTORE", item.key, "0", dumped, "REPLACE") == b"+OK\r\n"
        digest = [b"DEBUG", b"DIGEST-VALUE", item.key]
        if item.expire_ms:
            redis.call(b"PERSIST", item.key)
        assert mine.call(*digest) == redis.call(*digest), item


@needs_redis
def test_redis_restores_what_is_dumped(redis: Wire) -> None:
    items = [item._replace(db=0, key=b"k", expire_ms=0) for item in generated(6, 600, 0)]
    mine = ours()
    for item in items:
        for call in (mine.call, redis.call):
            call(b"DEL", b"k", b"copy")
        for argv in commands(item):
            mine.call(*argv)
        dumped = payload(mine.call("DUMP", item.key))
        assert redis.call(b"RESTORE", b"copy", b"0", dumped, b"REPLACE") == b"+OK\r\n"
        execute(redis, [item], commands)
        assert redis.call(b"DEBUG", b"DIGEST-VALUE", b"copy") == mine.call(
            "DEBUG", "DIGEST-VALUE", item.key
        )
        encoding = [b"OBJECT", b"ENCODING"]
        if item.kind != "list":  # what is loaded may be packed otherwise, but not named otherwise
            assert redis.call(*encoding, b"copy") == redis.call(*encoding, item.key)


TAILS = """\
k 0 P
fresh -1 P
fresh x P
fresh 0 P IDLETIME 1 FREQ 3
fresh 0 P FREQ 256
fresh 0 P IDLETIME -1
fresh 0 P IDLETIME
fresh 0 P WHAT
fresh 0 short
k 1 P ABSTTL REPLACE
fresh 1 P ABSTTL
fresh 9223372036854775807 P
k 99999999999999 P REPLACE ABSTTL
fresh 0 P FREQ 255 REPLACE
"""


@needs_redis
def test_replies_are_those_of_redis(redis: Wire) -> None:
    mine = ours()
    for fill in FILL:
        for tail in TAILS.splitlines():
            for call in (mine.call, redis.call):
                call(b"DEL", b"k", b"fresh")
                call(*fill.encode().split())
            dumped = payload(mine.call("DUMP", "k"))
            words = [dumped if word == b"P" else word for word in tail.encode().split()]
            for argv in (
                [b"RESTORE", *words], [b"TYPE", b"k"], [b"PEXPIRETIME", b"k"], [b"EXISTS", b"fresh"]
            ):  # fmt: skip
                assert mine.call(*argv) == redis.call(*argv), (fill, tail, argv)


@pytest.mark.parametrize("fill", FILL)
def test_the_log_has_the_moment_and_not_the_time_left(fill: str) -> None:
    mine = ours()
    mine.line(fill)
    mine.line("SET gone x")
    dumped = payload(mine.call("DUMP", "k"))
    log = mine.server.log_of_changes
    log.clear()
    assert mine.call("RESTORE", "new", "5000", dumped) == b"+OK\r\n"
    assert mine.call("RESTORE", "new", "0", dumped, "REPLACE") == b"+OK\r\n"
    assert mine.call("RESTORE", "gone", "1", dumped, "ABSTTL", "REPLACE") == b"+OK\r\n"
    assert mine.call("RESTORE", "never", "1", dumped, "ABSTTL") == b"+OK\r\n"
    assert [argv for _, argv in log] == [
        [b"RESTORE", b"new", b"1005000", dumped, b"ABSTTL"],
        [b"RESTORE", b"new", b"0", dumped, b"REPLACE"],
        [b"DEL", b"gone"],
    ]


def test_a_type_that_is_none_and_items_of_a_dump_are_refused() -> None:
    mine = ours()
    for body in (b"\x0f\x00", b"\xff", b"\xfe\x01", b"\xfa\x01a\x01b", b"", b"\x02\x00"):
        assert restored(mine, body) == b"-ERR Bad data format\r\n", body
    twice = b"\x00\x01a\x00\x01b\x01c"  # a string, and a whole record behind it
    assert restored(mine, twice) == b"-ERR Bad data format\r\n"
    assert restored(mine, b"\x02\x02\x01a\x01a") == b"-ERR Bad data format\r\n"
    assert mine.line("DBSIZE") == b":0\r\n"


def restored(mine: Connection, body: bytes) -> bytes:
    """The reply to a payload with this body, whose checksum is right."""
    data = body + b"\x0a\x00"
    return mine.call("RESTORE", "k", "0", data + pack_checksum(crc64(data)))


@given(st.sampled_from(FILL), st.data())
def test_a_damaged_body_is_refused_or_means_something(fill: str, data: st.DataObject) -> None:
    mine = ours()
    mine.line(fill)
    body = bytearray(payload(mine.call("DUMP", "k"))[:-10])
    mine.line("DEL k")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at] = data.draw(st.integers(0, 255))
    reply = restored(mine, bytes(body[: data.draw(st.integers(1, len(body)))]))
    if reply == b"+OK\r\n":
        assert mine.call("DUMP", "k") != b"$-1\r\n"
    else:
        assert reply == b"-ERR Bad data format\r\n" or reply.startswith(b"-OOM ")
        assert mine.line("DBSIZE") == b":0\r\n"
        assert mine.server.keyspace.arena.used_bytes == 0
