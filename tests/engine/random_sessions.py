"""Random sessions over all five types: what hypothesis draws for one server and for another.

A form is a line of words: those in capitals, with digits or signs are sent as they are, the others
name what is drawn. `x?` is x or nothing, `x*` up to two of them, `x+` one to four; `x:y` is a pair.
"""

from __future__ import annotations

from functools import reduce
from operator import iconcat
from typing import NamedTuple

from hypothesis import strategies as st

Words = list[bytes]


class Step(NamedTuple):
    """One command and which of two clients sends it."""

    client: int
    argv: Words


_FORMS = """\
SET s v
SET s v setopt*
SET k v
GET s
GETSET s v
GETDEL s
GETEX s getexopt*
SETNX s v
SETEX s seconds v
PSETEX s ms v
MSET s:v+
MSETNX s:v+
MGET k+
INCR s
DECR s
INCRBY s i
DECRBY s i
INCRBYFLOAT s f
APPEND s v
STRLEN s
GETRANGE s n n
SUBSTR s n n
SETRANGE s n v
LPUSH l e+
LPUSH l e+
RPUSH l e+
RPUSH l e+
LPUSHX l e+
RPUSHX l e+
LPOP l n?
RPOP l n?
LLEN l
LINDEX l n
LRANGE l n n
LRANGE l 0 -1
LINSERT l where e e
LSET l n e
LREM l n e
LTRIM l n n
LPOS l e
LPOS l e lposopt:n*
LMOVE l l side side
RPOPLPUSH l l
LMPOP 1 l side
LMPOP n l+ side
LMPOP 2 l l side COUNT n
BLPOP l+ timeout
BRPOP l l timeout
BLMOVE l l side side timeout
BRPOPLPUSH l l timeout
BLMPOP timeout 2 l l side COUNT n
HSET h e:e+
HSET h e:e+
HSET h e:v+
HMSET h e:e+
HSETNX h e v
HGET h e
HMGET h e+
HGETALL h
HKEYS h
HVALS h
HDEL h e+
HLEN h
HSTRLEN h e
HEXISTS h e
HINCRBY h e i
HINCRBYFLOAT h e f
HRANDFIELD h
HRANDFIELD h n WITHVALUES?
HSCAN h 0 scanopt*
SADD t e+
SADD t e+
SADD t i+
SADD t i+
SREM t e+
SCARD t
SISMEMBER t e
SMISMEMBER t e+
SMEMBERS t
SMOVE t t e
SPOP t
SPOP t n
SPOP t 100
SRANDMEMBER t n?
SSCAN t 0 scanopt*
SINTER t+
SUNION t+
SDIFF t+
SINTERSTORE k t+
SUNIONSTORE t t+
SDIFFSTORE t t+
SINTERCARD n t+
SINTERCARD 2 t t LIMIT n
ZADD z zaddopt* score:e+
ZADD z score:e+
ZADD z score:e+
ZADD z zaddopt* score:e
ZINCRBY z score e
ZREM z e+
ZCARD z
ZSCORE z e
ZMSCORE z e+
ZRANK z e
ZREVRANK z e
ZCOUNT z bound bound
ZLEXCOUNT z lex lex
ZRANGE z n n rangeopt*
ZRANGE z 0 -1 WITHSCORES
ZRANGE z bound bound BYSCORE rangeopt*
ZRANGE z bound bound BYSCORE LIMIT n n rangeopt*
ZRANGE z lex lex BYLEX rangeopt*
ZRANGE z lex lex LIMIT n n BYLEX
ZREVRANGE z n n WITHSCORES?
ZRANGEBYSCORE z bound bound WITHSCORES?
ZRANGEBYSCORE z bound bound LIMIT n n
ZREVRANGEBYSCORE z bound bound WITHSCORES?
ZRANGEBYLEX z lex lex
ZREVRANGEBYLEX z lex lex LIMIT n n
ZRANGESTORE k z n n rangeopt*
ZRANGESTORE z z bound bound BYSCORE rangeopt*
ZRANGESTORE z z lex lex BYLEX LIMIT n n
ZREMRANGEBYRANK z n n
ZREMRANGEBYSCORE z bound bound
ZREMRANGEBYLEX z lex lex
ZPOPMIN z n?
ZPOPMAX z n?
ZMPOP 1 z extreme
ZMPOP n z+ extreme COUNT n
BZPOPMIN z+ timeout
BZPOPMAX z z timeout
BZMPOP timeout 2 z z extreme COUNT n
ZRANDMEMBER z
ZRANDMEMBER z n WITHSCORES?
ZSCAN z 0 scanopt*
ZUNION 2 z zt algebraopt*
ZINTER 2 z zt algebraopt*
ZUNIONSTORE z 2 z zt algebraopt*
ZUNIONSTORE k 1 zt algebraopt*
ZINTERSTORE z 2 z zt algebraopt*
ZUNIONSTORE z n z+ WEIGHTS score+ AGGREGATE agg
ZINTERSTORE z 2 z zt WEIGHTS score score
ZDIFF n z+ WITHSCORES?
ZDIFF 2 z zt
ZDIFFSTORE z 2 z zt
ZINTERCARD n z+
ZINTERCARD 2 z zt LIMIT n
DEL k+
UNLINK k+
EXISTS k+
TOUCH k+
TYPE k
OBJECT objsub k
EXPIRE k seconds expopt*
PEXPIRE k ms expopt*
EXPIREAT k at expopt*
PEXPIREAT k atms expopt*
TTL k
PTTL k
EXPIRETIME k
PEXPIRETIME k
PERSIST k
EXPIRED k
EXPIRED k
RENAME k k
RENAMENX k k
COPY k k copyopt*
MOVE k db
SELECT db
SWAPDB db db
DBSIZE
KEYS pattern
SCAN 0 COUNT 1000 keyscanopt*
SORT lt sortopt*
SORT lt ALPHA sortopt*
SORT lt BY nosort GET # sortopt*
SORT lt sortopt* STORE k
SORT lt BY *_w GET # GET *
SORT z ALPHA sortopt*
SORT_RO lt ALPHA LIMIT n n
FLUSHDB flushopt?
FLUSHALL flushopt?
MULTI
MULTI
EXEC
EXEC
DISCARD
WATCH k+
UNWATCH
NOSUCH v e
DEBUG v
CONFIG v
"""

