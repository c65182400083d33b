"""SORT and COPY here and in redis-server: replies, dirty, AOF and keyspace events are equal.

No weight here is out of a double's range: redis-server 7.0 never resets errno before strtod(), so
that after one such error it refuses every numeric SORT for a while.
"""

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


SORT = """\
RPUSH l 3 1 2 10
SORT l
SORT l DESC
SORT l ALPHA
SORT l LIMIT 1 2
SORT l LIMIT -1 2
SORT l LIMIT 1 -1
SORT l LIMIT 9 1
SORT l LIMIT a 1
SORT l LIMIT 1
SORT l LIMIT 0 0
SORT l LIMIT 0 9223372036854775807
SORT l LIMIT 2 9223372036854775807
SORT l LIMIT -9223372036854775808 2
SORT l STORE d
SORT l STORE l2 BY nosort
SORT l LIMIT 9 1 STORE d
SORT l LIMIT 9 1 STORE d
SORT nope STORE d
SORT_RO l STORE d
SORT_RO l
SORT nope
RPUSH m b a c
SORT m
SORT m STORE d
SORT m ALPHA
SORT m BY nosort
SORT m BY nosort DESC
SORT m BY nosort LIMIT 1 1
MSET w_a 3 w_b 2 w_c 1
SORT m BY w_*
SORT m BY w_* GET # GET w_* GET nope GET x_*
SORT m BY w_* GET # GET x_* STORE d
LRANGE d 0 -1
HSET hh_a f 1 g x
HSET hh_b f 2
HSET hh_c f 0
SORT m BY hh_*->f GET hh_*->g GET hh_*-> GET hh_*
SORT m BY hh_*->nope
SORT m BY w_*->f
SORT m ALPHA BY w_* GET #
SORT m ALPHA BY x_*
SADD s 3 1 2
SORT s BY nosort
SORT s BY nosort STORE d
SORT s BY nosort LIMIT 0 2
SORT s DESC
ZADD z 3 a 2 b 1 c
SORT z BY nosort
SORT z BY nosort DESC
SORT z BY nosort LIMIT 1 1 GET #
SORT z BY nosort DESC LIMIT 0 2
SORT z ALPHA
SORT w_a
RPUSH e '' 1 0x10 1e2 inf -inf
SORT e
RPUSH e nan
SORT e
SORT l FOO
SORT l BY
SORT l GET
SORT l ASC DESC ASC
SORT l BY nosort BY w_*
SORT l BY w_* BY nosort
SORT l STORE a STORE b
SORT l BY * GET *
SORT l GET #
SORT l BY #
SORT l ASC BY ->*
RPUSH dup 1 1 2
SORT dup DESC
RPUSH t 1.5 1.50 1
SORT t
SORT t DESC
RPUSH o4 1x
SORT o4
MSET k1 5 k2 x
RPUSH kk 1 2
SORT kk BY k*
SORT kk BY k* STORE str
SORT l BY nosort DESC LIMIT 1 2
SORT l BY nosort ASC LIMIT 1 2
SORT s BY nosort DESC
SORT s BY nosort DESC STORE d
LRANGE d 0 -1
SORT s ALPHA DESC
SORT m BY nosort STORE m
LRANGE m 0 -1
SORT l STORE l
LRANGE l 0 -1
EXPIREAT l 9999999999
SORT l DESC STORE l
EXPIRETIME l
RPUSH spaces '' 3 2
SORT spaces
RPUSH zeros 0 0.0 00 -0.0
SORT zeros
SORT l LIMIT 0 x
SORT l LIMIT x y FOO
SORT nope LIMIT x 1
SORT hh_a
SORT hh_a FOO
SORT_RO m ALPHA DESC LIMIT 1 1 GET # GET w_*
COMMAND GETKEYS SORT l
COMMAND GETKEYS SORT l STORE d
COMMAND GETKEYS SORT l STORE d STORE e
COMMAND GETKEYS SORT l LIMIT STORE d GET STORE BY STORE
COMMAND GETKEYS SORT_RO l
SORT
SORT_RO
"""

COPY = """\
SADD s 1 2
COPY s s
COPY s s DB 0
COPY s c
COPY s c
COPY s c REPLACE
COPY s c replace db 3
COPY s c DB 16
COPY s c DB -1
COPY s c DB x
COPY s c DB 99999999999
COPY s c FOO
COPY s c DB
COPY nope c REPLACE
COPY s s DB 1
COPY s s DB 1
COPY s s DB 1 REPLACE
EXPIREAT s 9999999999
COPY s t
EXPIRETIME t
HSET h a 1
COPY h t REPLACE
EXPIRETIME t
HGETALL t
SET str x
COPY str t REPLACE
GET t
COPY h str
ZADD z 1 a
COPY z z2
ZSCAN z2 0
RPUSH l a b
COPY l l2
LRANGE l2 0 -1
COPY
COPY s
"""


def words(line: str) -> list[bytes]:
    return [b"" if word == "''" else word.encode() for word in line.split(" ")]


@pytest.mark.parametrize("resp", [2, 3])
@pytest.mark.parametrize("script", [SORT, COPY], ids=["sort", "copy"])
def test_a_session_has_the_same_effects(theirs: Theirs, script: str, resp: int) -> None:
    theirs.call(b"FLUSHALL")
    both = Both(theirs, resp)
    for line in script.splitlines():
        both.compare(words(line))
    assert not both.different, "\n".join(both.different)


ELEMENTS = st.sampled_from([b"1", b"2", b"10", b"-1", b"1.5", b"1.50", b"0x2", b"", b"inf"])
OPTIONS = st.sampled_from(
    [
        "DESC",
        "ASC",
        "ALPHA",
        "BY w_*",
        "BY h_*->f",
        "BY none",
        "GET #",
        "GET w_*",
        "LIMIT 1 3",
        "LIMIT 0 2",
        "LIMIT 2 -1",
        "STORE d",
    ]
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(ELEMENTS, min_size=1, max_size=8),
    st.dictionaries(ELEMENTS, ELEMENTS, max_size=6),
    st.lists(st.lists(OPTIONS, max_size=4), min_size=3, max_size=10),
)
def test_any_sort_has_the_same_effects(
    theirs: Theirs,
    elements: list[bytes],
    weights: dict[bytes, bytes],
    options: list[list[str]],
) -> None:
    theirs.call(b"FLUSHALL")
    both = Both(theirs, 2)
    both.compare([b"RPUSH", b"l", *elements])
    for element, weight in weights.items():
        both.compare([b"SET", b"w_" + element, weight])
        both.compare([b"HSET", b"h_" + element, b"f", weight])
    for chosen in options:
        both.compare([b"SORT", b"l", *" ".join(chosen).encode().split()])
    assert not both.different, "\n".join(both.different)
