"""Sorted sets here and in a real redis-server: the same replies, changes, AOF and digest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.commands.table import specs
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
ZMPOP 1 z MIN COUNT 0 x
ZMPOP 1 z MIN COUNT 1 x
ZMPOP 1 z MIN COUNT 1 COUNT 1
ZADD z
ZADD z 1
ZADD z 1 a 2
ZADD z x a
ZADD z '' a
ZADD z nan a
ZADD z NX XX 1 a
ZADD z NX GT 1 a
ZADD z NX LT 1 a
ZADD z GT LT 1 a
ZADD z NX XX 1
ZADD z INCR 1 a 2 b
ZADD z XX 1 a
EXISTS z
ZADD z XX INCR 1 a
ZADD z INCR 1 a
ZADD z NX INCR 1 a
ZADD z CH CH 1 a
ZADD z nx ch 5 a 6 b
ZADD z XX CH 7 a 8 nope
ZADD z GT CH 6 a 9 b
ZADD z LT CH 6 a 19 b
ZADD z GT INCR -1 a
ZADD z LT INCR -1 a
ZADD z NX
ZADD z NX 1
ZADD z inf i -inf j +inf k infinity l
ZADD z INCR -inf i
ZINCRBY z -inf i
ZINCRBY z x i
ZINCRBY z 1.5 a
ZINCRBY z 1.5 fresh
ZINCRBY new 1e3 fresh
ZADD z -0 zero
ZADD z 0 zero
ZADD z 3 i3 3.0 i30 3.5 f 1e17 e17 1e16 e16 123456789012345678 long 0.1 tenth 1e300 large
ZADD z 1e-400 tiny
ZADD z 1e400 huge
ZADD z 1e-310 denormal 0x1p-3 hex 0x10 hex2 .5 half 5. five
ZRANGE z 0 -1 WITHSCORES
ZADD long -0 a-member-that-is-much-too-long-for-the-compact-encoding-of-a-sorted-set
ZADD long -0 a
ZRANGESTORE stored long 0 -1
ZRANGE stored 0 -1 WITHSCORES
ZRANGESTORE stored long 0 -1 REV
ZRANGE stored 0 -1 WITHSCORES
ZADD sorted 1 a
SORT sorted ALPHA
OBJECT ENCODING sorted
ZADD sorted -0 b
ZSCORE sorted b
DEL stored long sorted
ZSCORE z zero
ZSCORE z large
ZSCORE z nope
ZSCORE nothing a
ZMSCORE z a nope b
ZMSCORE nothing a b
ZCARD z
ZCARD nothing
ZRANK z a
ZRANK z nope
ZRANK nothing a
ZREVRANK z a
ZREVRANK z j
ZREM z nope
ZREM z nope denormal large denormal
ZREM nothing a
SET s 1
ZADD s x a
ZADD s 1 a
ZADD s NX XX 1 a
ZINCRBY s 1 a
ZREM s a
ZSCORE s a
ZMSCORE s a
ZCARD s
ZRANK s a
ZCOUNT s a b
ZCOUNT s 0 1
ZLEXCOUNT s - +
ZRANGE s 0 1
ZRANGE s x 1
ZRANGE s 0 1 FOO
ZREMRANGEBYRANK s 0 1
ZPOPMIN s
ZPOPMIN s 0
ZPOPMIN s -1
ZMPOP 1 s MIN
ZMPOP 2 nothing s MIN
ZRANDMEMBER s
ZRANDMEMBER s 0
ZUNION 1 s
ZUNION 1 s FOO
ZDIFF 2 z s
ZINTERCARD 1 s
ZRANGESTORE d s 0 1
ZRANGE z 1 3
ZRANGE z 1 3 REV
ZRANGE z -3 -1 REV WITHSCORES
ZRANGE z 5 2
ZRANGE z -100 1
ZRANGE z 0 100 REV
ZRANGE z 0 1 REV REV
ZRANGE z 0 -1 BYSCORE BYLEX
ZRANGE z 0 -1 LIMIT 0 1
ZRANGE z 0 -1 LIMIT 1 -1
ZRANGE z 0 -1 LIMIT 0
ZRANGE z a -1 WITHSCORES
ZRANGE z 0 -1 BYLEX WITHSCORES
ZRANGE z a b BYLEX
ZRANGE z a b BYSCORE
ZRANGE z 0 10 BYSCORE WITHSCORES
ZRANGE z (1 1 BYSCORE
ZRANGE z 10 0 BYSCORE REV
ZRANGE z 0 10 BYSCORE REV
ZRANGE z (3 (6 BYSCORE
ZRANGE z -inf (-inf BYSCORE
ZRANGE z (inf +inf BYSCORE
ZRANGE z (-inf (inf BYSCORE LIMIT 2 3
ZRANGE z (inf (-inf BYSCORE REV LIMIT 2 3 WITHSCORES
ZRANGE z 0 -1 BYSCORE LIMIT a 0
ZRANGE z 0 10 BYSCORE LIMIT -1 5
ZRANGE z 0 10 BYSCORE LIMIT 0 0
ZRANGE z 0 10 BYSCORE LIMIT 100 5
ZRANGE z -inf +inf BYSCORE LIMIT 3 -1
ZRANGE z '' 3 BYSCORE
ZRANGE z ( 3 BYSCORE
ZRANGE z nan 3 BYSCORE
ZRANGEBYSCORE z 0 (6 WITHSCORES LIMIT 1 2
ZRANGEBYSCORE z 0 1 REV
ZRANGEBYSCORE z 0 1 BYSCORE
ZREVRANGEBYSCORE z 6 0 WITHSCORES
ZREVRANGEBYSCORE z 6 0 LIMIT 1 1
ZREVRANGE z 0 2 WITHSCORES
ZREVRANGE z 0 1 LIMIT 0 1
ZCOUNT z a b
ZCOUNT z (1 6
ZCOUNT z -inf +inf
ZCOUNT z 6 1
ZCOUNT nothing 0 1
ZADD lex 0 a 0 b 0 c 0 d 0 ab 0 ba 0 ''
ZRANGEBYLEX lex - +
ZRANGEBYLEX lex + -
ZRANGEBYLEX lex - -
ZRANGEBYLEX lex + +
ZRANGEBYLEX lex [a (c
ZRANGEBYLEX lex (a [c LIMIT 1 2
ZRANGEBYLEX lex [a [a
ZRANGEBYLEX lex (a (a
ZRANGEBYLEX lex [ [b
ZRANGEBYLEX lex a [b
ZRANGEBYLEX lex -x [b
ZRANGEBYLEX lex '' [b
ZRANGEBYLEX lex - + WITHSCORES
ZREVRANGEBYLEX lex + - LIMIT 1 3
ZREVRANGEBYLEX lex (c [a
ZRANGE lex (c [a BYLEX REV
ZLEXCOUNT lex - +
ZLEXCOUNT lex [a (c
ZLEXCOUNT lex a b
ZLEXCOUNT nothing - +
ZADD mixed 1 m 2 b 3 x 4 a
ZRANGEBYLEX mixed [b [m
ZREVRANGEBYLEX mixed [m [b
ZRANGEBYLEX mixed - [n
ZREVRANGEBYLEX mixed [x [a
ZLEXCOUNT mixed [b +
ZREMRANGEBYLEX mixed [b [c
ZRANGE mixed 0 -1
ZRANGESTORE d z 0 -1 WITHSCORES
ZRANGESTORE d z 0 2
ZRANGE d 0 -1 WITHSCORES
ZRANGESTORE d z 6 0 BYSCORE REV LIMIT 0 2
ZRANGESTORE d lex [a [b BYLEX
ZRANGE d 0 -1 WITHSCORES
EXPIRE d 1000
ZRANGESTORE d z 0 2
TTL d
ZRANGESTORE d nothing 0 -1
EXISTS d
ZRANGESTORE d nothing 0 -1
ZRANGESTORE s z 0 -1
TYPE s
ZRANGESTORE z z 1 5
ZRANGE z 0 -1
SET s 1
ZREMRANGEBYRANK z a b
ZREMRANGEBYRANK z 0 1
ZREMRANGEBYRANK z 100 101
ZREMRANGEBYSCORE z a b
ZREMRANGEBYSCORE z (3 6
ZREMRANGEBYSCORE nothing 1 2
ZREMRANGEBYLEX lex a b
ZREMRANGEBYLEX lex [a (b
ZRANGE lex 0 -1
zremrangebyrank lex 0 -1
EXISTS lex
ZADD a 1 x 2 y 3 z
ZADD b 10 y 20 z 30 w
ZADD c inf x -inf y
SADD set x y q
ZUNION 2 a b WITHSCORES
ZUNION 2 a b
ZUNION 3 a b nothing WEIGHTS 2 0.5 1 WITHSCORES
ZUNION 2 a b AGGREGATE MIN WITHSCORES
ZUNION 2 a b aggregate max WITHSCORES WEIGHTS -1 1
ZUNION 2 a set WITHSCORES
ZUNION 2 a a WITHSCORES
ZUNION 2 c c WEIGHTS 1 -1 WITHSCORES
ZUNION 2 a c WEIGHTS 1 0 WITHSCORES
ZINTER 2 a b WITHSCORES
ZINTER 2 a b WEIGHTS 1
ZINTER 2 a b WEIGHTS 1 x
ZINTER 2 a b WEIGHTS 1 nan
ZINTER 2 a b WEIGHTS 1 -2 AGGREGATE MIN WITHSCORES
ZINTER 2 a c WEIGHTS 1 0 AGGREGATE MAX WITHSCORES
ZINTER 2 c a WEIGHTS 0 1 WITHSCORES
ZINTER 3 a b nothing
ZINTER 2 a set WITHSCORES
ZDIFF 2 a b WITHSCORES
ZDIFF 2 a set
ZDIFF 1 nothing
ZDIFF 2 nothing a
ZDIFF 1 a WEIGHTS 1
ZDIFF 2 a a
ZUNION 0 a
ZUNION -1 a
ZUNION 2 a
ZUNION x a
ZUNION 1 a AGGREGATE
ZUNION 1 a AGGREGATE foo
ZUNION 1 a WEIGHTS
ZUNION 1 a WITHSCORES WITHSCORES
ZUNIONSTORE d 0 a
ZUNIONSTORE d x a
ZUNIONSTORE d 1 a WITHSCORES
ZUNIONSTORE d 2 a b WEIGHTS 2 3
ZRANGE d 0 -1 WITHSCORES
ZINTERSTORE d 2 d b AGGREGATE MAX
ZRANGE d 0 -1 WITHSCORES
ZDIFFSTORE d 2 a b
ZRANGE d 0 -1 WITHSCORES
ZDIFFSTORE d 2 a a
ZDIFFSTORE d 2 a a
ZUNIONSTORE s 1 set
ZRANGE s 0 -1 WITHSCORES
SET s 1
ZINTERSTORE s 2 a nothing
EXISTS s
ZINTERCARD 2 a b
ZINTERCARD 2 a b LIMIT 1
ZINTERCARD 2 a b LIMIT 0
ZINTERCARD 2 a b LIMIT -1
ZINTERCARD 2 a b LIMIT x
ZINTERCARD 2 a b LIMIT
ZINTERCARD 2 a b WITHSCORES
ZINTERCARD 0 a
ZINTERCARD 3 a b
ZPOPMIN a x
ZPOPMIN a -1
ZPOPMIN a 0
ZPOPMIN a 1 2
ZPOPMIN nothing
ZPOPMIN nothing 0
ZPOPMIN nothing 2
ZPOPMIN a
ZPOPMAX a 1
ZPOPMAX b 10
EXISTS b
ZMPOP 0 z MIN
ZMPOP x z MIN
ZMPOP 2 z MIN
ZMPOP 1 z FOO
ZMPOP 1 z MIN COUNT
ZMPOP 1 z MIN COUNT 0
ZMPOP 1 z MIN COUNT x
ZMPOP 1 z MIN COUNT 1 COUNT 2
ZMPOP 1 z MIN FOO 1
ZMPOP 1 nothing MIN
ZMPOP 2 nothing c MIN
ZADD c 1 e 2 f 3 g
ZMPOP 2 nothing c MAX COUNT 2
ZMPOP 2 nothing c min count 10
ZRANDMEMBER z x
ZRANDMEMBER z 2 FOO
ZRANDMEMBER z 2 WITHSCORES x
ZRANDMEMBER z -9223372036854775808
ZRANDMEMBER z -9223372036854775807 WITHSCORES
ZRANDMEMBER z -4611686018427387904 WITHSCORES
ZRANDMEMBER nothing
ZRANDMEMBER nothing 2
ZRANDMEMBER a 0
ZRANDMEMBER a 5
ZRANDMEMBER a 5 WITHSCORES
ZRANDMEMBER a -2 WITHSCORES
ZRANDMEMBER a
COMMAND GETKEYS ZUNIONSTORE d 2 a b
COMMAND GETKEYS ZINTERCARD 2 a b
COMMAND GETKEYS ZMPOP 2 a b MIN
COMMAND GETKEYS ZUNION 3 a b
COMMAND GETKEYS ZRANGESTORE d s 0 1
"""