_KEYS = {kind: [b"%b1" % kind, b"%b2" % kind] for kind in (b"s", b"l", b"h", b"t", b"z")}
_KEYS[b"s"].append(b"bin\0\r\nkey")
_ALL = [key for keys in _KEYS.values() for key in keys]
_LONG = b"longer than eight" * 4
_ELEMENTS = [b"", b"a", b"b", b"c", b"A", b"a\0", b"\xff", b"1", b"2", b"3", b"-1", b"10", b"007"]
_ELEMENTS += [b"1.5", b"-0", b"9223372036854775807", b"32768", b"2147483648", b"inf", _LONG]
_INDEXES = [*map(b"%d".__mod__, range(-4, 6)), b"-1", b"0", b"1", b"2", b"100", b"x", b"1.0"]
_INDEXES += [b"-9223372036854775808", b"9223372036854775807", b"9223372036854775808", b""]
_INTEGERS = [
    b"0",
    b"1",
    b"-1",
    b"5",
    b"12",
    b"300",
    b"-40000",
    b"9223372036854775807",
    b"x",
    b"007",
]
_INTEGERS += [b"-9223372036854775808", b"9223372036854775808", b"1.0", b" 1", b"70000", b"007"]
_SCORES = [b"0", b"1", b"2", b"-1", b"1.5", b"3", b"1e3", b"inf", b"-inf", b"+inf", b"nan", b"-0"]
_SCORES += [
    b"0.1",
    b"0.2",
    b"1e17",
    b"1e-7",
    b"123456789012345678",
    b"x",
    b"",
    b"0x10",
    b".5",
    b"+2",
]
_SCORES += [b"1", b"2", b"3", b"4", b"5.", b"1e308", b" 1", b"1 ", b"-2.25", b"+2"]
"""None is out of a double's range: redis-server's SORT would remember that as its own error."""
_FLOATS = [*_SCORES, b"1e-17", b"3.0e3", b"-0.1", b"10", b"5e-1", b"infinity"]


def _choice(text: str) -> st.SearchStrategy[bytes]:
    return st.sampled_from([word.encode() for word in text.split()])


