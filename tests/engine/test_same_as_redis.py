"""The same words to this engine and to a real redis-server: the replies are the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hiredis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.commands.table import specs
from engine.keyspace import unix_ms
from tests.engine.commands.offline import Connection, OfflineServer
from tests.engine.redis_reference import REFERENCE_VERSION, RedisServer, Wire, redis_version

pytestmark = pytest.mark.skipif(
    not redis_version().startswith(REFERENCE_VERSION),
    reason=f"no redis-server {REFERENCE_VERSION}x to compare with",
)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    folder: Path = tmp_path_factory.mktemp("redis")
    server = RedisServer(folder)
    yield server
    server.stop()


class Pair:
    """Both servers, both empty."""

    def __init__(self, redis: RedisServer, resp: int) -> None:
        self.theirs: Wire = redis.connect()
        self.theirs.call(b"FLUSHALL")
        offline = OfflineServer()
        offline.clock.now = 0
        offline.keyspace.now_ms = unix_ms
        for database in offline.keyspace.databases:
            database.now_ms = unix_ms
        self.ours: Connection = offline.connect()
        self.ours.call(b"CONFIG", b"SET", b"save", b"")
        self.both(b"HELLO", b"%d" % resp)

    def both(self, *argv: bytes) -> tuple[bytes, bytes]:
        return self.ours.call(*argv), self.theirs.call(*argv)

    def compare(self, *argv: bytes) -> None:
        ours, theirs = self.both(*argv)
        assert ours == theirs, argv

    def close(self) -> None:
        self.theirs.close()


def words(line: str) -> list[bytes]:
    """Words of a line; `''` is an empty one."""
    return [b"" if word == "''" else word.encode() for word in line.split(" ")]


SCRIPT = """\
PING
PING hello
PING a b
ECHO hi
ECHO
SELECT 3
SELECT 16
SELECT -1
SELECT abc
SELECT 99999999999
SELECT 99999999999999999999
SELECT 0
SET a 1
SET a
SET a 2 NX
SET b 2 XX
SET a 3 XX GET
SET c 4 NX GET
SET c 5 NX GET
SET missing 1 XX GET
SET a 1 NX XX
SET a 1 XX NX
SET a 1 EX
SET a 1 EX 0
SET a 1 EX -1
SET a 1 EX abc
SET a 1 EX 9223372036854775807
SET a 1 PX 9223372036854775807
SET a 1 EXAT 9223372036854775807
SET a 1 PXAT 9223372036854775807
SET a 1 EX 10 PX 10
SET a 1 EX 10 EX 20
TTL a
SET a 1 KEEPTTL EX 5
SET a 1 EX 5 KEEPTTL
SET a 2 KEEPTTL
TTL a
SET a 1 PERSIST
SET a 1 FOO
SET a 1 KEEPTTL GET
GET a
GET nothing
GET
GETSET a new
GETSET gs new
GETDEL gs
GETDEL gs
GETEX a
GETEX a EX 100
TTL a
GETEX a PERSIST
TTL a
GETEX a EX 10 PERSIST
GETEX a PERSIST EX 10
GETEX a KEEPTTL
GETEX a EX 0
GETEX nothing EX 0
GETEX nothing EX abc
GETEX a EXAT 1
EXISTS a
SETNX a 1
SETNX a 2
SETEX s 0 v
SETEX s abc v
SETEX s 100 v
PSETEX s -5 v
PSETEX s 100000 v
TTL s
MSET
MSET a
MSET a 1 b
MSET a 1 b 2
MSETNX a 1 z 2
MSETNX y 1 z 2
MSETNX y 1 z
MGET a b nothing
MGET
INCR n
INCR n
DECR n
INCRBY n 10
DECRBY n 3
DECRBY n -9223372036854775808
INCRBY n 9223372036854775807
INCRBY n abc
INCRBY n 1.5
INCR text
SET text hello
INCR text
SET big 9223372036854775807
INCR big
SET small -9223372036854775808
DECR small
SET odd 007
INCR odd
SET odd +7
INCR odd
SET odd ''
INCR odd
SET odd -0
INCR odd
INCRBYFLOAT f 1.5
INCRBYFLOAT f 0.1
INCRBYFLOAT f -1.6
INCRBYFLOAT f 1e3
SET infinite inf
INCRBYFLOAT infinite abc
INCRBYFLOAT infinite 1
INCRBYFLOAT f 5.0e3
INCRBYFLOAT f abc
INCRBYFLOAT f inf
INCRBYFLOAT f -inf
INCRBYFLOAT f nan
INCRBYFLOAT f ''
INCRBYFLOAT f 0x10
INCRBYFLOAT f 1e-18
INCRBYFLOAT f 3.14159265358979323846
INCRBYFLOAT text 1
SET text 10.50
INCRBYFLOAT text 0.1
SET text 1e400
INCRBYFLOAT text 1
SET text 1e5000
INCRBYFLOAT text 1
APPEND ap abc
APPEND ap def
GET ap
STRLEN ap
STRLEN nothing
GETRANGE ap 0 -1
GETRANGE ap 1 3
GETRANGE ap -3 -1
GETRANGE ap -1 -3
GETRANGE ap 4 2
GETRANGE ap 100 200
GETRANGE ap -100 2
GETRANGE ap -100 -90
GETRANGE ap 0 -100
GETRANGE nothing 0 -1
GETRANGE ap a 1
SUBSTR ap 0 1
SETRANGE ap 2 XY
GET ap
SETRANGE ap 10 Z
GET ap
SETRANGE ap -1 x
SETRANGE ap abc x
SETRANGE nothing 5 ''
SETRANGE ap 0 ''
SETRANGE ap 536870912 x
SETRANGE ap 536870911 ''
EXISTS nothing
DEL a b nothing
DEL
UNLINK c c
EXISTS ap ap nothing
TYPE ap
TYPE nothing
TOUCH ap nothing ap
EXPIRE ap 100
EXPIRE ap 100 NX
EXPIRE ap 200 XX
EXPIRE ap 100 GT
EXPIRE ap 300 GT
EXPIRE ap 400 LT
EXPIRE ap 50 LT
TTL ap
EXPIRE ap 100 NX XX
EXPIRE ap 100 NX GT
EXPIRE ap 100 GT LT
EXPIRE ap 100 FOO
EXPIRE ap 100 XX LT
EXPIRE ap abc
EXPIRE ap 9223372036854775807
EXPIRE ap -9223372036854775808
EXPIRE ap 9223372036854775
EXPIRE nothing 100
EXPIRE nothing abc
EXPIREAT ap 9999999999
EXPIRETIME ap
PEXPIRETIME ap
PEXPIREAT ap 9999999999999
PEXPIRETIME ap
PEXPIRE ap 9223372036854775807
EXPIRETIME nothing
PTTL nothing
PERSIST ap
PERSIST ap
PERSIST nothing
TTL ap
EXPIRE ap 100 GT
EXPIRE ap 100 LT
EXPIRE ap -1
EXISTS ap
PEXPIREAT n 1
GET n
EXPIRE nothing
DBSIZE
DBSIZE x
FLUSHDB FOO
FLUSHDB ASYNC x
FLUSHDB SYNC
DBSIZE
RANDOMKEY
SET only 1
RANDOMKEY
KEYS *
KEYS on?y
KEYS [a-o]nly
KEYS
RENAME only other
RENAME only other
RENAME other other
RENAMENX other other
SET taken 1
RENAMENX other taken
RENAMENX other free
SET ttl 1 EX 100
RENAME ttl free
TTL free
MOVE free 1
MOVE free 1
MOVE taken 0
MOVE taken 99
MOVE taken abc
MOVE nothing 1
SWAPDB 0 1
KEYS *
SWAPDB 0 99
SWAPDB a 1
SWAPDB 1 b
SWAPDB 0 0
FLUSHALL FOO
FLUSHALL ASYNC
SCAN 0
SCAN abc
SCAN 0 COUNT 0
SCAN 0 COUNT abc
SCAN 0 FOO bar
SCAN 0 MATCH
SCAN 0 TYPE string
SCAN 99999999999999999999999
SET k v
SCAN 0 MATCH k* COUNT 100 TYPE string
SCAN 0 MATCH x*
SCAN 0 TYPE list
MULTI
SET a 1
GET a
INCR a
MULTI
WATCH a
EXEC
EXEC
DISCARD
MULTI
SET a
SET b 1
EXEC
MULTI
FOO
EXEC
MULTI
CONFIG FOO
EXEC
MULTI
CONFIG GET
EXEC
MULTI
SAVE
EXEC
MULTI
SHUTDOWN
EXEC
MULTI
INCR text
SET text hello
INCR text
EXEC
MULTI
DISCARD
WATCH a b
UNWATCH
WATCH
WATCH a
SET a changed
MULTI
GET a
EXEC
WATCH a
MULTI
GET a
EXEC
WATCH nothing
SET nothing 1
MULTI
EXEC
MULTI
EXEC
MULTI
PING
ECHO x
SELECT 2
SET in2 1
EXEC
SELECT 0
FOO
FOO bar baz
foo 'a b' ''
CLIENT
CLIENT FOO
CLIENT SETNAME
CLIENT SETNAME me
CLIENT GETNAME
CLIENT SETNAME bad\x01name
CLIENT SETNAME ''
CLIENT GETNAME
CLIENT NO-EVICT on
CLIENT NO-EVICT off
CLIENT NO-EVICT x
CLIENT KILL 1.2.3.4:5
CLIENT KILL ID 99999
CLIENT KILL ID 0
CLIENT KILL ID abc
CLIENT KILL TYPE foo
CLIENT KILL USER nobody
CLIENT KILL FOO bar
CLIENT KILL ID
CLIENT KILL ID 1 ADDR
CLIENT KILL SKIPME maybe ID 3
CLIENT LIST FOO
CLIENT LIST TYPE foo
CLIENT LIST ID abc
CLIENT LIST TYPE replica
CLIENT UNBLOCK 999
CLIENT UNBLOCK 999 FOO
CLIENT UNBLOCK abc
CLIENT GETREDIR
CLIENT TRACKING off
CONFIG
CONFIG SET
CONFIG SET a
CONFIG SET nope 1
CONFIG SET port 1
CONFIG SET dir /
CONFIG SET appendfsync sometimes
CONFIG SET hz 10 hz 20
CONFIG SET a 1 b
CONFIG GET nope
CONFIG GET save
CONFIG GET appendonly
CONFIG SET maxmemory 0
CONFIG RESETSTAT
CONFIG RESETSTAT x
CONFIG REWRITE
COMMAND FOO
COMMAND GETKEYS
COMMAND GETKEYS get
COMMAND GETKEYS GET a
COMMAND GETKEYS MSET a 1 b 2
COMMAND GETKEYS DEL a b c
COMMAND GETKEYS PING
COMMAND GETKEYS NOPE x
COMMAND GETKEYS GET a b
COMMAND GETKEYS MEMORY USAGE x
COMMAND GETKEYS OBJECT ENCODING x
COMMAND INFO nope
COMMAND DOCS nope
COMMAND LIST FILTERBY PATTERN getr*
COMMAND LIST FILTERBY FOO x
COMMAND LIST FOO
AUTH secret
AUTH default secret
AUTH nobody secret
AUTH a b c
HELLO 4
HELLO abc
HELLO 1
HELLO 3 FOO
HELLO 3 AUTH a
HELLO 3 SETNAME
HELLO 3 AUTH nobody x
HELLO 3 SETNAME bad\x01
OBJECT FOO
OBJECT ENCODING no-such-key
SET i 12345
OBJECT ENCODING i
OBJECT REFCOUNT i
SET i 123
OBJECT REFCOUNT i
SET e short
OBJECT ENCODING e
OBJECT FREQ e
OBJECT FREQ nothing
OBJECT IDLETIME nothing
OBJECT ENCODING
SET odd 1
APPEND odd 2
OBJECT ENCODING odd
OBJECT REFCOUNT odd
EXPIRE odd 100
RENAME odd odd2
COPY odd2 odd
MOVE odd2 1
OBJECT ENCODING odd
INCR odd
OBJECT ENCODING odd
INCRBYFLOAT odd 1
OBJECT ENCODING odd
SETRANGE odd 0 2
OBJECT ENCODING odd
APPEND odd3 2
OBJECT ENCODING odd3
APPEND odd3 ''
OBJECT ENCODING odd3
SWAPDB 0 1
OBJECT ENCODING odd2
FLUSHDB
SWAPDB 0 1
MSET odd3 2 odd 1
OBJECT ENCODING odd3
OBJECT ENCODING odd
NOSUCH\0 a\0b c
CONFIG a\0b
DEBUG a\0b
EXPIRE odd 1 a\0b
MEMORY USAGE no-such-key
MEMORY USAGE
MEMORY USAGE e FOO 1
MEMORY USAGE e SAMPLES -1
MEMORY FOO
SLOWLOG RESET
SLOWLOG LEN
SLOWLOG GET
SLOWLOG GET -2
SLOWLOG GET abc
SLOWLOG GET 1 2
SLOWLOG FOO
LATENCY LATEST
LATENCY HISTORY command
LATENCY RESET
LATENCY GRAPH command
LATENCY FOO
PUBSUB CHANNELS
PUBSUB NUMSUB a b
PUBSUB NUMPAT
PUBSUB FOO
PUBLISH ch msg
PUBLISH ch
UNSUBSCRIBE
PUNSUBSCRIBE
WAIT 0 0
WAIT a 0
WAIT 0 a
WAIT 0 -1
ROLE x
TIME x
LASTSAVE x
BGSAVE FOO
BGSAVE SCHEDULE x
SHUTDOWN FOO
SHUTDOWN SAVE NOSAVE
SHUTDOWN ABORT
SHUTDOWN ABORT SAVE
DEBUG FOO
DEBUG
DEBUG SLEEP
DEBUG SLEEP 0
DEBUG POPULATE 3 pre 10
DEBUG DIGEST
DEBUG DIGEST-VALUE pre:0 nope
GET pre:1
DEBUG POPULATE -1
DEBUG POPULATE abc
DEBUG POPULATE 2
GET key:1
DEBUG OBJECT no-such-key
ACL WHOAMI
ACL FOO
ACL USERS
MONITOR x
INFO nosuchsection
RESET x
REPLICAOF
FLUSHALL
SUBSCRIBE
SUBSCRIBE ch
PING
PING hi
PSUBSCRIBE p*
PUBSUB NUMPAT
GET a
UNSUBSCRIBE ch
PUNSUBSCRIBE p*
GET a
RESET
PING
QUIT
"""
KNOWN_DIFFERENCES = ("REPLICAOF",)  # there is no replication here
NEWER = ("client|setinfo", "client|no-touch")  # of Redis 7.2: libraries send them to everybody


@pytest.mark.parametrize("resp", [2, 3])
def test_a_long_session_answers_the_same(redis: RedisServer, resp: int) -> None:
    pair = Pair(redis, resp)
    different = []
    for line in SCRIPT.splitlines():
        if line.split(" ")[0] in KNOWN_DIFFERENCES:
            continue
        ours, theirs = pair.both(*words(line))
        if ours != theirs:
            different.append(f"{line}\n  ours   {ours!r}\n  theirs {theirs!r}")
    pair.close()
    assert not different, "\n".join(different)


PATTERN = st.lists(st.sampled_from(list("ab*?[]^-\\c")), max_size=8).map(
    lambda letters: "".join(letters).encode()
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(PATTERN, min_size=8, max_size=8),
    st.lists(st.text("abc[]^-\\", max_size=5).map(str.encode), min_size=8, max_size=8),
)
def test_patterns_match_the_same_keys(
    redis: RedisServer, patterns: list[bytes], names: list[bytes]
) -> None:
    pair = Pair(redis, 2)
    try:
        for name in names:
            pair.compare(b"SET", name, b"")
        for pattern in patterns:
            ours, theirs = pair.both(b"KEYS", pattern)
            assert sorted(ours.split(b"\r\n")) == sorted(theirs.split(b"\r\n")), pattern
    finally:
        pair.close()


def test_the_table_has_the_same_arities_flags_and_keys(redis: RedisServer) -> None:
    pair = Pair(redis, 2)
    different = []
    for spec in (each for owner in specs() for each in (owner, *owner.subcommands.values())):
        if spec.name.startswith("cowscope") or spec.name in NEWER:
            continue
        ours, theirs = map(_facts, pair.both(b"COMMAND", b"INFO", spec.name.encode()))
        if ours != theirs:
            different.append(f"{spec.name}\n  ours   {ours}\n  theirs {theirs}")
    pair.close()
    assert not different, "\n".join(different)


def _facts(info: bytes) -> tuple[object, ...]:
    reader = hiredis.Reader()
    reader.feed(info)
    name, arity, flags, first, last, step, categories, *_ = reader.gets()[0]
    return name, arity, frozenset(flags), first, last, step, frozenset(categories)
