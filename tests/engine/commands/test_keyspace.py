"""Emptying the keyspace, and what that means for saves and the AOF."""

from __future__ import annotations

from tests.engine.commands.offline import OfflineServer


def test_flushall_cancels_the_snapshot_and_saves_nothing() -> None:
    server = OfflineServer()
    client = server.connect()
    client.line("MSET a 1 b 2")
    assert client.changes("FLUSHALL") == [b"FLUSHALL"]
    assert server.persistence.asked == ["cancel", "save"]
    assert client.line("DBSIZE") == b":0\r\n"


def test_without_save_points_it_only_counts() -> None:
    server = OfflineServer()
    client = server.connect()
    client.call("CONFIG", "SET", "save", "")
    client.line("MSET a 1 b 2")
    assert client.dirty("FLUSHALL") == 2
    assert server.persistence.asked == ["cancel"]


def test_an_empty_database_is_flushed_into_the_aof_all_the_same() -> None:
    client = OfflineServer().connect()
    assert client.changes("FLUSHDB") == [b"FLUSHDB"]
    assert client.dirty("FLUSHDB") == 0


def test_flushdb_spares_the_other_databases() -> None:
    client = OfflineServer().connect()
    client.line("SET a 1")
    client.line("SELECT 1")
    client.line("SET b 1")
    client.line("FLUSHDB")
    client.line("SELECT 0")
    assert client.line("DBSIZE") == b":1\r\n"


def test_a_full_arena_answers_oom_and_changes_nothing() -> None:
    client = OfflineServer(pages=4).connect()
    client.line("SET a before")
    assert client.call("SET", "a", b"x" * 100_000).startswith(b"-OOM ")
    assert client.line("GET a") == b"$6\r\nbefore\r\n"
    assert client.dirty("SET b 1") == 1


def test_mset_stores_all_or_nothing() -> None:
    client = OfflineServer(pages=4).connect()
    client.line("SET a before EX 100")
    assert client.call("MSET", "a", "1", "new", "2", "huge", b"x" * 100_000).startswith(b"-OOM ")
    assert client.line("GET a") == b"$6\r\nbefore\r\n"
    assert client.line("TTL a") == b":100\r\n"
    assert client.line("DBSIZE") == b":1\r\n"
    assert client.server.log_of_changes[1:] == []


def test_mset_in_a_full_arena_loses_no_collection() -> None:
    client = OfflineServer(pages=6).connect()
    client.line("HSET h f 1 g 2")
    client.line("SADD s a b")
    client.line("SET str x")
    number = 0
    while client.call("SET", f"filler:{number}", b"x" * 3000).startswith(b"+"):
        number += 1
    before = client.line("DEBUG DIGEST")
    used = client.server.keyspace.arena.used_bytes
    assert client.call("MSET", "h", "1", "s", "2", "str", "3", "n", b"x" * 5000).startswith(b"-OOM")
    assert client.line("DEBUG DIGEST") == before
    assert client.server.keyspace.arena.used_bytes == used
    assert client.changes("MSET h 1 str 2 str 3") == [b"MSET h 1 str 2 str 3"]
    assert client.line("MGET h str") == b"*2\r\n$1\r\n1\r\n$1\r\n3\r\n"


def test_randomkey_finds_keys_of_its_own_database() -> None:
    client = OfflineServer().connect()
    client.line("DEBUG POPULATE 3000 zero")
    client.line("SELECT 1")
    client.line("DEBUG POPULATE 3000 one")
    for _ in range(20):
        assert client.line("RANDOMKEY").split(b"\r\n")[1].startswith(b"one:")
