"""Lists here and in a real redis-server: the same replies, changes, AOF and keyspace events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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
    folder: Path = tmp_path_factory.mktemp("redis")
    with reference(folder) as found:
        yield found


SCRIPT = """\
LMPOP 1 l LEFT COUNT 0 x
LMPOP 1 l LEFT COUNT 1 x
LMPOP 1 l LEFT COUNT 1 COUNT 1
SET s text
LPUSH s
LPUSH s a
RPUSHX s a
LPUSHX none a
RPUSHX none a b
LPUSH l a b c
RPUSH l d '' e
RPUSHX l f
LPUSHX l g h
LRANGE l 0 -1
LRANGE l -3 100
LRANGE l 3 1
LRANGE l -100 0
LRANGE l 20 30
LRANGE l a b
LRANGE s 0 1
LRANGE none 0 1
LLEN l
LLEN none
LLEN s
LINDEX l 0
LINDEX l -1
LINDEX l 99
LINDEX l -99
LINDEX l x
LINDEX none x
LINDEX s x
LSET l 0 first
LSET l -1 last
LSET l 99 x
LSET l x x
LSET none x x
LSET s x x
LINSERT l BEFORE first zero
LINSERT l after last end
LINSERT l after nope end
LINSERT l foo last end
LINSERT none BEFORE a b
LINSERT none foo a b
LINSERT s BEFORE a b
LPOP l
RPOP l
LPOP none
LPOP none 1
LPOP none -1
LPOP none x
LPOP l 0
LPOP l 2
RPOP l 2
RPOP l 1 2
LPOP l 1 2
LPOP s
LPOP s 0
LPOP l 99
EXISTS l
RPUSH l a b a c a d
LREM l 1 a
LREM l -1 a
LREM l 0 nope
LREM l x a
LREM l -9223372036854775808 a
LREM none -9223372036854775808 a
LREM none 1 a
LREM s 1 a
LREM s x a
LREM l 0 a
LREM l 5 b
LREM l -5 c
LREM l 0 d
EXISTS l
RPUSH l a b c d e f
LTRIM l 0 -1
LTRIM l 1 -2
LTRIM l 2 100
LTRIM l a b
LTRIM none 0 1
LTRIM s 0 1
LTRIM l 5 9
EXISTS l
RPUSH l a b c a b c a
LPOS l a
LPOS l c RANK -1
LPOS l a RANK 2
LPOS l a RANK -2 COUNT 0
LPOS l a COUNT 0
LPOS l a COUNT 2 MAXLEN 3
LPOS l a COUNT 2 RANK -1 MAXLEN 4
LPOS l nope
LPOS l nope COUNT 1
LPOS l a RANK 99
LPOS l a RANK 0
LPOS l a RANK x
LPOS l a RANK -9223372036854775808
LPOS l a RANK 9223372036854775807 COUNT 0
LPOS l a COUNT -1
LPOS l a MAXLEN -1
LPOS l a COUNT x
LPOS l a FOO 1
LPOS l a RANK
LPOS none a
LPOS none a COUNT 1
LPOS s a
LMOVE l l LEFT RIGHT
LMOVE l l LEFT LEFT
LMOVE l l right right
LMOVE l l RIGHT LEFT
LMOVE l m LEFT RIGHT
LMOVE l m RIGHT LEFT
LMOVE l m up LEFT
LMOVE l m LEFT up
LMOVE none m LEFT LEFT
LMOVE none s LEFT LEFT
LMOVE s m LEFT LEFT
LMOVE l s LEFT LEFT
RPOPLPUSH l m
RPOPLPUSH l l
RPOPLPUSH none m
RPOPLPUSH l s
DEL m
RPUSH one x
LMOVE one m LEFT LEFT
RPOPLPUSH m m
LMOVE m m LEFT LEFT
RPOPLPUSH m one
EXISTS m
LMPOP 0 l LEFT
LMPOP x l LEFT
LMPOP 2 l LEFT
LMPOP 1 l up
LMPOP 1 l LEFT COUNT 0
LMPOP 1 l LEFT COUNT x
LMPOP 1 l LEFT FOO 1
LMPOP 1 l LEFT COUNT
LMPOP 1 l LEFT COUNT 1 COUNT 2
LMPOP 2 none s LEFT
LMPOP 1 none LEFT
LMPOP 2 none l RIGHT COUNT 2
LMPOP 1 l left
LMPOP 2 l none LEFT COUNT 99
EXISTS l
BLPOP l x
BLPOP l -1
BLPOP l inf
BLPOP l nan
BLPOP l 1e300
BLPOP l ''
BLPOP s 0
BLPOP l s 0
BLMOVE l l LEFT up x
BLMOVE l l LEFT LEFT x
BLMOVE s l LEFT LEFT 0
BRPOPLPUSH l m -1
BLMPOP x 1 l LEFT
BLMPOP x 0 l LEFT
BLMPOP x 1 l up
BLMPOP x 1 l LEFT COUNT 0
BLMPOP 0 1 s LEFT
BZPOPMIN z x
BZPOPMAX s 1
BZMPOP x 1 z MIN
BZMPOP x 1 z up
BZMPOP x 0 z MIN
BZMPOP 0 1 z MIN COUNT 0
BZMPOP 0 1 s MAX
RPUSH l a b c d e f g h i
BLPOP none l 0
BRPOP l 0
BLMOVE l m LEFT RIGHT 0
BLMOVE l l LEFT RIGHT 0
BRPOPLPUSH l m 0
BLMPOP 0 2 none l RIGHT COUNT 2
BLMPOP 0 1 l LEFT
BLMPOP 0 1 l LEFT COUNT 99
ZADD z 1 a 2 b 3 c 4 d 5 e 6.5 f
BZPOPMIN none z 0
BZPOPMAX z 0
BZMPOP 0 2 none z MIN
BZMPOP 0 1 z MAX COUNT 2
BZPOPMIN z 0
EXISTS z
MULTI
BLPOP none 0
BLMOVE none l LEFT LEFT 0
BRPOPLPUSH none l 0
BLMPOP 0 1 none LEFT
BZPOPMIN none 0
BZMPOP 0 1 none MAX
EXEC
COMMAND GETKEYS LMPOP 2 a b LEFT
COMMAND GETKEYS BLMPOP 0 2 a b LEFT
COMMAND GETKEYS BLPOP a b 0
COMMAND GETKEYS BZMPOP 0 2 a b MIN
"""


@pytest.mark.parametrize("resp", [2, 3])
def test_every_list_command_does_the_same(theirs: Theirs, resp: int) -> None:
    both = Both(theirs, resp)
    theirs.call(b"FLUSHALL")
    for line in SCRIPT.splitlines():
        argv = [word.replace("''", "").encode() for word in line.split(" ")]
        both.compare(argv, events=argv[0] not in (b"SET", b"DEL"))
    assert not both.different, "\n".join(both.different)


KEYS = st.sampled_from([b"a", b"b", b"c"])
VALUES = st.sampled_from([b"x", b"y", b"", b"17", b"long" * 40, b"chunk" * 300])
INDEX = st.integers(-7, 7).map(lambda number: b"%d" % number)
COUNT = st.integers(0, 4).map(lambda number: b"%d" % number)
SIDE = st.sampled_from([b"LEFT", b"RIGHT"])


def one(*words: st.SearchStrategy[bytes] | bytes) -> st.SearchStrategy[list[bytes]]:
    return st.tuples(*(st.just(w) if isinstance(w, bytes) else w for w in words)).map(list)


PUSH = st.sampled_from([b"LPUSH", b"RPUSH"])
COMMANDS = st.one_of(
    st.tuples(one(PUSH, KEYS), st.lists(VALUES, min_size=1, max_size=5)).map(lambda t: t[0] + t[1]),
    one(st.sampled_from([b"LPOP", b"RPOP"]), KEYS, COUNT),
    one(b"LRANGE", KEYS, INDEX, INDEX),
    one(b"LTRIM", KEYS, INDEX, INDEX),
    one(b"LREM", KEYS, INDEX, VALUES),
    one(b"LSET", KEYS, INDEX, VALUES),
    one(b"LINSERT", KEYS, st.sampled_from([b"BEFORE", b"AFTER"]), VALUES, VALUES),
    one(b"LPOS", KEYS, VALUES, b"RANK", INDEX, b"COUNT", COUNT, b"MAXLEN", COUNT),
    one(b"LMOVE", KEYS, KEYS, SIDE, SIDE),
    one(b"LMPOP", b"2", KEYS, KEYS, SIDE, b"COUNT", b"2"),
    one(b"LINDEX", KEYS, INDEX),
)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(COMMANDS, min_size=10, max_size=30))
def test_any_sequence_does_the_same(theirs: Theirs, commands: list[list[bytes]]) -> None:
    both = Both(theirs, 2)
    theirs.call(b"FLUSHALL")
    for argv in commands:
        both.compare(argv)
    both.compare([b"DEBUG", b"DIGEST"])
    assert not both.different, "\n".join(both.different)
