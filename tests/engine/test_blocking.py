"""Clients that wait for keys: timers, full arenas, pauses, and what they leave behind."""

from __future__ import annotations

import pytest

from engine.client import Client
from engine.commands.table import COMMANDS
from tests.engine.commands.offline import Connection, OfflineServer

NULL_ARRAY = b"*-1\r\n"


def nobody_waits(server: OfflineServer) -> bool:
    """Whether nothing is left of any wait."""
    blocking = server.blocking
    awaited = any(database.awaited for database in server.keyspace.databases)
    return not (blocking.clients or blocking.ready or blocking._queues or awaited)


def two() -> tuple[OfflineServer, Connection, Connection]:
    server = OfflineServer()
    return server, server.connect(), server.connect()


def test_a_wait_ends_when_its_time_is_over() -> None:
    server, client, _ = two()
    assert client.line("BLPOP a b a 1.5") == b""
    (timer,) = server.loop.timers
    assert timer.delay == 1.5
    timer.end()
    assert client.received() == NULL_ARRAY
    assert nobody_waits(server)


def test_for_ever_has_no_timer_and_a_year_is_asked_for_by_days() -> None:
    server, client, other = two()
    client.line("BLPOP a 0")
    assert not server.loop.timers
    other.line("BLPOP a 31536000")
    (timer,) = server.loop.timers
    assert timer.delay == 86_400
    timer.end()
    assert other.client.wait is not None
    assert len(server.loop.timers) == 2


def test_who_is_served_has_no_timer_left() -> None:
    server, client, other = two()
    client.line("BLMOVE a b LEFT LEFT 5")
    other.line("RPUSH a x")
    assert client.received() == b"$1\r\nx\r\n"
    assert server.loop.timers[0].cancelled
    assert nobody_waits(server)


@pytest.mark.parametrize("seconds", ["0.0001", "-0.0001"])
def test_times_are_whole_milliseconds_rounded_up(seconds: str) -> None:
    server, client, _ = two()
    client.line(f"BLPOP a {seconds}")
    delays = [timer.delay for timer in server.loop.timers]
    assert delays == ([0.001] if float(seconds) > 0 else [])


def test_what_waits_behind_goes_on_at_the_turns_end() -> None:
    server, client, other = two()
    client.sends(b"BLPOP a 0\r\n")
    client.sends(b"SET after 1\r\nINCR aft")
    client.sends(b"er\r\n")
    assert other.line("GET after") == other.client.null
    assert other.line("RPUSH a x") == b":1\r\n"
    assert client.received() == b"*2\r\n$1\r\na\r\n$1\r\nx\r\n"
    assert other.line("GET after") == other.client.null
    server.blocking.go_on()
    assert client.received() == b"+OK\r\n:2\r\n"


def test_who_has_gone_is_not_served() -> None:
    server, client, other = two()
    client.line("BLPOP a 0")
    client.client.abort()
    other.line("RPUSH a x")
    assert other.line("LLEN a") == b":1\r\n"
    assert nobody_waits(server)


def test_a_move_that_does_not_fit_answers_oom_and_keeps_the_element() -> None:
    server = OfflineServer(pages=6)
    client, other = server.connect(), server.connect()
    client.line("BLMOVE a b LEFT RIGHT 0")
    other.call("RPUSH", "a", b"x" * 9000)
    assert client.received().startswith(b"-OOM ")
    assert other.line("LLEN a") == b":1\r\n"
    assert other.line("EXISTS b") == b":0\r\n"
    assert [argv[0] for _, argv in server.log_of_changes] == [b"RPUSH"]


def test_a_push_that_does_not_fit_wakes_nobody() -> None:
    server = OfflineServer(pages=4)
    client, other = server.connect(), server.connect()
    client.line("BLPOP a 0")
    assert other.call("RPUSH", "a", "x", b"x" * 100_000).startswith(b"-OOM ")
    assert client.received() == b""
    other.line("RPUSH a y")
    assert client.received().endswith(b"y\r\n")


def test_nobody_waits_while_an_aof_is_replayed() -> None:
    server = OfflineServer()
    replay = Client(server, replaying=True)  # type: ignore[arg-type]
    assert COMMANDS[b"blpop"].handler(replay, [b"BLPOP", b"a", b"0"]) == NULL_ARRAY
    assert nobody_waits(server)


def test_a_pause_that_begins_meanwhile_holds_what_comes_behind() -> None:
    server, client, other = two()
    client.sends(b"BLPOP a 0\r\nPING\r\n")
    other.line("RPUSH a x")
    other.line("CLIENT PAUSE 100 ALL")
    server.blocking.go_on()
    assert client.received().endswith(b"x\r\n")
    server.loop.timers[-1].end()
    assert client.received() == b"+PONG\r\n"


def test_monitor_shows_a_blocking_command_once() -> None:
    server, client, other = two()
    monitor = server.connect()
    monitor.line("MONITOR")
    monitor.received()
    client.line("BLPOP a 0")
    other.line("RPUSH a x")
    assert monitor.received().count(b"BLPOP") == 1


def test_each_command_counts_once() -> None:
    _, client, other = two()
    spec = COMMANDS[b"blpop"]
    before = spec.calls
    client.line("BLPOP a 0")
    assert spec.calls == before
    other.line("RPUSH a x")
    assert spec.calls == before + 1
