"""Dumps of all types go both ways between this engine and a real redis-server."""

from __future__ import annotations

import shutil
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.arena import Arena
from engine.digest import digest
from engine.disk import Disk
from engine.keyspace import Keyspace
from engine.rdb_format import crc64, pack_checksum, string
from engine.rdb_parser import RdbParser
from engine.rdb_reader import load
from engine.records import rdb_length
from engine.snapshot import DumpSettings, save
from engine.values.encodings import encoding_of
from tests.engine import blobs
from tests.engine.generated import REGIMES, generated, give, put
from tests.engine.redis_reference import REDIS_SERVER, RedisServer, Wire

pytestmark = pytest.mark.skipif(REDIS_SERVER is None, reason="no redis-server here")

KEYS = 10_000


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Wire]]:
    """A connection to a new redis-server in the test's folder that has loaded its dump."""
    servers: list[RedisServer] = []
    wires: list[Wire] = []

    def start(*options: str) -> Wire:
        servers.append(RedisServer(tmp_path, *options))
        wires.append(servers[-1].connect())
        return wires[-1]

    yield start
    for wire in wires:
        wire.close()
    for server in servers:
        server.stop()


def quiet(_level: str, _text: str) -> None:
    pass


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def hexed(keyspace: Keyspace) -> bytes:
    return b"+%b\r\n" % digest(keyspace).hex().encode()


def expiries(keyspace: Keyspace) -> dict[tuple[int, bytes], int]:
    return {(db.index, key): due for db in keyspace.databases for key, due in db.expires.items()}


def test_what_redis_saves_is_loaded(tmp_path: Path, serve: Callable[..., Wire]) -> None:
    items = generated(1, KEYS, now_ms())
    wire = serve()
    give(wire, items)
    theirs = wire.call(b"DEBUG", b"DIGEST")
    for compression in (b"yes", b"no"):
        wire.call(b"CONFIG", b"SET", b"rdbcompression", compression)
        assert wire.call(b"SAVE") == b"+OK\r\n"
        path = str(tmp_path / "dump.rdb")
        types = {entry.elements.rdb_type for entry in RdbParser(path).entries() if entry.elements}
        assert types == {2, 4, 5, 11, 16, 17, 18}
        keyspace = Keyspace(Arena(1 << 16))
        assert load(path, keyspace).keys == len(items)
        assert hexed(keyspace) == theirs
        assert expiries(keyspace) == {
            (item.db, item.key): item.expire_ms for item in items if item.expire_ms
        }
    for item in items[:: 4 * len(REGIMES)]:  # under the first regime, the defaults
        wire.call(b"SELECT", b"%d" % item.db)
        collection = keyspace.databases[item.db].collections.get(item.key)
        if collection is not None:
            encoding = encoding_of(collection).encode()
            reply = wire.call(b"OBJECT", b"ENCODING", item.key)
            assert reply == b"$%d\r\n%b\r\n" % (len(encoding), encoding)


def test_redis_loads_what_is_saved(tmp_path: Path, serve: Callable[..., Wire]) -> None:
    items = generated(2, KEYS, now_ms())
    keyspace = Keyspace(Arena(1 << 16))
    for item in items:
        put(keyspace, item)
    path = save(keyspace, Disk(), DumpSettings(str(tmp_path)), quiet).path
    assert (
        shutil.which("redis-check-rdb") is None
        or not subprocess.run(
            ["redis-check-rdb", path], stdout=subprocess.DEVNULL, check=False
        ).returncode
    )
    wire = serve()
    assert wire.call(b"DEBUG", b"DIGEST") == hexed(keyspace)
    for item in items[::50]:
        wire.call(b"SELECT", b"%d" % item.db)
        reply = wire.call(b"PEXPIRETIME", item.key)
        assert reply == b":%d\r\n" % (item.expire_ms or -1)
    again = Keyspace(Arena(1 << 16))
    assert load(path, again).keys == len(items)
    assert digest(again) == digest(keyspace)


WORDS = [b"a", b"b" * 100, b"-5", b"12", b"13", b"70000", b"3000000000", b"c" * 20_000, b""]
MINUS_ZERO = struct.pack("<d", -0.0)
PAIRS = [
    b"one",
    b"1",
    b"two",
    b"-2.5",
    b"3",
    b"inf",
    b"four",
    b"1e-7",
    b"five",
    b"-0",
    b"x" * 300,
    b"7",
]


def old(rdb_type: int, key: bytes, *pieces: bytes, nodes: bool = False) -> bytes:
    count = rdb_length(len(pieces)) if nodes else b""
    return bytes((rdb_type,)) + string(key) + count + b"".join(pieces)


def test_old_forms_mean_to_redis_what_they_mean_here(
    tmp_path: Path, serve: Callable[..., Wire]
) -> None:
    scores = [
        b"\x01a\x031.5",
        b"\x01b\xfe",
        b"\x01c\xff",
        b"\x01d\x02-0",
        b"\x01e\x171.0000000000000001e-200",
    ]
    items = [
        old(1, b"list", *map(string, WORDS), nodes=True),
        old(3, b"ascii scores", *scores, nodes=True),
        old(9, b"zipmap", string(blobs.zipmap(PAIRS, 3))),
        old(9, b"long zipmap", string(blobs.zipmap([b"%d" % number for number in range(700)]))),
        old(10, b"ziplist", string(blobs.ziplist(WORDS))),
        old(11, b"int16", string(blobs.intset([b"-5", b"0", b"32767"]))),
        old(11, b"int32", string(blobs.intset([b"-5", b"0", b"32768"]))),
        old(11, b"int64", string(blobs.intset([b"-5", b"0", b"9223372036854775807"]))),
        old(12, b"zset", string(blobs.ziplist(PAIRS))),
        old(13, b"hash", string(blobs.ziplist(PAIRS))),
        old(14, b"quicklist", *(string(blobs.ziplist([word] * 3)) for word in WORDS), nodes=True),
        old(5, b"few", *(string(b"%d" % number) + MINUS_ZERO for number in range(5)), nodes=True),
        old(
            5, b"many", *(string(b"%d" % number) + MINUS_ZERO for number in range(500)), nodes=True
        ),
        old(2, b"empty", nodes=True),
        old(14, b"empty node", string(blobs.ziplist([])), nodes=True),
    ]
    data = b"REDIS0009" + b"".join(items) + b"\xff"
    path = tmp_path / "dump.rdb"
    path.write_bytes(data + pack_checksum(crc64(data)))
    keyspace = Keyspace(Arena(1024))
    lines: list[str] = []
    assert load(str(path), keyspace, log=lambda _level, text: lines.append(text)).keys == 13
    wire = serve("--logfile", str(tmp_path / "log"))
    assert wire.call(b"DBSIZE") == b":13\r\n"
    for key in keyspace.databases[0].keys:
        ours = keyspace.databases[0].collections[key]
        encoding = wire.call(b"OBJECT", b"ENCODING", key).split(b"\r\n")[1].decode()
        assert (key, encoding_of(ours)) == (key, encoding)
    assert wire.call(b"DEBUG", b"DIGEST") == hexed(keyspace)
    log = (tmp_path / "log").read_text()
    assert len(lines) == 3
    for line in lines:
        assert line in log