def _key_of(*kinds: bytes) -> st.SearchStrategy[bytes]:
    """Mostly of these types, sometimes of another."""
    mostly = [key for kind in kinds for key in _KEYS[kind]]
    return st.sampled_from(mostly * (40 // len(mostly)) + _ALL)


_DRAWN: dict[str, st.SearchStrategy[bytes]] = {
    **{kind.decode(): _key_of(kind) for kind in _KEYS},
    "zt": _key_of(b"z", b"t"),
    "lt": _key_of(b"l", b"t"),
    "k": st.sampled_from([*_ALL, b"missing"]),
    "e": st.sampled_from([*_ELEMENTS, *_ELEMENTS[1:12]]),
    "v": st.one_of(st.sampled_from(_ELEMENTS), st.sampled_from(_INTEGERS), st.binary(max_size=6)),
    "i": st.sampled_from([*_INTEGERS, *_INTEGERS[:6]]),
    "n": st.sampled_from([*_INDEXES, *_INDEXES[:14]]),
    "f": st.sampled_from(_FLOATS),
    "score": st.sampled_from([*_SCORES, *_SCORES[:8], *_SCORES[-10:-6]]),
    "bound": st.tuples(st.sampled_from([b"", b"", b"("]), st.sampled_from(_SCORES)).map(b"".join),
    "lex": _choice("- + [ ( [a (a [b (b [c [1 (2 [\xff a"),
    "setopt": _choice("NX xx GET get KEEPTTL EX PX 100 100000 EXAT PXAT 9999999999999 -1 0 x GT"),
    "getexopt": _choice("PERSIST ex EX 100 PX 100000 EXAT 9999999999 0 x KEEPTTL"),
    "expopt": _choice("NX XX GT LT gt nx XX x"),
    "zaddopt": _choice("NX XX GT LT CH INCR ch incr"),
    "rangeopt": _choice("REV WITHSCORES withscores REV BYLEX LIMIT 1"),
    "lposopt": _choice("RANK COUNT MAXLEN rank"),
    "scanopt": _choice("COUNT MATCH 1000 * a* [a-c] 0 x TYPE"),
    "keyscanopt": _choice("MATCH TYPE hash set zset z* [s-t]? COUNT 1000 nonesuch"),
    "algebraopt": _choice("WITHSCORES AGGREGATE MIN MAX sum WEIGHTS 1 2 -1 inf 0"),
    "agg": _choice("MIN MAX SUM min x"),
    "sortopt": _choice("DESC ASC ALPHA LIMIT 0 1 2 -1 x desc"),
    "copyopt": _choice("REPLACE DB 1 replace 0 x REPLACE 16"),
    "flushopt": _choice("ASYNC SYNC x"),
    "where": _choice("BEFORE AFTER before x"),
    "side": _choice("LEFT RIGHT left x"),
    "extreme": _choice("MIN MAX max x"),
    "objsub": _choice("ENCODING encoding REFCOUNT FREQ x"),
    "db": _choice("0 1 2 0 1 16 -1 x"),
    "pattern": _choice("* z* [a-l]? ?1 \\z1 x*"),
    "timeout": _choice("0 0.01 -1 x inf 1"),
    "seconds": _choice("100 1000 -1 0 x 99999999999999999 9223372036854775807 100"),
    "ms": _choice("100000 1000000 -1 0 x 9223372036854775807 -9223372036854775808 100000"),
    "at": _choice("9999999999 9999999998 1 -5 x 9223372036854775807"),
    "atms": _choice("9999999999999 9999999999998 1 -5 x 9223372036854775807 1e3"),
}
_REPEATS = {"?": (0, 1), "*": (0, 2), "+": (1, 4)}


def _flat(parts: tuple[Words, ...] | Words | list[Words]) -> Words:
    return reduce(iconcat, parts, [])  # type: ignore[arg-type]


def _word(token: str) -> st.SearchStrategy[Words]:
    """What one token of a form becomes."""
    if token[-1] in _REPEATS and len(token) > 1 and not token.startswith("*"):
        least, most = _REPEATS[token[-1]]
        return st.lists(_word(token[:-1]), min_size=least, max_size=most).map(_flat)
    if ":" in token:
        return st.tuples(*map(_word, token.split(":"))).map(_flat)
    if token in _DRAWN:
        return _DRAWN[token].map(lambda word: [word])
    return st.just([token.encode()])


def _form(line: str) -> st.SearchStrategy[Words]:
    return st.tuples(*map(_word, line.split(" "))).map(_flat)


_GOOD = st.one_of(*map(_form, _FORMS.splitlines()))


@st.composite
def _spoiled(draw: st.DrawFn) -> Words:
    """A command with something wrong in it, most probably."""
    argv = draw(_GOOD)
    at = draw(st.integers(1, 6))
    how = draw(st.integers(0, 4))
    if how == 0:
        return argv[:at]
    if how == 1:
        return [*argv, draw(st.sampled_from(_ALL + _INDEXES))]
    if how == 2:
        return [*argv[:at], draw(st.sampled_from(_ELEMENTS + _INDEXES)), *argv[at + 1 :]]
    if how == 3:
        return [*argv[:at], *argv[at + 1 :]]
    return [argv[0].lower(), *argv[1:], *argv[-1:]]


_FULL = """\
SET s1 10
RPUSH l1 a b a 3 1 2
RPUSH l2 10 9
HSET h1 a 1 b 2 c x
HSET h2 1 1.5
SADD t1 1 2 3 10
SADD t2 a b 1
ZADD z1 1 a 2 b 3 c
ZADD z2 0 a 0 b 0 c
"""


def sessions(parts: int = 7) -> st.SearchStrategy[list[Step]]:
    """Sessions of two clients, of which the first does nearly all; some begin with full keys."""
    command = st.one_of(_GOOD, _GOOD, _GOOD, _GOOD, _GOOD, _spoiled())
    step = st.builds(Step, st.sampled_from([0] * 9 + [1]), command)
    drawn = st.lists(st.lists(step, min_size=1, max_size=20), min_size=1, max_size=parts)
    full = [Step(0, line.encode().split()) for line in _FULL.splitlines()]
    return st.builds(lambda begin, rest: begin + _flat(rest), st.sampled_from([[], full]), drawn)
