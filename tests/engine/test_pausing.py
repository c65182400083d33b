"""CLIENT PAUSE: who waits, who goes on, and in which order."""

from __future__ import annotations

from tests.engine.commands.offline import Connection, OfflineServer


def two() -> tuple[OfflineServer, Connection, Connection]:
    server = OfflineServer()
    return server, server.connect(), server.connect()


def test_writes_wait_and_reads_do_not() -> None:
    server, one, other = two()
    assert one.line("CLIENT PAUSE 100 WRITE") == b"+OK\r\n"
    assert other.line("GET a") == b"$-1\r\n"
    assert other.line("SET a 1") == b""
    assert one.line("GET a") == b"$-1\r\n"
    assert b"flags=b" in one.line("CLIENT LIST")
    assert b"blocked_clients:1\r\n" in one.line("INFO clients")
    server.loop.timers[-1].end()
    assert other.received() == b"+OK\r\n"
    assert one.line("GET a") == b"$1\r\n1\r\n"
    assert other.line("SET a 2") == b"+OK\r\n"


def test_a_pause_is_never_made_weaker_or_shorter() -> None:
    server, one, other = two()
    one.line("CLIENT PAUSE 5000 WRITE")
    one.line("CLIENT PAUSE 100 ALL")
    assert server.loop.timers[0].cancelled
    assert server.loop.timers[-1].delay == 5.0
    assert other.line("PING") == b""
    assert one.line("CLIENT UNPAUSE") == b""  # it waits, too
    server.loop.timers[-1].end()
    assert (one.received(), other.received()) == (b"+OK\r\n", b"+PONG\r\n")


def test_what_comes_meanwhile_keeps_its_place() -> None:
    _server, one, other = two()
    one.line("CLIENT PAUSE 100 WRITE")
    other.line("SET a 1")
    other.sends(b"GET a\r\nSET a 2\r\nGE")
    other.sends(b"T a\r\n")
    assert other.received() == b""
    one.line("CLIENT UNPAUSE")
    assert other.received() == b"+OK\r\n$1\r\n1\r\n+OK\r\n$1\r\n2\r\n"


def test_each_command_is_counted_once() -> None:
    server, one, other = two()
    one.line("CLIENT PAUSE 100 WRITE")
    before = server.stats.commands
    other.sends(b"GET a\r\nSET a 2\r\nGET a\r\n")
    one.line("CLIENT UNPAUSE")
    assert server.stats.commands - before == 4


def test_a_client_that_has_gone_runs_nothing() -> None:
    _server, one, other = two()
    one.line("CLIENT PAUSE 100 WRITE")
    other.line("SET a 1")
    other.client.abort()
    one.line("CLIENT UNPAUSE")
    assert one.line("GET a") == b"$-1\r\n"


def test_an_exec_that_writes_waits() -> None:
    _server, one, other = two()
    for line in ("MULTI", "SET a 1"):
        other.line(line)
    one.line("CLIENT PAUSE 100 WRITE")
    assert other.line("EXEC") == b""
    one.line("CLIENT UNPAUSE")
    assert other.received() == b"*1\r\n+OK\r\n"
