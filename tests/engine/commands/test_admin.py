"""What changes the server rather than the data: DEBUG's guard, CLIENT KILL, SHUTDOWN, AUTH."""

from __future__ import annotations

import pytest

from tests.engine.commands.offline import OfflineServer


def test_debug_is_for_this_machine_only() -> None:
    client = OfflineServer().connect()
    assert client.line("DEBUG SLEEP 0") == b"+OK\r\n"
    client.client.address = "10.0.0.7:1"
    assert client.line("DEBUG SLEEP 0").startswith(b"-ERR DEBUG command not allowed")
    client.server.config.enable_debug_command = "yes"
    assert client.line("DEBUG SLEEP 0") == b"+OK\r\n"


def test_debug_populate_leaves_keys_alone() -> None:
    client = OfflineServer().connect()
    client.line("SET key:1 mine")
    assert client.dirty("DEBUG POPULATE 3 key 8") == 0
    assert client.line("MGET key:0 key:1") == b"*2\r\n$8\r\nvalue:0\0\r\n$4\r\nmine\r\n"


@pytest.mark.parametrize("inside", [False, True])
def test_debug_populate_into_a_full_arena_creates_nothing(inside: bool) -> None:
    client = OfflineServer(pages=16).connect()
    client.line("SET key:1 mine")
    if inside:
        client.line("MULTI")
        client.line("DEBUG POPULATE 1000 key 3000")
        reply = client.line("EXEC").removeprefix(b"*1\r\n")
    else:
        reply = client.line("DEBUG POPULATE 1000 key 3000")
    assert reply == b"-OOM command not allowed when used memory > 'maxmemory'.\r\n"
    assert client.line("KEYS *") == b"*1\r\n$5\r\nkey:1\r\n"
    assert client.line("DEBUG POPULATE 3 key 3000") == b"+OK\r\n"


def test_clients_are_killed_by_filter() -> None:
    server = OfflineServer()
    killer, victim = server.connect(), server.connect()
    victim.client.address = "127.0.0.1:6000"
    victim.line("CLIENT SETNAME victim")
    assert b"name=victim" in killer.line("CLIENT LIST")
    assert killer.line("CLIENT KILL TYPE normal") == b":1\r\n"
    assert victim.client.closing
    assert not killer.client.closing
    assert killer.line("CLIENT KILL 127.0.0.1:5000") == b"+OK\r\n"
    assert killer.client.closing


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("SHUTDOWN", (None, False, False)),
        ("SHUTDOWN NOSAVE NOW", (False, True, False)),
        ("SHUTDOWN SAVE FORCE", (True, False, True)),
    ],
)
def test_shutdown_answers_nothing(line: str, asked: tuple[object, ...]) -> None:
    server = OfflineServer()
    assert server.connect().line(line) == b""
    assert server.ended == asked


def test_a_password_opens_everything() -> None:
    server = OfflineServer()
    server.config.requirepass = "secret"
    client = server.connect()
    assert client.line("GET a").startswith(b"-NOAUTH")
    assert client.line("HELLO 3").startswith(b"-NOAUTH HELLO must be called")
    assert client.line("AUTH wrong").startswith(b"-WRONGPASS")
    assert client.line("GET a").startswith(b"-NOAUTH")
    assert client.line("AUTH secret") == b"+OK\r\n"
    assert client.line("GET a") == b"$-1\r\n"
    other = server.connect()
    assert other.line("HELLO 3 AUTH default secret SETNAME me").startswith(b"%7\r\n")
    assert other.line("RESET") == b"+RESET\r\n"
    assert other.line("GET a").startswith(b"-NOAUTH")


def test_protocol_3_is_not_chosen_by_a_hello_that_fails() -> None:
    client = OfflineServer().connect()
    client.line("HELLO 3 FOO")
    assert client.line("GET a") == b"$-1\r\n"


def test_monitor_sees_what_others_do() -> None:
    server = OfflineServer()
    watcher, worker = server.connect(), server.connect()
    watcher.line("MONITOR")
    worker.line("SET a 1")
    assert watcher.received() == b"+SET a 1\r\n"
    watcher.line("RESET")
    worker.line("SET a 2")
    assert watcher.received() == b""


def test_resetstat_forgets_the_calls() -> None:
    from engine.commands.table import COMMANDS

    client = OfflineServer().connect()
    client.line("GET a")
    client.line("CONFIG RESETSTAT")
    assert COMMANDS[b"get"].calls == 0
    assert client.server.stats.keyspace_misses == 0
