"""Bits of strings here and in a real redis-server: the same replies, changes, AOF and events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.commands.offline import OfflineServer
from tests.engine.redis_reference import REFERENCE_VERSION, redis_version
from tests.engine.same_effects import Both, Theirs, reference

needs_redis = pytest.mark.skipif(
    not redis_version().startswith(REFERENCE_VERSION),
    reason=f"no redis-server {REFERENCE_VERSION}x to compare with",
)
SCRIPT = """\
SADD s x
SETBIT b 7 1
SETBIT b 7 1
SETBIT b 7 0
SETBIT b 100 1
SETBIT b 150 0
SETBIT b 150 0
SETBIT b x 1
SETBIT b -1 1
SETBIT b 4294967296 1
SETBIT b 99999999999999999999 1
SETBIT b 1 2
SETBIT b 1 x
SETBIT s 1 1
GETBIT b 100
GETBIT b 101
GETBIT b 9999
GETBIT b x
GETBIT b 4294967296
GETBIT none 5
GETBIT s 5
SET t foobar PXAT 9999999999999
SETBIT t 3 1
PEXPIRETIME t
BITCOUNT t
BITCOUNT t 0
BITCOUNT t 0 x
BITCOUNT t 0 -1 foo
BITCOUNT t 0 -1 BIT x
BITCOUNT t -1 -2 foo
BITCOUNT none 0
BITCOUNT none x y
BITCOUNT s
BITPOS t 1
BITPOS t 2
BITPOS t x
BITPOS none 1
BITPOS none 0
BITPOS none 0 x
BITPOS s 1
BITPOS t 1 x
BITPOS t 1 0 x
BITPOS t 1 0 -1 foo
BITPOS t 1 0 x foo
BITPOS t 1 0 -1 BIT x
SETRANGE ones 0 \xff\xff
BITPOS ones 0
BITPOS ones 0 0
BITPOS ones 0 5
BITPOS ones 0 0 -1
BITPOS ones 0 0 -1 BIT
BITPOS ones 1 9 12 bit
BITOP NOT n t
BITOP NOT n t t
BITOP FOO n t
BITOP and n t b
BITOP OR n t b none
BITOP XOR n t
BITOP XOR n t t
BITOP AND n s
BITOP AND s t
BITOP AND n none nothing
BITOP AND n none
EXISTS n
"""


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theirs]:
    folder: Path = tmp_path_factory.mktemp("redis")
    with reference(folder) as found:
        yield found


def compare(theirs: Theirs, commands: list[list[bytes]]) -> None:
    theirs.call(b"FLUSHALL")
    theirs.events()
    both = Both(theirs, 2)
    for argv in commands:
        both.compare(argv)
    assert not both.different, "\n".join(both.different)


@needs_redis
def test_the_same_effects(theirs: Theirs) -> None:
    compare(theirs, [line.encode("latin-1").split() for line in SCRIPT.splitlines()])


POSITIONS = st.sampled_from([b"0", b"1", b"2", b"7", b"9", b"15", b"30", b"-1", b"-2", b"-9"])
RANGES = st.one_of(
    st.just([]),
    st.tuples(POSITIONS, POSITIONS).map(list),
    st.tuples(POSITIONS, POSITIONS, st.sampled_from([b"BYTE", b"BIT"])).map(list),
)
KEYS = st.sampled_from([b"a", b"b", b"none"])
COMMANDS = st.one_of(
    st.tuples(st.sampled_from([b"a", b"b"]), st.integers(0, 40), st.booleans()).map(
        lambda it: [b"SETBIT", it[0], b"%d" % it[1], b"%d" % it[2]]
    ),
    st.tuples(KEYS, st.integers(0, 50)).map(lambda it: [b"GETBIT", it[0], b"%d" % it[1]]),
    st.tuples(KEYS, RANGES).map(lambda it: [b"BITCOUNT", it[0], *it[1]]),
    st.tuples(KEYS, st.sampled_from([b"0", b"1"]), RANGES).map(
        lambda it: [b"BITPOS", it[0], it[1], *it[2]]
    ),
    st.tuples(KEYS, st.sampled_from([b"0", b"1"]), POSITIONS).map(
        lambda it: [b"BITPOS", it[0], it[1], it[2]]
    ),
    st.tuples(st.sampled_from([b"AND", b"OR", b"XOR"]), KEYS, KEYS, KEYS).map(
        lambda it: [b"BITOP", *it]
    ),
    st.tuples(KEYS, KEYS).map(lambda it: [b"BITOP", b"NOT", *it]),
    st.tuples(st.sampled_from([b"a", b"b"]), st.binary(max_size=4)).map(lambda it: [b"SET", *it]),
)


@needs_redis
@settings(max_examples=40, deadline=None, derandomize=True)
@given(commands=st.lists(COMMANDS, min_size=10, max_size=40))
def test_random_bits(theirs: Theirs, commands: list[list[bytes]]) -> None:
    compare(theirs, commands)


def test_a_full_arena_changes_nothing() -> None:
    client = OfflineServer(pages=64).connect()
    client.line("SET k a")
    assert client.line("SETBIT k 80000000 1").startswith(b"-OOM")
    assert client.line("GET k") == b"$1\r\na\r\n"
    assert client.server.log_of_changes[1:] == []
