"""Dumps go both ways between this engine and a real redis-server."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.arena import Arena
from engine.digest import digest
from engine.disk import Disk
from engine.keyspace import Keyspace
from engine.rdb_reader import load
from engine.rdb_writer import empty_base
from engine.snapshot import DumpSettings, save
from tests.engine.redis_reference import RedisServer, Wire

needs_redis = pytest.mark.skipif(not shutil.which("redis-server"), reason="no redis-server here")
needs_check = pytest.mark.skipif(
    not shutil.which("redis-check-rdb"), reason="no redis-check-rdb here"
)

Serve = Callable[..., Wire]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """A connection to a new redis-server in the test's folder that has loaded its dump."""
    servers: list[RedisServer] = []
    wires: list[Wire] = []

    def start(*options: str) -> Wire:
        servers.append(RedisServer(tmp_path, *options))
        for _ in range(1000):
            try:
                wires.append(servers[-1].connect())
            except OSError:
                pass
            else:
                if wires[-1].call(b"PING") == b"+PONG\r\n":
                    return wires[-1]
            time.sleep(0.01)
        raise TimeoutError("redis-server does not answer")

    yield start
    for wire in wires:
        wire.close()
    for server in servers:
        server.stop()


def chosen(chance: random.Random) -> bytes:
    """A value of one of the shapes that Redis writes differently."""
    return chance.choice(
        [
            lambda: b"",
            lambda: b"%d" % chance.choice([0, -1, 127, -128, 128, 32767, -32769, 1 << 31, 1 << 62]),
            lambda: b"%d" % chance.randrange(-(1 << 31), 1 << 31),
            lambda: b"007",
            lambda: chance.randbytes(chance.randrange(300)),
            lambda: b"ab" * chance.randrange(600),  # LZF
            lambda: chance.randbytes(30) * 40,  # LZF
            lambda: b"text of a kind that repeats itself, " * chance.randrange(9),
            lambda: chance.randbytes(20_000),
            lambda: bytes(chance.randrange(20_000)),
        ]
    )()


def filled(seed: int, keys: int = 1500) -> Keyspace:
    chance = random.Random(seed)
    keyspace = Keyspace(Arena(8192))
    for number in range(keys):
        database = keyspace.databases[chance.randrange(16)]
        due = chance.choice([0, 0, keyspace.now_ms() + chance.randrange(10**6, 10**9)])
        key = chance.choice([b"key:%d" % number, b"%d" % number, chance.randbytes(20)])
        database.set(key, chosen(chance), due)
    for database in keyspace.databases:
        for key in list(database.keys)[::5]:
            database.delete(key)
    return keyspace


def quiet(_level: str, _text: str) -> None:
    pass


def expiries(keyspace: Keyspace) -> list[tuple[int, bytes, int]]:
    return sorted(
        (db.index, key, due) for db in keyspace.databases for key, due in db.expires.items()
    )


@needs_check
@pytest.mark.parametrize("checksum", [True, False])
@pytest.mark.parametrize("keys", [0, 1, 1500])
def test_redis_check_rdb_finds_nothing(tmp_path: Path, checksum: bool, keys: int) -> None:
    settings = DumpSettings(str(tmp_path), checksum=checksum)
    keyspace = filled(1, keys)
    save(keyspace, Disk(), settings, quiet)
    result = subprocess.run(
        ["redis-check-rdb", settings.path], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout
    assert f"[info] {len(keyspace)} keys read" in result.stdout
    assert ("Checksum OK" in result.stdout) == checksum


@needs_check
def test_the_empty_base_is_a_dump(tmp_path: Path) -> None:
    path = tmp_path / "base.rdb"
    path.write_bytes(empty_base())
    result = subprocess.run(
        ["redis-check-rdb", str(path)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout


@needs_redis
@pytest.mark.parametrize("seed", [1, 2])
def test_redis_loads_what_is_saved(tmp_path: Path, serve: Serve, seed: int) -> None:
    keyspace = filled(seed)
    save(keyspace, Disk(), DumpSettings(str(tmp_path)), quiet)
    wire = serve()
    assert wire.call(b"DEBUG", b"DIGEST") == b"+%b\r\n" % digest(keyspace).hex().encode()
    for db, key, due in expiries(keyspace)[:50]:
        wire.call(b"SELECT", b"%d" % db)
        assert wire.call(b"PEXPIRETIME", key) == b":%d\r\n" % due


@needs_redis
@pytest.mark.parametrize("compression", ["yes", "no"])
@pytest.mark.parametrize("policy", ["noeviction", "allkeys-lru", "allkeys-lfu"])
def test_what_redis_saves_is_loaded(
    tmp_path: Path, serve: Serve, compression: str, policy: str
) -> None:
    source = filled(3)
    wire = serve("--rdbcompression", compression, "--maxmemory-policy", policy)
    for database in source.databases:
        wire.call(b"SELECT", b"%d" % database.index)
        for key in database.keys:
            words = [b"SET", key, database.get(key) or b""]
            if key in database.expires:
                words += [b"PXAT", b"%d" % database.expires[key]]
            assert wire.call(*words) == b"+OK\r\n"
    wire.call(b"FUNCTION", b"LOAD", b"#!lua name=lib\nredis.register_function('f', function() end)")
    theirs = wire.call(b"DEBUG", b"DIGEST")
    assert wire.call(b"SAVE") == b"+OK\r\n"
    keyspace = Keyspace(Arena(8192))
    result = load(str(tmp_path / "dump.rdb"), keyspace)
    assert result.keys == len(source)
    assert result.bytes == (tmp_path / "dump.rdb").stat().st_size
    assert b"+%b\r\n" % digest(keyspace).hex().encode() == theirs
    assert digest(keyspace) == digest(source)
    assert expiries(keyspace) == expiries(source)
