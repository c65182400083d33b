"""Keyspace events here and in a real redis-server: of every command and class, in one order."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.redis_reference import REFERENCE_VERSION, RedisServer, redis_version
from tests.engine.same_changes import OPTIONS, Twins

pytestmark = pytest.mark.skipif(
    not redis_version().startswith(REFERENCE_VERSION),
    reason=f"no redis-server {REFERENCE_VERSION}x to compare with",
)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    folder: Path = tmp_path_factory.mktemp("redis")
    server = RedisServer(folder, *OPTIONS)
    yield server
    server.stop()


SCRIPT = """\
SET a 1
SET a 2
SET a 3 EX 100
SET a 4 KEEPTTL
SET a 5 GET
SET nothing 1 XX
SET nothing 1 XX GET
SET a 1 NX
SET a 1 NX GET
SET b 1 NX PX 100000
GET a
GET nothing
SETNX a 1
SETNX c 1
SETEX a 100 1
PSETEX a 100000 1
SETEX d 100 1
GETSET a 2
GETSET e 2
GETDEL e
GETDEL e
GETEX a
GETEX a EX 100
GETEX a PERSIST
GETEX a PERSIST
GETEX a EXAT 1
GETEX a EX 100
MSET a 1 b 2 new 3
MSET b 1 b 2
MSETNX a 1 f 2
MSETNX f 1 g 2
MGET a b nothing
INCR n
INCR n
DECR n
INCRBY n 5
DECRBY n 5
INCRBYFLOAT n 0.5
INCRBYFLOAT m 0.5
INCR a-text
SET text hello
INCR text
INCRBYFLOAT text 1
APPEND text x
APPEND ap x
STRLEN text
STRLEN nothing
GETRANGE text 0 1
GETRANGE nothing 0 1
GETRANGE nothing 3 1
SUBSTR nothing 0 -1
SETRANGE text 1 XX
SETRANGE text 1 ''
SETRANGE range 3 x
SETRANGE nothing 3 ''
DEL a nothing b
UNLINK c nothing
EXISTS n nothing n
TOUCH n nothing
TYPE n
TYPE nothing
EXPIRE n 100
EXPIRE n 100 NX
EXPIRE nothing 100
PEXPIRE n 100000
EXPIREAT n 9999999999
PEXPIREAT n 9999999999999
TTL n
TTL nothing
PTTL nothing
EXPIRETIME nothing
PEXPIRETIME nothing
PERSIST n
PERSIST n
PERSIST nothing
EXPIRE n -1
EXPIREAT m 1
RENAME text other
RENAME other range
RENAME nothing x
RENAME range range
RENAMENX range f
RENAMENX range text
COPY text copied
COPY text copied
COPY text copied REPLACE
COPY nothing x
COPY text text
COPY text elsewhere DB 2
MOVE text 1
MOVE copied 1
MOVE nothing 1
SET text 1
MOVE text 1
SELECT 1
SET in1 1
DEL in1
SELECT 0
SWAPDB 0 1
SWAPDB 0 1
OBJECT ENCODING text
OBJECT ENCODING nothing
OBJECT REFCOUNT nothing
SCAN 0 COUNT 1000 MATCH nothing
WATCH nothing
UNWATCH
SADD s a b c
SADD s a
LPUSH l a b
HSET h a 1
ZADD z 1 a
GET s
GETEX s
STRLEN s
APPEND s x
GETSET s x
MGET s text
SET s text
SMOVE s fresh b
SMOVE s fresh b
SMOVE fresh other b
LMOVE l l3 LEFT RIGHT
LMOVE l l3 LEFT RIGHT
LPUSH l a b
RENAME l l2
RENAME l2 z
COPY h h2
COPY h h2 REPLACE
COPY h l REPLACE
MOVE h 1
EXPIRE h2 100
EXPIRE h2 -1
DEL z
SORT nothing
MSET w1 3 w2 1 v1 x
SORT numbers BY w* GET v* GET # GET v*->f
SADD numbers 3 1 2
SORT numbers STORE sorted
SORT nothing STORE sorted
SORT numbers STORE sorted LIMIT 0 0
ZUNIONSTORE u 1 numbers
ZUNIONSTORE u 1 nothing
SINTERSTORE i numbers nothing
SINTERSTORE i numbers
MULTI
SET t 1
INCR t
GET nothing
DEL t
EXEC
MULTI
SET t 1
DISCARD
DEBUG POPULATE 2 pre 10
FLUSHDB
SET a 1
FLUSHALL
SETEX gone 100 1
DEBUG SET-ACTIVE-EXPIRE 0
SET short 1 PX 1
"""

EXPIRED = """\
GET short
GET short
PSETEX short 1 x
SET short 2
PSETEX short 1 x
SET short 2 XX
PSETEX short 1 x
SETNX short 1
PSETEX short 1 x
DEL short
PSETEX short 1 1
INCR short
PSETEX short 1 1
APPEND short x
PSETEX short 1 1
EXISTS short
PSETEX short 1 1
TTL short
PSETEX short 1 1
MSET short 1 long 2
PSETEX short 1 1
EXPIRE short 100
PSETEX short 1 1
RENAME long short
PSETEX short 1 1
RENAME short x
PSETEX short 1 1
COPY short x REPLACE
PSETEX short 1 1
SADD short x
PEXPIRE short 1
ZADD short 1 x
PEXPIRE short 1
ZUNIONSTORE short 1 short
ZADD other 1 a
PSETEX short 1 1
ZRANGESTORE short other 0 -1
PEXPIRE short 1
ZRANGESTORE short nothing 0 -1
PEXPIRE other 1
ZCARD other
"""


@pytest.mark.parametrize("resp", [2, 3])
def test_every_command_tells_the_same(redis: RedisServer, resp: int) -> None:
    twins = Twins(redis, resp)
    different = [why for line in SCRIPT.splitlines() if (why := twins.difference(line))]
    for line in EXPIRED.splitlines():
        time.sleep(0.003)  # what is to expire has 1 ms to live, in both servers
        different += filter(None, [twins.difference(line)])
    twins.theirs.call(b"DEBUG", b"SET-ACTIVE-EXPIRE", b"1")
    twins.close()
    assert not different, "\n".join(different)


@pytest.mark.parametrize(
    "classes",
    ["", "K", "E", "A", "KA", "EA", "KE$", "KEg", "KEx", "KEl", "KEs", "KEh", "KEz", "KEn", "KEm"],
)
def test_each_class_tells_the_same(redis: RedisServer, classes: str) -> None:
    twins = Twins(redis, 2)
    twins.theirs.call(b"DEBUG", b"SET-ACTIVE-EXPIRE", b"0")  # x is to expire when it is asked for
    different = []
    for line in (
        f"CONFIG SET notify-keyspace-events {classes or chr(39) * 2}", "CONFIG GET notify*",
        "SET a 1", "INCR a", "EXPIRE a 100", "DEL a", "LPUSH l a", "LPOP l", "SADD s a", "SREM s a",
        "HSET h a 1", "HDEL h a", "ZADD z 1 a", "ZREM z a", "GET nothing", "PSETEX x 300 1",
    ):  # fmt: skip
        different += filter(None, [twins.difference(line)])
    time.sleep(0.301)
    different += filter(None, [twins.difference("GET x")])
    twins.theirs.call(b"DEBUG", b"SET-ACTIVE-EXPIRE", b"1")
    twins.close()
    assert not different, "\n".join(different)
