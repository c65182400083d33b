"""COPY: every type, and what a full arena leaves."""

from __future__ import annotations

import pytest

from tests.engine.commands.offline import OfflineServer

FILL = {
    "string": "SET k hello",
    "set": "SADD k a b c",
    "hash": "HSET k a 1 b 2",
    "zset": "ZADD k 1 a 2 b",
}


@pytest.mark.parametrize("kind", FILL)
def test_a_copy_is_equal_and_independent(kind: str) -> None:
    client = OfflineServer().connect()
    client.line(FILL[kind])
    client.line("EXPIREAT k 9999999999")
    value = client.line("DEBUG DIGEST-VALUE k")
    assert client.line("COPY k other DB 3") == b":1\r\n"
    client.line("DEL k")
    client.line("SELECT 3")
    assert client.line("DEBUG DIGEST-VALUE other") == value
    assert client.line("EXPIRETIME other") == b":9999999999\r\n"
    assert client.line("TYPE other") == b"+%b\r\n" % kind.encode()


def test_what_a_copy_would_replace_stays_when_it_does_not_fit() -> None:
    client = OfflineServer(pages=8).connect()
    client.call("SADD", "s", *(b"x" * 900 + b"%d" % number for number in range(20)))
    client.line("SADD target before")
    before = client.line("DEBUG DIGEST")
    used = client.server.keyspace.arena.used_bytes
    assert client.line("COPY s target REPLACE").startswith(b"-OOM ")
    assert client.line("DEBUG DIGEST") == before
    assert client.server.keyspace.arena.used_bytes == used