@pytest.mark.parametrize("resp", [2, 3])
def test_a_long_session_is_the_same(redis: RedisServer, resp: int) -> None:
    twins = Twins(redis, resp)
    different = [why for line in SCRIPT.splitlines() if (why := twins.difference(line))]
    twins.close()
    assert not different, "\n".join(different)


GROWTH = """\
CONFIG SET zset-max-listpack-entries 3
ZADD grow -0 a 1 b
ZADD grow 2 c
ZADD grow -0 d
ZRANGE grow 0 -1 WITHSCORES
ZADD grow -0 b
ZRANGE grow 0 -1 WITHSCORES
ZREM grow a b c
ZUNIONSTORE small 1 grow
ZRANGE small 0 -1 WITHSCORES
ZUNION 1 grow WEIGHTS -1 WITHSCORES
CONFIG SET zset-max-listpack-entries 0
ZADD none -0 a
CONFIG SET zset-max-listpack-entries 128
ZADD wide 1 0123456789012345678901234567890123456789012345678901234567890123
ZADD wide 1 01234567890123456789012345678901234567890123456789012345678901234
ZRANGESTORE stored wide 0 0
ZRANGESTORE stored wide 0 1
ZADD wide INCR -1 0123456789012345678901234567890123456789012345678901234567890123
"""


