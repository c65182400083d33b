from __future__ import annotations

import pytest

from engine import dispatch
from engine.commands.table import COMMANDS
from engine.server import Server
from tests.engine.commands.offline import Connection, OfflineServer


def turn(server: OfflineServer) -> None:
    dispatch.run(server, server.arrivals.take(server.stats))  # type: ignore[arg-type]


def test_a_turn_executes_all_reads_in_the_order_in_which_they_came() -> None:
    server = OfflineServer()
    one, two = server.connect(), server.connect()
    for client, data in ((one, b"SET a 1\r\nGE"), (two, b"INCR a\r\n"), (one, b"T a\r\n")):
        client.client.data_received(data)
    assert len(server.keyspace) == 0
    turn(server)
    assert one.received() == b"+OK\r\n$1\r\n2\r\n"
    assert two.received() == b":2\r\n"
    assert (server.stats.reads, server.stats.net_input_bytes) == (3, 24)
    assert list(server.pending) == [one.client, two.client]
    turn(server)
    assert one.received() == b""


def test_a_client_that_was_closed_in_the_turn_is_not_served() -> None:
    server = OfflineServer()
    one, two = server.connect(), server.connect()
    one.client.data_received(b"CLIENT KILL ID %d\r\n" % two.client.id)
    two.client.data_received(b"SET a 1\r\n")
    turn(server)
    assert len(server.keyspace) == 0


def test_nothing_is_begun_for_a_client_that_is_gone() -> None:
    server = OfflineServer()
    client = server.connect()
    client.client.data_received(b"BLPOP a 0\r\n")
    client.client.connection_lost(None)
    turn(server)
    assert not server.blocking.clients


def test_a_broken_stream_is_answered_behind_its_commands() -> None:
    server = OfflineServer()
    client = server.connect()
    client.sends(b"PING\r\n*x\r\n")
    assert client.received() == b"+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n"
    assert client.client.closing


def test_a_bug_in_one_clients_command_leaves_the_others_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr(COMMANDS[b"echo"], "handler", broken)
    server = OfflineServer()
    clients: list[Connection] = [server.connect() for _ in range(3)]
    for client in clients:
        line = b"ECHO a\r\n" if client is clients[1] else b"PING\r\n"
        client.client.data_received(line)
    Server._execute(server)  # type: ignore[arg-type]
    assert [client.received() for client in clients] == [b"+PONG\r\n", b"", b"+PONG\r\n"]
    assert [client.client.closing for client in clients] == [False, True, False]
    assert [type(bug) for bug in server.loop.bugs] == [ZeroDivisionError]
