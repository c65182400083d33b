"""What a write brings into the AOF and how many changes it counts, as in a real redis-server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.framer import Framer
from engine.keyspace import unix_ms
from tests.engine.commands.offline import Connection, OfflineServer
from tests.engine.redis_reference import REFERENCE_VERSION, RedisServer, Wire, redis_version

pytestmark = pytest.mark.skipif(
    not redis_version().startswith(REFERENCE_VERSION),
    reason=f"no redis-server {REFERENCE_VERSION}x to compare with",
)

LINES = """\
SET a 1
set a 2 EX 100
SET a 3 PX 100000 NX
SET b 3 PX 100000 NX
SET a 4 XX GET
SET a 5 GET EX 50
SET a 6 KEEPTTL
SET a 7 keepttl get
SET a 8 EXAT 9999999999
SET a 9 NX
SETEX a 100 v
PSETEX a 100000 v
SETNX a 1
SETNX fresh 1
GETSET a 2
GETDEL a
GETDEL a
SET a 1
GETEX a
GETEX a EX 100
GETEX a PERSIST
GETEX a PERSIST
GETEX a PXAT 1
GETEX a EX 100
MSET a 1 b 2 c 3
MSET a 1 a 2
MSETNX a 1 d 2
MSETNX e 1 f 2
INCR n
DECRBY n 5
INCRBYFLOAT n 0.5
APPEND a tail
APPEND a ''
SETRANGE a 0 X
SETRANGE a 0 ''
GET a
DEL a b nothing
DEL nothing
UNLINK c
EXPIRE e 100
EXPIRE e 200 NX
EXPIRE e 200 XX
PEXPIRE e 300000
EXPIREAT e 9999999999
PEXPIREAT e 9999999999999
EXPIRE e -1
EXPIREAT f 1
SET p 1 EX 100
PERSIST p
PERSIST p
RENAME p q
RENAMENX q q
RENAME q q
RENAMENX q r
MOVE r 1
MOVE r 1
SELECT 1
SET in1 x
SWAPDB 0 1
SWAPDB 1 1
SELECT 0
FLUSHDB
FLUSHDB
MSET a 1 b 2
FLUSHALL
FLUSHALL
DEBUG POPULATE 3
"""


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RedisServer, Path]]:
    folder: Path = tmp_path_factory.mktemp("redis")
    server = RedisServer(folder, "--appendonly", "yes", "--appendfsync", "always")
    yield server, folder
    server.stop()


def _ours() -> tuple[OfflineServer, Connection]:
    server = OfflineServer()
    server.keyspace.now_ms = unix_ms
    for database in server.keyspace.databases:
        database.now_ms = unix_ms
    connection = server.connect()
    connection.call("CONFIG", "SET", "save", "")
    return server, connection


def _changes(wire: Wire) -> int:
    info = wire.call(b"INFO", b"persistence").decode()
    return int(info.partition("rdb_changes_since_last_save:")[2].partition("\r")[0])


def _same_word(ours: bytes, theirs: bytes) -> bool:
    """Times that were computed from the clock may differ by how long the round trip took."""
    if ours == theirs:
        return True
    is_time = len(ours) == len(theirs) == 13 and ours.isdigit() and theirs.isdigit()
    return is_time and abs(int(ours) - int(theirs)) < 5000


LAZY = """\
CONFIG SET lazyfree-lazy-expire yes lazyfree-lazy-server-del yes lazyfree-lazy-user-del yes
SET a 1
GETDEL a
SET a 1
GETEX a PXAT 1
SET a 1
EXPIRE a -1
SET a 1
DEL a
SADD s a b
SPOP s 5
SET a 1 PXAT 1
GET a
"""


@pytest.mark.parametrize("lines", [LINES, LAZY], ids=["plain", "lazy"])
def test_the_aof_gets_the_same_and_dirty_counts_the_same(
    redis: tuple[RedisServer, Path], lines: str
) -> None:
    reference, folder = redis
    theirs = reference.connect()
    server, ours = _ours()
    (aof,) = (folder / "appendonlydir").glob("*.incr.aof")
    seen = aof.stat().st_size
    for line in lines.splitlines():
        argv = [b"" if word == "''" else word.encode() for word in line.split(" ")]
        dirty, changes = server.keyspace.dirty, _changes(theirs)
        server.log_of_changes.clear()
        ours.call(*argv)
        theirs.call(*argv)
        assert server.keyspace.dirty - dirty == _changes(theirs) - changes, line
        content = aof.read_bytes()
        framer = Framer()
        framer.feed(content[seen:])
        seen = len(content)
        logged = [command for command in framer.commands() if command[0] != b"SELECT"]
        mine = [command for _, command in server.log_of_changes]
        assert [len(command) for command in mine] == [len(command) for command in logged], line
        for my_command, their_command in zip(mine, logged, strict=True):
            assert all(map(_same_word, my_command, their_command)), (line, mine, logged)
    theirs.close()