def test_it_leaves_the_compact_form_when_redis_does(redis: RedisServer) -> None:
    """What shows from outside: OBJECT ENCODING, and that only the compact form has no -0."""
    twins = Twins(redis, 2)
    for text in GROWTH.splitlines():
        assert not twins.difference(text)
        for key in ("grow", "small", "none", "wide", "stored"):
            assert not twins.difference(f"OBJECT ENCODING {key}"), text
    assert not twins.difference("DEBUG DIGEST")
    twins.close()


KEYS = st.sampled_from(["a", "b", "c"])
MEMBERS = st.sampled_from(["x", "y", "z", "w", "''", "long" * 20])
SCORES = st.one_of(
    st.integers(-3, 3).map(str),
    st.sampled_from(["-0", "0.1", "-1.5", "inf", "-inf", "1e300", "nan", "x", "3.0"]),
)
INDEXES = st.integers(-4, 4).map(str)
BOUNDS = st.one_of(SCORES, SCORES.map("({}".format))
NAMES = st.one_of(MEMBERS.map("[{}".format), MEMBERS.map("({}".format), st.sampled_from("+-"))
FLAGS = st.sampled_from(["", " NX", " XX", " GT", " LT", " CH", " INCR", " XX CH", " GT CH"])
LIMITS = st.sampled_from(["", " LIMIT 0 2", " LIMIT 1 -1", " LIMIT -1 3", " WITHSCORES", " REV"])
TWO = st.sampled_from(["2 a b", "2 b c", "3 a b c", "1 a", "2 a a"])
WAYS = st.sampled_from(["", " WEIGHTS 2 -1", " AGGREGATE MIN", " AGGREGATE MAX", " WEIGHTS 0 inf"])


