"""Sets: what a full arena leaves, stored results, and that nothing is lost on the way."""

from __future__ import annotations

import pytest

from engine.keyspace import Keyspace
from tests.engine.commands.offline import Connection, OfflineServer


def full_client() -> Connection:
    """One whose server has sets `s` (1 2 3) and `t` (3 4), and no room for much more."""
    client = OfflineServer(pages=6).connect()
    client.line("SADD s 1 2 3")
    client.line("SADD t 3 4")
    number = 0
    while client.call("SET", f"filler:{number}", b"x" * 3000).startswith(b"+"):
        number += 1
    return client


def test_sadd_adds_all_members_or_none() -> None:
    client = full_client()
    assert client.call("SADD", "s", "5", "6", b"x" * 5000).startswith(b"-OOM ")
    assert client.line("SMEMBERS s") == b"*3\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n"
    assert client.line("OBJECT ENCODING s") == b"$6\r\nintset\r\n"
    assert client.call("SADD", "new", b"x" * 5000).startswith(b"-OOM ")
    assert client.line("EXISTS new") == b":0\r\n"


def test_a_result_that_does_not_fit_leaves_what_was_there() -> None:
    client = OfflineServer(pages=12).connect()
    for number in range(700):
        client.call("SADD", f"s{number % 2}", b"member-of-some-length:%08d" % number)
    while client.call("SADD", "s0", b"x" * 900 + b"%d" % client.server.keyspace.dirty) == b":1\r\n":
        pass
    client.line("SET target before")
    before = client.line("DEBUG DIGEST")
    used = client.server.keyspace.arena.used_bytes
    assert client.line("SUNIONSTORE target s0 s1").startswith(b"-OOM ")
    assert client.line("DEBUG DIGEST") == before
    assert client.server.keyspace.arena.used_bytes == used


def test_smove_into_a_full_arena_moves_nothing() -> None:
    client = OfflineServer(pages=3).connect()
    member = b"x" * 2500
    client.call("SADD", "s", member)
    number = 0
    while client.call("SET", f"filler:{number}", b"x" * 3000).startswith(b"+"):
        number += 1
    assert client.call("SMOVE", "s", "new", member).startswith(b"-OOM ")
    assert client.line("EXISTS s new") == b":1\r\n"
    assert client.call("SISMEMBER", "s", member) == b":1\r\n"


@pytest.mark.parametrize("command", ["SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"])
def test_a_stored_set_is_a_set_like_any_other(command: str) -> None:
    client = OfflineServer().connect()
    for number in range(600):
        client.call("SADD", "a", number)
        client.call("SADD", "b", number + 300)
    client.line(f"{command} d a b")
    expected = {
        "SINTERSTORE": range(300, 600),
        "SUNIONSTORE": range(900),
        "SDIFFSTORE": range(300),
    }[command]
    members = client.line("SMEMBERS d").split(b"\r\n")[2:-1:2]
    assert sorted(map(int, members)) == list(expected)
    assert client.line(f"SREM d {expected[0]}") == b":1\r\n"
    assert client.line(f"SISMEMBER d {expected[1]}") == b":1\r\n"
    encoding = client.line("OBJECT ENCODING d").split(b"\r\n")[1]
    assert encoding == (b"hashtable" if len(expected) > 512 else b"intset")


def test_a_stored_set_is_what_the_log_makes_of_it() -> None:
    server = OfflineServer()
    client = server.connect()
    for line in ("SADD a 1 2 3", "SADD b 2 3 4", "SINTERSTORE a a b", "SMOVE a b 2", "SPOP b 2"):
        client.line(line)
    replayed = OfflineServer()
    again = replayed.connect()
    for _, argv in server.log_of_changes:
        again.call(*argv)
    assert again.line("DEBUG DIGEST") == client.line("DEBUG DIGEST")
    assert isinstance(replayed.keyspace, Keyspace) and len(replayed.keyspace) > 0
