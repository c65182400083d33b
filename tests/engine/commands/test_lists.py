"""Lists where the arena is full, and long ones."""

from __future__ import annotations

from tests.engine.commands.offline import OfflineServer


def test_a_push_that_does_not_fit_changes_nothing() -> None:
    client = OfflineServer(pages=4).connect()
    client.line("RPUSH l a b")
    assert client.call("LPUSH", "l", "c", b"x" * 100_000).startswith(b"-OOM ")
    assert client.call("RPUSH", "l", "c", b"x" * 100_000).startswith(b"-OOM ")
    assert client.line("LRANGE l 0 -1") == b"*2\r\n$1\r\na\r\n$1\r\nb\r\n"
    assert client.call("RPUSH", "new", "c", b"x" * 100_000).startswith(b"-OOM ")
    assert client.line("EXISTS new") == b":0\r\n"
    assert len(client.server.log_of_changes) == 1


def test_a_move_that_does_not_fit_changes_nothing() -> None:
    client = OfflineServer(pages=6).connect()
    client.call("RPUSH", "l", b"x" * 9000)
    assert client.line("LMOVE l m LEFT RIGHT").startswith(b"-OOM ")
    assert client.line("LLEN l") == b":1\r\n"
    assert client.line("EXISTS m") == b":0\r\n"


def test_a_long_list_keeps_its_order() -> None:
    client = OfflineServer().connect()
    values = [b"%d" % number for number in range(3000)]
    client.call("RPUSH", "l", *values)
    assert client.line("LRANGE l 998 1001").split(b"\r\n")[2::2][:4] == values[998:1002]
    client.line("LTRIM l 500 -501")
    assert client.line("LPOP l 2") == b"*2\r\n$3\r\n500\r\n$3\r\n501\r\n"
    assert client.line("RPOP l") == b"$4\r\n2499\r\n"
    assert client.line("LLEN l") == b":1997\r\n"


def test_equal_lengths_are_no_special_case_for_a_client() -> None:
    client = OfflineServer().connect()
    client.call("RPUSH", "l", "", "")
    assert client.line("LRANGE l 0 -1") == b"*2\r\n$0\r\n\r\n$0\r\n\r\n"
    client.call("RPUSH", "long", "x" * 64, "y" * 64)
    assert client.line("LINDEX long 1") == b"$64\r\n%b\r\n" % (b"y" * 64)
    assert client.line("LRANGE long 1 1") == b"*1\r\n$64\r\n%b\r\n" % (b"y" * 64)
