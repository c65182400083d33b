"""Unions, intersections and differences of sorted sets, with weights; sets count as score 1.

Source: zunionInterDiffGenericCommand() in t_zset.c (Redis 7.0.15).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from engine.commands.lookup import is_there
from engine.commands.numbers import integer_of
from engine.commands.scores import pairs_reply, score_of
from engine.commands.sorted_set_results import store
from engine.commands.table import command, counted_keys
from engine.replies import (
    NOT_AN_INTEGER,
    SYNTAX,
    WRONG_TYPE,
    CommandError,
    bulks,
    integer,
)
from engine.values.sets import Set
from engine.values.sorted_sets import SortedSet

if TYPE_CHECKING:
    from engine.client import Client

_GROUP = "sorted-set"
_WEIGHTS = "[WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]"
_NO_LIMIT = "ERR LIMIT can't be negative"


class Source:
    """One of the operands: the members of a sorted set, of a set, or none."""

    def __init__(self, collection: SortedSet | Set | None) -> None:
        self.members = {} if collection is None else collection.places
        self._scores = collection.scores if isinstance(collection, SortedSet) else None
        self.weight = 1.0

    def __len__(self) -> int:
        return len(self.members)

    def score(self, member: bytes) -> float:
        """The score of a member that is there."""
        return 1.0 if self._scores is None else self._scores[member]

    def weighted(self, member: bytes) -> float:
        """Its score times the weight."""
        return self.weight * self.score(member)


def _sum(first: float, second: float) -> float:
    return _number(first + second)


def _min(first: float, second: float) -> float:
    return second if second < first else first


def _max(first: float, second: float) -> float:
    return second if second > first else first


def _number(score: float) -> float:
    """Infinities that cancel each other, and zero times infinity, make 0."""
    return 0.0 if math.isnan(score) else score


_AGGREGATES: dict[bytes, Callable[[float, float], float]] = {
    b"SUM": _sum,
    b"MIN": _min,
    b"MAX": _max,
}


@dataclass(slots=True)
class Operation:
    """The operands and how they are put together."""

    sources: list[Source]
    aggregate: Callable[[float, float], float] = _sum
    with_scores: bool = False
    limit: int = 0


def _source(client: Client, key: bytes) -> Source:
    database = client.db
    if not is_there(client, key):
        return Source(None)
    collection = database.collections.get(key)
    if not isinstance(collection, SortedSet | Set):
        raise CommandError(WRONG_TYPE)
    return Source(collection)


def _parse(client: Client, argv: list[bytes], at: int, options: frozenset[bytes]) -> Operation:
    """Read `numkeys key [key ...]` at a position, and what may follow; raises CommandError."""
    count = integer_of(argv[at], NOT_AN_INTEGER)
    if count < 1:
        name = argv[0].decode().lower()
        raise CommandError(f"ERR at least 1 input key is needed for '{name}' command")
    if count > len(argv) - at - 1:
        raise CommandError(SYNTAX)
    keys = argv[at + 1 : at + 1 + count]
    operation = Operation([_source(client, key) for key in keys])
    _read_options(operation, argv[at + 1 + count :], options)
    return operation


def _read_options(operation: Operation, words: list[bytes], allowed: frozenset[bytes]) -> None:
    at = 0
    while at < len(words):
        word = words[at].upper()
        left = len(words) - at - 1
        if word not in allowed:
            raise CommandError(SYNTAX)
        if word == b"WEIGHTS" and left >= len(operation.sources):
            for source in operation.sources:
                at += 1
                source.weight = score_of(words[at], "ERR weight value is not a float")
        elif word == b"AGGREGATE" and left and words[at + 1].upper() in _AGGREGATES:
            at += 1
            operation.aggregate = _AGGREGATES[words[at].upper()]
        elif word == b"LIMIT" and left:
            at += 1
            operation.limit = integer_of(words[at], _NO_LIMIT)
            if operation.limit < 0:
                raise CommandError(_NO_LIMIT)
        elif word == b"WITHSCORES":
            operation.with_scores = True
        else:
            raise CommandError(SYNTAX)
        at += 1


_STORING = frozenset({b"WEIGHTS", b"AGGREGATE"})
_ANSWERING = _STORING | {b"WITHSCORES"}

Pairs = Iterator[tuple[float, bytes]]


def _union(operation: Operation) -> Pairs:
    scores: dict[bytes, float] = {}
    aggregate = operation.aggregate
    for source in sorted(operation.sources, key=len):
        for member in source.members:
            score = _number(source.weighted(member))
            if member in scores:
                score = aggregate(scores[member], score)
            scores[member] = score
    return ((score, member) for member, score in scores.items())


def _intersection(operation: Operation) -> Pairs:
    smallest, *others = sorted(operation.sources, key=len)
    for member in smallest.members:
        if all(member in other.members for other in others):
            score = _number(smallest.weighted(member))
            for other in others:
                score = operation.aggregate(score, other.weighted(member))
            yield score, member


def _difference(operation: Operation) -> Pairs:
    first, *others = operation.sources
    for member in first.members:
        if not any(member in other.members for other in others):
            yield first.score(member), member


def _reply(client: Client, operation: Operation, pairs: Pairs) -> bytes:
    found = sorted(pairs)
    if operation.with_scores:
        return pairs_reply(client.resp, found)
    return bulks([member for _, member in found])


@command(
    "zunion",
    -3,
    "readonly movablekeys",
    group=_GROUP,
    since="6.2.0",
    find_keys=counted_keys(count_at=1),
    syntax=f"numkeys key [key ...] {_WEIGHTS} [WITHSCORES]",
    summary="Answers the members of any of several sorted sets.",
)
def zunion(client: Client, argv: list[bytes]) -> bytes:
    """ZUNION."""
    operation = _parse(client, argv, 1, _ANSWERING)
    return _reply(client, operation, _union(operation))


@command(
    "zinter",
    -3,
    "readonly movablekeys",
    group=_GROUP,
    since="6.2.0",
    find_keys=counted_keys(count_at=1),
    syntax=f"numkeys key [key ...] {_WEIGHTS} [WITHSCORES]",
    summary="Answers the members that several sorted sets have in common.",
)
def zinter(client: Client, argv: list[bytes]) -> bytes:
    """ZINTER."""
    operation = _parse(client, argv, 1, _ANSWERING)
    return _reply(client, operation, _intersection(operation))


@command(
    "zdiff",
    -3,
    "readonly movablekeys",
    group=_GROUP,
    since="6.2.0",
    find_keys=counted_keys(count_at=1),
    syntax="numkeys key [key ...] [WITHSCORES]",
    summary="Answers the members of the first sorted set that none of the others has.",
)
def zdiff(client: Client, argv: list[bytes]) -> bytes:
    """ZDIFF."""
    operation = _parse(client, argv, 1, frozenset({b"WITHSCORES"}))
    return _reply(client, operation, _difference(operation))


@command(
    "zintercard",
    -3,
    "readonly movablekeys",
    group=_GROUP,
    since="7.0.0",
    find_keys=counted_keys(count_at=1),
    syntax="numkeys key [key ...] [LIMIT limit]",
    summary="Answers how many members several sorted sets have in common.",
)
def zintercard(client: Client, argv: list[bytes]) -> bytes:
    """ZINTERCARD: stops counting at the limit."""
    operation = _parse(client, argv, 1, frozenset({b"LIMIT"}))
    found = islice(_intersection(operation), operation.limit or None)
    return integer(sum(1 for _ in found))


@command(
    "zunionstore",
    -4,
    "write denyoom movablekeys",
    group=_GROUP,
    since="2.0.0",
    keys=(1, 1, 1),
    find_keys=counted_keys(1, count_at=2),
    syntax=f"destination numkeys key [key ...] {_WEIGHTS}",
    summary="Stores the members of any of several sorted sets under a key.",
)
def zunionstore(client: Client, argv: list[bytes]) -> bytes:
    """ZUNIONSTORE."""
    operation = _parse(client, argv, 2, _STORING)
    return integer(store(client, argv[1], sorted(_union(operation)), "zunionstore"))


@command(
    "zinterstore",
    -4,
    "write denyoom movablekeys",
    group=_GROUP,
    since="2.0.0",
    keys=(1, 1, 1),
    find_keys=counted_keys(1, count_at=2),
    syntax=f"destination numkeys key [key ...] {_WEIGHTS}",
    summary="Stores the members that several sorted sets have in common under a key.",
)
def zinterstore(client: Client, argv: list[bytes]) -> bytes:
    """ZINTERSTORE."""
    operation = _parse(client, argv, 2, _STORING)
    return integer(store(client, argv[1], sorted(_intersection(operation)), "zinterstore"))


@command(
    "zdiffstore",
    -4,
    "write denyoom movablekeys",
    group=_GROUP,
    since="6.2.0",
    keys=(1, 1, 1),
    find_keys=counted_keys(1, count_at=2),
    syntax="destination numkeys key [key ...]",
    summary="Stores the members of the first sorted set that none of the others has.",
)
def zdiffstore(client: Client, argv: list[bytes]) -> bytes:
    """ZDIFFSTORE."""
    operation = _parse(client, argv, 2, frozenset())
    return integer(store(client, argv[1], sorted(_difference(operation)), "zdiffstore"))
