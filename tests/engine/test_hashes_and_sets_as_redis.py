"""Hashes and sets here and in redis-server: replies, dirty, AOF and keyspace events are equal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.redis_reference import REFERENCE_VERSION, redis_version
from tests.engine.same_effects import Both, Theirs, reference

pytestmark = pytest.mark.skipif(
    not redis_version().startswith(REFERENCE_VERSION),
    reason=f"no redis-server {REFERENCE_VERSION}x to compare with",
)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theirs]:
    with reference(tmp_path_factory.mktemp("redis")) as server:
        yield server


HASHES = """\
HSET h a 1 b 2
HSET h a 1 b 2
HSET h a
HSET h a 1 b
HSET h same 1 same 2
HGET h same
HMSET h a 1 b
HMSET h a 3
HSETNX h a 3
HSETNX h z 3
HSETNX nx z 3
HGET h a
HGET h nope
HGET nope a
HMGET h a nope z
HMGET nope a b
HGETALL h
HGETALL nope
HKEYS h
HKEYS nope
HVALS h
HVALS nope
HLEN h
HLEN nope
HSTRLEN h a
HSTRLEN h nope
HSTRLEN nope a
HEXISTS h a
HEXISTS h nope
HEXISTS nope a
HINCRBY h a 5
HINCRBY h new 5
HINCRBY h a x
HINCRBY h a 1.5
HSET h t foo
HINCRBY h t 1
HINCRBY h a 9223372036854775807
HINCRBY h a -9223372036854775808
HINCRBY h a -9223372036854775808
HINCRBYFLOAT h a x
HSET h a 8
HINCRBYFLOAT h a 1.5
HINCRBYFLOAT h t 1.5
HINCRBYFLOAT h a inf
HINCRBYFLOAT h a -inf
HINCRBYFLOAT h a nan
HINCRBYFLOAT h a ''
HINCRBYFLOAT h fresh 3.0e3
HINCRBYFLOAT nf f 0.1
HSET h i inf
HINCRBYFLOAT h i 1
HSET huge f 1e400
HINCRBYFLOAT huge f 1
HRANDFIELD h 0
HRANDFIELD nx
HRANDFIELD nx 3
HRANDFIELD nx 3 WITHVALUES
HRANDFIELD nx -2 withvalues
HRANDFIELD nope
HRANDFIELD nope 3
HRANDFIELD nope -3 WITHVALUES
HRANDFIELD h x
HRANDFIELD h 1 FOO
HRANDFIELD h 1 WITHVALUES x
HRANDFIELD h -9223372036854775808
HRANDFIELD h 4611686018427387904 WITHVALUES
HRANDFIELD nx 4611686018427387903 WITHVALUES
HRANDFIELD h -4611686018427387904 WITHVALUES
HRANDFIELD nx 9223372036854775807
HDEL h nope
HDEL h a b c a
HDEL nope a
HGETALL h
HSCAN h 0
HSCAN h 0 MATCH f*
HSCAN h 0 COUNT 1
HSCAN h 0 COUNT 0
HSCAN h 0 COUNT x
HSCAN h 0 MATCH
HSCAN h 0 NOVALUES
HSCAN h 0 TYPE hash
HSCAN h x
HSCAN h -1
HSCAN h ''
HSCAN h 18446744073709551616
HSCAN nope 0 FOO bar
HSCAN nope x
OBJECT ENCODING h
HDEL nx z z
EXISTS nx
SET str x
HSET str a 1
HSETNX str a 1
HGET str a
HMGET str a
HGETALL str
HKEYS str
HVALS str
HDEL str a
HLEN str
HSTRLEN str a
HEXISTS str a
HINCRBY str a 1
HINCRBYFLOAT str a 1
HRANDFIELD str
HRANDFIELD str 1
HSCAN str 0
GET h
GETSET h x
GETDEL h
GETEX h
SET h x GET
SET h x NX
SETNX h x
APPEND h x
STRLEN h
SETRANGE h 0 x
GETRANGE h 0 1
INCR h
INCRBYFLOAT h 1
MGET h str
TYPE h
EXPIREAT h 9999999999
EXPIRETIME h
HSET h more 1
EXPIRETIME h
PERSIST h
RENAME h h2
HLEN h2
MOVE h2 1
SELECT 1
HGET h2 t
SELECT 0
HSET ttl a 1
EXPIREAT ttl 9999999999
HDEL ttl a
HSET ttl a 1
TTL ttl
HSET over a 1
MSET over string other b
GET over
HSET over a 1
SET over2 x
DEL over
HSET over a 1
SET over string
TYPE over
CONFIG SET hash-max-listpack-entries 3 hash-max-listpack-value 10
HSET e a 1 b 2 c 3
OBJECT ENCODING e
HSET e d 4
OBJECT ENCODING e
HDEL e d c b
OBJECT ENCODING e
HSET e2 a 12345678901
OBJECT ENCODING e2
HSET e3 long-field-name 1
OBJECT ENCODING e3
HINCRBYFLOAT e4 a 0.12345678901
OBJECT ENCODING e4
HINCRBY e5 long-field-name 1
OBJECT ENCODING e5
HSETNX e6 a 12345678901
OBJECT ENCODING e6
CONFIG SET hash-max-listpack-entries 512 hash-max-listpack-value 64
HSET
HGET h
HMGET h
HGETALL
HDEL h
HINCRBY h a
HRANDFIELD
HSCAN h
"""

SETS = """\
SADD s 1 2 3
SADD s 3 4 4
SADD s 3
SADD s b a
SADD i 30 -1 7 2
SMEMBERS i
SMEMBERS nope
SCARD s
SCARD nope
SISMEMBER s a
SISMEMBER s nope
SISMEMBER nope a
SMISMEMBER s a nope 1
SMISMEMBER nope a b
SREM s nope
SREM s a a b
SREM nope a
SREM s 1 2 3 4
EXISTS s
SPOP nope
SPOP nope 2
SPOP i 0
SPOP i -1
SPOP i x
SPOP i 1 2
SPOP i 9223372036854775808
SPOP i 10
SADD i 30 -1 7
SPOP i 3
SADD one x
SPOP one 1
SADD one x
SPOP one
SADD one x
SRANDMEMBER one
SRANDMEMBER one 5
SRANDMEMBER one -2
SRANDMEMBER one 0
SRANDMEMBER nope
SRANDMEMBER nope 2
SRANDMEMBER one x
SRANDMEMBER one 1 x
SRANDMEMBER one -9223372036854775808
SRANDMEMBER one 9223372036854775807
SRANDMEMBER one 9223372036854775808
SADD s 1 2 3
SADD t 2
SMOVE s t 1
SMOVE s t 1
SMOVE s t 2
SMOVE s s 3
SMOVE s s 9
SMOVE s fresh 3
SMOVE s fresh 3
SMOVE nope t 1
SADD a 1 2 3 4
SADD b 3 4 5
SADD c 4
SINTER a b c
SINTER a nope
SINTER nope
SINTER a
SUNION a b c
SUNION nope
SUNION nope a
SDIFF a b c
SDIFF a
SDIFF nope a
SDIFF a nope
SDIFF a a
SINTERSTORE d a b
SMEMBERS d
SINTERSTORE d a nope
SINTERSTORE d a nope
SUNIONSTORE d a b
SDIFFSTORE d a b
SMEMBERS d
SDIFFSTORE a a b
SMEMBERS a
EXPIREAT d 9999999999
SUNIONSTORE d b
TTL d
SINTERCARD 2 a b
SINTERCARD 2 b c LIMIT 1
SINTERCARD 2 b c LIMIT 0
SINTERCARD 0 a
SINTERCARD -1 a
SINTERCARD x a
SINTERCARD 3 a b
SINTERCARD 2 a b LIMIT
SINTERCARD 2 a b LIMIT -1
SINTERCARD 2 a b LIMIT x
SINTERCARD 2 b b limit 5 LIMIT 1
SINTERCARD 1 a b
SINTERCARD 2147483648 a
SET str x
SADD str a
SREM str a
SMOVE str t a
SMOVE t str 1
SMOVE t str nope
SMOVE nope str 1
SISMEMBER str a
SMISMEMBER str a
SCARD str
SMEMBERS str
SPOP str
SPOP str 1
SRANDMEMBER str
SRANDMEMBER str 1
SSCAN str 0
SINTER nope str
SINTER str nope
SUNION nope str
SDIFF nope str
SINTERSTORE d nope str
SINTERCARD 2 nope str
SINTERSTORE str b b
TYPE str
SUNIONSTORE str nope
EXISTS str
SSCAN b 0
SSCAN b 0 MATCH 3
SSCAN b 0 COUNT 1
SSCAN b 0 TYPE set
SSCAN nope 0
SSCAN b 0 FOO
ZADD z 1.5 a 3 b inf c -0.0 d 1e20 e 0.1 f
ZSCAN z 0
ZSCAN z 0 MATCH a
ZSCAN nope 0
ZSCAN b 0
OBJECT ENCODING a
OBJECT REFCOUNT a
OBJECT FREQ a
SADD a x
OBJECT ENCODING a
SREM a x
OBJECT ENCODING a
SADD zero 007
OBJECT ENCODING zero
SUNIONSTORE d b c
OBJECT ENCODING d
SMOVE b c 5
OBJECT ENCODING c
SMOVE zero c 007
OBJECT ENCODING c
CONFIG SET set-max-intset-entries 3
SADD e 1 2 3
OBJECT ENCODING e
SADD e 4
OBJECT ENCODING e
SUNIONSTORE e2 e b
OBJECT ENCODING e2
CONFIG SET set-max-intset-entries 512
SADD f 1 2 3 x
SREM f x
OBJECT ENCODING f
COPY f g
OBJECT ENCODING g
SADD big 1 2 3 4 5 6 7 8 9 10 11 12 x
SREM big x
SPOP big 11
OBJECT ENCODING big
MULTI
SADD m 1
SCARD m
SPOP m
EXEC
COMMAND GETKEYS SINTERCARD 2 a b LIMIT 1
COMMAND GETKEYS SINTERCARD 3 a b
COMMAND GETKEYS SMOVE a b x
COMMAND GETKEYS SINTERSTORE a b x
SADD
SADD s
SPOP
SINTER
SINTERSTORE d
SINTERCARD 1
"""
RANDOM_CHOICE = ("SPOP big",)
"""What it takes is not to be foreseen; what it leaves is looked at."""


def words(line: str) -> list[bytes]:
    return [b"" if word == "''" else word.encode() for word in line.split(" ")]


@pytest.mark.parametrize("resp", [2, 3])
@pytest.mark.parametrize("script", [HASHES, SETS], ids=["hashes", "sets"])
def test_a_session_has_the_same_effects(theirs: Theirs, script: str, resp: int) -> None:
    theirs.call(b"FLUSHALL")
    both = Both(theirs, resp)
    for line in script.splitlines():
        before = len(both.different)
        both.compare(words(line))
        if line.startswith(RANDOM_CHOICE):
            del both.different[before:]
    assert not both.different, "\n".join(both.different)


KEYS = st.sampled_from([b"a", b"b", b"c"])
MEMBERS = st.one_of(
    st.integers(-3, 8).map(lambda number: b"%d" % number),
    st.sampled_from([b"9223372036854775807", b"bin\0\r\n"]),
)
COMMANDS = st.one_of(
    st.tuples(st.just(b"SADD"), KEYS, MEMBERS, MEMBERS, MEMBERS),
    st.tuples(st.just(b"SREM"), KEYS, MEMBERS, MEMBERS),
    st.tuples(st.sampled_from([b"SCARD", b"TYPE", b"HGETALL", b"HLEN"]), KEYS),
    st.tuples(st.sampled_from([b"SISMEMBER", b"HGET", b"HSTRLEN"]), KEYS, MEMBERS),
    st.tuples(st.just(b"SMOVE"), KEYS, KEYS, MEMBERS),
    st.tuples(st.sampled_from([b"SINTERSTORE", b"SUNIONSTORE", b"SDIFFSTORE"]), KEYS, KEYS, KEYS),
    st.tuples(st.just(b"SPOP"), KEYS, st.just(b"100")),
    st.tuples(st.just(b"HSET"), KEYS, MEMBERS, MEMBERS, MEMBERS, MEMBERS),
    st.tuples(st.just(b"HSETNX"), KEYS, MEMBERS, MEMBERS),
    st.tuples(st.sampled_from([b"HINCRBY", b"HINCRBYFLOAT"]), KEYS, MEMBERS, MEMBERS),
    st.tuples(st.just(b"HDEL"), KEYS, MEMBERS, MEMBERS),
    st.tuples(st.just(b"OBJECT"), st.just(b"ENCODING"), KEYS),
    st.tuples(st.sampled_from([b"COPY", b"RENAME"]), KEYS, KEYS),
    st.tuples(st.just(b"COPY"), KEYS, KEYS, st.just(b"REPLACE")),
    st.tuples(st.just(b"DEL"), KEYS),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(COMMANDS, min_size=5, max_size=40))
def test_any_sequence_has_the_same_effects(
    theirs: Theirs, commands: list[tuple[bytes, ...]]
) -> None:
    theirs.call(b"FLUSHALL")
    both = Both(theirs, 2)
    for argv in commands:
        both.compare(list(argv))
    both.compare([b"DEBUG", b"DIGEST"])
    assert not both.different, "\n".join(both.different)
