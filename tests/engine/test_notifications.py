"""Who is told of the keyspace's events, and that nobody pays for it who does not listen."""

from __future__ import annotations

from engine.replay import Replay
from tests.engine.commands.offline import Connection, OfflineServer


def listening(server: OfflineServer, pattern: str) -> Connection:
    listener = server.connect()
    listener.call("PSUBSCRIBE", pattern)
    return listener


def test_without_the_directive_nobody_hears() -> None:
    server = OfflineServer()
    listener = listening(server, "__key*")
    for classes in ("", "K", "g$", "KE"):
        server.connect().call("CONFIG", "SET", "notify-keyspace-events", classes)
        server.connect().line("SET a 1")
        server.connect().line("GET nothing")
        assert server.keyspace.on_event is None
    assert listener.received() == b""


def test_each_database_has_channels_of_its_own() -> None:
    server = OfflineServer()
    server.connect().call("CONFIG", "SET", "notify-keyspace-events", "KE$")
    listener = listening(server, "__key*@7__:*")
    client = server.connect()
    client.line("SET a 1")
    assert listener.received() == b""
    client.line("SELECT 7")
    client.line("SET a 1")
    assert listener.received().count(b"pmessage") == 2


def test_a_key_that_expires_by_itself_is_told() -> None:
    server = OfflineServer()
    server.connect().call("CONFIG", "SET", "notify-keyspace-events", "Ex")
    listener = listening(server, "__keyevent@0__:expired")
    client = server.connect()
    client.line("SET a 1 PX 5")
    server.clock.now += 5
    assert server.keyspace.databases[0].expire_if_due(b"a")
    assert listener.received().endswith(b"$1\r\na\r\n")
    assert client.line("GET a") == b"$-1\r\n"
    assert listener.received() == b""


def test_what_a_full_arena_refuses_is_not_told() -> None:
    server = OfflineServer(pages=4)
    server.connect().call("CONFIG", "SET", "notify-keyspace-events", "KEAn")
    client = server.connect()
    client.line("SET a before")
    listener = listening(server, "*")
    for line in ("SET a {}", "SET new {}", "MSET a 1 b {}", "APPEND a {}", "GETSET a {}"):
        assert client.line(line.format("x" * 100_000)).startswith(b"-OOM ")
    assert listener.received() == b""


def test_a_replayed_aof_meets_the_keys_that_had_not_expired_then() -> None:
    server = OfflineServer()
    past = b"%d" % (server.clock.now - 1)
    Replay(server).execute(  # type: ignore[arg-type]
        [
            [b"SET", b"kept", b"5", b"PXAT", past],
            [b"INCR", b"kept"],
            [b"PERSIST", b"kept"],
            [b"SADD", b"set", b"a"],
            [b"PEXPIREAT", b"set", past],
            [b"SADD", b"set", b"b"],
            [b"COPY", b"set", b"copied"],
            [b"PERSIST", b"copied"],
            [b"SET", b"gone", b"x", b"PXAT", past],
        ]
    )
    assert server.log_of_changes == []
    client = server.connect()
    assert client.line("GET kept") == b"$1\r\n6\r\n"
    assert client.line("TTL kept") == b":-1\r\n"
    assert client.line("SCARD copied") == b":2\r\n"
    assert client.line("EXISTS gone set") == b":0\r\n"
