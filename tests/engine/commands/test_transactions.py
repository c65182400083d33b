"""MULTI, EXEC and WATCH, where time and other clients come in."""

from __future__ import annotations

from tests.engine.commands.offline import OfflineServer

NULL_ARRAY = b"*-1\r\n"


def test_another_clients_write_calls_the_transaction_off() -> None:
    server = OfflineServer()
    one, other = server.connect(), server.connect()
    one.line("WATCH a")
    one.line("MULTI")
    one.line("SET a mine")
    other.line("SET a theirs")
    assert one.line("EXEC") == NULL_ARRAY
    assert one.line("GET a") == b"$6\r\ntheirs\r\n"
    assert one.client.db.watched == {}


def test_a_write_that_changes_nothing_does_not() -> None:
    server = OfflineServer()
    one, other = server.connect(), server.connect()
    one.line("WATCH a")
    other.line("DEL a")
    other.line("SET b 1")
    one.line("MULTI")
    assert one.line("EXEC") == b"*0\r\n"


def test_a_watched_key_that_expires_calls_it_off() -> None:
    server = OfflineServer()
    client = server.connect()
    client.line("SET a 1 PX 10")
    client.line("WATCH a")
    client.line("MULTI")
    server.clock.now += 11
    assert client.line("EXEC") == NULL_ARRAY


def test_a_key_that_had_expired_before_the_watch_does_not() -> None:
    server = OfflineServer()
    client = server.connect()
    client.line("SET a 1 PX 10")
    server.clock.now += 11
    client.line("WATCH a")
    client.line("MULTI")
    assert client.line("EXEC") == b"*0\r\n"


def test_flushall_calls_it_off() -> None:
    server = OfflineServer()
    one, other = server.connect(), server.connect()
    one.line("SET a 1")
    one.line("WATCH a")
    other.line("FLUSHALL")
    one.line("MULTI")
    assert one.line("EXEC") == NULL_ARRAY


def test_an_error_while_running_does_not_stop_the_rest() -> None:
    client = OfflineServer().connect()
    client.line("SET text x")
    client.line("MULTI")
    client.line("INCR text")
    client.line("SET after 1")
    assert client.line("EXEC").endswith(b"integer or out of range\r\n+OK\r\n")


def test_an_error_while_queueing_does() -> None:
    client = OfflineServer().connect()
    client.line("MULTI")
    client.line("SET after 1")
    assert client.line("CONFIG NOPE").startswith(b"-ERR unknown subcommand")
    assert client.line("EXEC").startswith(b"-EXECABORT")
    assert client.line("EXISTS after") == b":0\r\n"


def test_bgsave_inside_is_scheduled() -> None:
    server = OfflineServer()
    client = server.connect()
    client.line("MULTI")
    client.line("BGSAVE")
    assert client.line("EXEC") == b"*1\r\n+Background saving scheduled\r\n"
    assert server.persistence.asked == ["schedule"]


def test_reset_forgets_everything() -> None:
    server = OfflineServer()
    client = server.connect()
    client.line("WATCH a")
    client.line("MULTI")
    client.line("SET b 1")
    assert client.line("RESET") == b"+RESET\r\n"
    assert client.line("EXEC").startswith(b"-ERR EXEC without MULTI")
    assert client.client.db.watched == {}


def test_an_exec_that_may_not_write_now_gives_up() -> None:
    server = OfflineServer()
    client = server.connect()
    client.line("MULTI")
    client.line("SET a 1")
    server.persistence.refusal = lambda: "MISCONF no"  # type: ignore[method-assign]
    assert client.line("EXEC") == b"-EXECABORT Transaction discarded because of: MISCONF no\r\n"
    assert client.line("EXEC").startswith(b"-ERR EXEC without MULTI")
    assert client.line("EXISTS a") == b":0\r\n"
