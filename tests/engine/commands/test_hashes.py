"""Hashes: what a full arena leaves, what goes into the log, and a walk of many fields."""

from __future__ import annotations

import pytest

from tests.engine.commands.offline import OfflineServer

PAGES = 6


def full_server() -> OfflineServer:
    """One in which a hash `h` has a field of 20 bytes, and nothing much fits any more."""
    server = OfflineServer(pages=PAGES)
    client = server.connect()
    client.call("HSET", "h", "a", "x" * 20, "b", "1")
    number = 0
    while client.call("SET", f"filler:{number}", b"x" * 3000).startswith(b"+"):
        number += 1
    return server


def test_hset_sets_all_fields_or_none() -> None:
    client = full_server().connect()
    before = client.line("DEBUG DIGEST")
    huge = b"x" * 5000
    assert client.call("HSET", "h", "a", "y", "new", "1", "c", huge).startswith(b"-OOM ")
    assert client.line("DEBUG DIGEST") == before
    assert client.line("HLEN h") == b":2\r\n"
    assert client.changes("HSET h a y new 1") == [b"HSET h a y new 1"]
    assert client.line("HMGET h a b new") == b"*3\r\n$1\r\ny\r\n$1\r\n1\r\n$1\r\n1\r\n"


def test_a_field_that_grows_out_of_the_arena_keeps_its_value() -> None:
    client = full_server().connect()
    assert client.call("HSET", "h", "b", b"x" * 5000).startswith(b"-OOM ")
    assert client.line("HGET h b") == b"$1\r\n1\r\n"


def test_no_empty_hash_is_left_behind() -> None:
    client = full_server().connect()
    for words in (["HSET", "new", "f", b"x" * 5000], ["HSET", "new", "f", "1", "g", b"x" * 5000]):
        assert client.call(*words).startswith(b"-OOM ")
        assert client.line("EXISTS new") == b":0\r\n"


def test_what_is_computed_is_logged_as_its_result() -> None:
    client = OfflineServer().connect()
    assert client.changes("HINCRBYFLOAT h f 1.5") == [b"HSET h f 1.5"]
    assert client.changes("HINCRBY h n 2") == [b"HINCRBY h n 2"]


@pytest.mark.parametrize("command", ["HGETALL", "HKEYS", "HVALS"])
def test_a_large_hash_answers_every_field_once(command: str) -> None:
    client = OfflineServer().connect()
    for number in range(2000):
        client.call("HSET", "h", f"f{number}", f"v{number}")
    words = client.line(f"{command} h").split(b"\r\n")[2:-1:2]
    fields = [b"f%d" % number for number in range(2000)]
    values = [b"v%d" % number for number in range(2000)]
    expected = {"HGETALL": fields + values, "HKEYS": fields, "HVALS": values}[command]
    assert sorted(words) == sorted(expected)
    if command == "HGETALL":
        assert all(f[1:] == v[1:] for f, v in zip(words[::2], words[1::2], strict=True))


def test_reads_count_as_hits_and_misses() -> None:
    server = OfflineServer()
    client = server.connect()
    client.line("HSET h a 1")
    for line in ("HGET h a", "HGET h nope", "HLEN nope"):
        client.line(line)
    assert (server.stats.keyspace_hits, server.stats.keyspace_misses) == (2, 1)


def test_a_watched_hash_that_changes_stops_exec() -> None:
    server = OfflineServer()
    client, other = server.connect(), server.connect()
    client.line("WATCH h")
    other.line("HSET h a 1")
    client.line("MULTI")
    assert client.line("EXEC") == b"*-1\r\n"