def line(text: str, *words: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*words).map(lambda found: text.format(*found))


LINES = st.one_of(
    line("ZADD {}{} {} {} {} {}", KEYS, FLAGS, SCORES, MEMBERS, SCORES, MEMBERS),
    line("ZADD {}{} {} {}", KEYS, FLAGS, SCORES, MEMBERS),
    line("ZINCRBY {} {} {}", KEYS, SCORES, MEMBERS),
    line("ZREM {} {} {}", KEYS, MEMBERS, MEMBERS),
    line("ZRANK {} {}", KEYS, MEMBERS),
    line("ZREVRANK {} {}", KEYS, MEMBERS),
    line("ZRANGE {} {} {}{}", KEYS, INDEXES, INDEXES, LIMITS),
    line("ZRANGE {} {} {} BYSCORE{}{}", KEYS, BOUNDS, BOUNDS, LIMITS, LIMITS),
    line("ZREVRANGEBYSCORE {} {} {}{}", KEYS, BOUNDS, BOUNDS, LIMITS),
    line("ZRANGE {} {} {} BYLEX{}", KEYS, NAMES, NAMES, LIMITS),
    line("ZREVRANGEBYLEX {} {} {}{}", KEYS, NAMES, NAMES, LIMITS),
    line("ZCOUNT {} {} {}", KEYS, BOUNDS, BOUNDS),
    line("ZLEXCOUNT {} {} {}", KEYS, NAMES, NAMES),
    line("ZRANGESTORE {} {} {} {} BYSCORE{}", KEYS, KEYS, BOUNDS, BOUNDS, LIMITS),
    line("ZREMRANGEBYRANK {} {} {}", KEYS, INDEXES, INDEXES),
    line("ZREMRANGEBYSCORE {} {} {}", KEYS, BOUNDS, BOUNDS),
    line("ZREMRANGEBYLEX {} {} {}", KEYS, NAMES, NAMES),
    line("ZPOPMIN {} {}", KEYS, INDEXES),
    line("ZPOPMAX {}", KEYS),
    line("ZMPOP {} MAX COUNT {}", TWO, INDEXES),
    line("ZUNION {}{} WITHSCORES", TWO, WAYS),
    line("ZINTER {}{} WITHSCORES", TWO, WAYS),
    line("ZDIFF {} WITHSCORES", TWO),
    line("ZINTERCARD {} LIMIT {}", TWO, INDEXES),
    line("ZUNIONSTORE {} {}{}", KEYS, TWO, WAYS),
    line("ZINTERSTORE {} {}{}", KEYS, TWO, WAYS),
    line("ZDIFFSTORE {} {}", KEYS, TWO),
    line("SADD {} {}", KEYS, MEMBERS),
    line("DEL {}", KEYS),
)


@given(st.lists(LINES, min_size=15, max_size=60))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_random_sessions_are_the_same(redis: RedisServer, lines: list[str]) -> None:
    twins = Twins(redis, 2 + len(lines) % 2)
    try:
        for text in [*lines, "DEBUG DIGEST"]:
            assert not twins.difference(text)
    finally:
        twins.close()


def test_the_documentation_says_the_same_since_and_group(redis: RedisServer) -> None:
    twins = Twins(redis, 2)
    different = []
    for spec in specs():
        if spec.group == "sorted-set":
            info = twins.theirs.call(b"COMMAND", b"DOCS", spec.name.encode()).split(b"\r\n")
            since = info[info.index(b"since") + 2].decode()
            if since != spec.since or b"sorted-set" not in info:
                different.append((spec.name, spec.since, since))
    twins.close()
    assert not different
