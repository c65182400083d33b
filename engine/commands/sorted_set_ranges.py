"""ZRANGE in all its forms: by rank, by score, by the members' bytes, forwards and backwards.

The older commands are ZRANGE with some options given. Source: zrangeGenericCommand() in t_zset.c
(Redis 7.0.15).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.commands.lex_ranges import lex_range
from engine.commands.lookup import look_up
from engine.commands.numbers import integer_of
from engine.commands.scores import pairs_reply, score_range
from engine.commands.sorted_set_results import added_in_order, store
from engine.commands.table import command
from engine.replies import EMPTY_ARRAY, SYNTAX, CommandError, bulks, integer
from engine.values.sorted_sets import SortedSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.client import Client

_KEY = (1, 1, 1)
_GROUP = "sorted-set"
_ANY = ""

Span = tuple[int, int]


@dataclass(slots=True)
class RangeOptions:
    """What the words behind the bounds ask for; the command may have decided some of it."""

    by: str = _ANY
    """`rank`, `score` or `lex`; empty while nothing has said it."""
    reverse: bool | None = None
    with_scores: bool = False
    offset: int = 0
    limit: int | None = None


def _parse(words: list[bytes], options: RangeOptions, *, stores: bool = False) -> RangeOptions:
    """Read the words behind the bounds; raises CommandError."""
    at = 0
    while at < len(words):
        word = words[at].upper()
        if not stores and word == b"WITHSCORES":
            options.with_scores = True
        elif word == b"LIMIT" and at + 2 < len(words):
            options.offset = integer_of(words[at + 1])
            options.limit = integer_of(words[at + 2])
            at += 2
        elif options.reverse is None and word == b"REV":
            options.reverse = True
        elif options.by == _ANY and word in (b"BYLEX", b"BYSCORE"):
            options.by = word[2:].decode().lower()
        else:
            raise CommandError(SYNTAX)
        at += 1
    options.by = options.by or "rank"
    if options.limit not in (None, -1) and options.by == "rank":
        raise CommandError(
            "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
        )
    if options.with_scores and options.by == "lex":
        raise CommandError("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
    return options


def _found(
    client: Client, key: bytes, low: bytes, high: bytes, options: RangeOptions
) -> list[tuple[float, bytes]]:
    """The (score, member) pairs that were asked for, in their order; raises CommandError."""
    reverse = bool(options.reverse)
    if reverse and options.by != "rank":
        low, high = high, low
    span = _span_of(options.by, low, high, reverse)
    members = look_up(client, key, SortedSet)
    if members is None:
        return []
    start, end = _limited(*span(members), options, reverse)
    if start >= end:
        return []
    return list(members.ranks.islice(start, end, reverse))


def _span_of(by: str, low: bytes, high: bytes, reverse: bool) -> Callable[[SortedSet], Span]:
    if by == "score":
        return score_range(low, high).span
    if by == "lex":
        names = lex_range(low, high)
        return lambda members: names.span(members, reverse=reverse)
    first, last = integer_of(low), integer_of(high)
    if reverse:
        return lambda members: _mirrored(rank_span(len(members), first, last), len(members))
    return lambda members: rank_span(len(members), first, last)


def rank_span(count: int, first: int, last: int) -> Span:
    """Positions of Redis' kind, both included, negative ones from the end, as Python's."""
    start = max(first + count if first < 0 else first, 0)
    end = min(last + count if last < 0 else last, count - 1) + 1
    return start, max(start, end)


def _mirrored(span: Span, count: int) -> Span:
    return count - span[1], count - span[0]


def _limited(start: int, end: int, options: RangeOptions, reverse: bool) -> Span:
    """The part of a span that LIMIT leaves; a negative count is none, a negative offset all."""
    if options.limit is None or options.by == "rank":
        return start, end
    if options.offset < 0:
        return 0, 0
    count = end - start if options.limit < 0 else options.limit
    if reverse:
        end -= options.offset
        return max(start, end - count), end
    start += options.offset
    return start, min(end, start + count)


def _answer(client: Client, argv: list[bytes], options: RangeOptions) -> bytes:
    options = _parse(argv[4:], options)
    found = _found(client, argv[1], argv[2], argv[3], options)
    if not found:
        return EMPTY_ARRAY
    if options.with_scores:
        return pairs_reply(client.resp, found)
    return bulks([member for _, member in found])


@command(
    "zrange",
    -4,
    "readonly",
    group=_GROUP,
    since="1.2.0",
    keys=_KEY,
    syntax="key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]",
    summary="Answers the members in a range of ranks, scores or bytes.",
)
def zrange(client: Client, argv: list[bytes]) -> bytes:
    """ZRANGE."""
    return _answer(client, argv, RangeOptions())


@command(
    "zrevrange",
    -4,
    "readonly",
    group=_GROUP,
    since="1.2.0",
    keys=_KEY,
    syntax="key start stop [WITHSCORES]",
    summary="Answers the members in a range of ranks that count from the highest score.",
)
def zrevrange(client: Client, argv: list[bytes]) -> bytes:
    """ZREVRANGE."""
    return _answer(client, argv, RangeOptions("rank", reverse=True))


@command(
    "zrangebyscore",
    -4,
    "readonly",
    group=_GROUP,
    since="1.0.5",
    keys=_KEY,
    syntax="key min max [WITHSCORES] [LIMIT offset count]",
    summary="Answers the members whose scores are in a range.",
)
def zrangebyscore(client: Client, argv: list[bytes]) -> bytes:
    """ZRANGEBYSCORE."""
    return _answer(client, argv, RangeOptions("score", reverse=False))


@command(
    "zrevrangebyscore",
    -4,
    "readonly",
    group=_GROUP,
    since="2.2.0",
    keys=_KEY,
    syntax="key max min [WITHSCORES] [LIMIT offset count]",
    summary="Answers the members whose scores are in a range, highest first.",
)
def zrevrangebyscore(client: Client, argv: list[bytes]) -> bytes:
    """ZREVRANGEBYSCORE."""
    return _answer(client, argv, RangeOptions("score", reverse=True))


@command(
    "zrangebylex",
    -4,
    "readonly",
    group=_GROUP,
    since="2.8.9",
    keys=_KEY,
    syntax="key min max [LIMIT offset count]",
    summary="Answers the members whose bytes are in a range; all need the same score.",
)
def zrangebylex(client: Client, argv: list[bytes]) -> bytes:
    """ZRANGEBYLEX."""
    return _answer(client, argv, RangeOptions("lex", reverse=False))


@command(
    "zrevrangebylex",
    -4,
    "readonly",
    group=_GROUP,
    since="2.8.9",
    keys=_KEY,
    syntax="key max min [LIMIT offset count]",
    summary="Answers the members whose bytes are in a range, last first.",
)
def zrevrangebylex(client: Client, argv: list[bytes]) -> bytes:
    """ZREVRANGEBYLEX."""
    return _answer(client, argv, RangeOptions("lex", reverse=True))


@command(
    "zrangestore",
    -5,
    "write denyoom",
    group=_GROUP,
    since="6.2.0",
    keys=(1, 2, 1),
    syntax="dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]",
    summary="Stores the members in a range under another key.",
)
def zrangestore(client: Client, argv: list[bytes]) -> bytes:
    """ZRANGESTORE."""
    options = _parse(argv[5:], RangeOptions(), stores=True)
    found = _found(client, argv[2], argv[3], argv[4], options)
    found = added_in_order(client.server.config, found)
    return integer(store(client, argv[1], found, "zrangestore"))
