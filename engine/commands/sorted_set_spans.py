"""How many members lie in a range, and taking out all that do.

Source: t_zset.c (Redis 7.0.15).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.commands.lex_ranges import lex_range
from engine.commands.lookup import look_up
from engine.commands.numbers import integer_of
from engine.commands.scores import score_range
from engine.commands.sorted_set_ranges import Span, rank_span
from engine.commands.sorted_sets import remove
from engine.commands.table import command
from engine.replies import integer
from engine.values.sorted_sets import SortedSet

if TYPE_CHECKING:
    from engine.client import Client

_KEY = (1, 1, 1)
_GROUP = "sorted-set"


def _count(client: Client, key: bytes, span: Callable[[SortedSet], Span]) -> bytes:
    members = look_up(client, key, SortedSet)
    if members is None:
        return integer(0)
    start, end = span(members)
    return integer(end - start)


@command(
    "zcount",
    4,
    "readonly fast",
    group=_GROUP,
    since="2.0.0",
    keys=_KEY,
    syntax="key min max",
    summary="Answers how many members have a score in a range.",
)
def zcount(client: Client, argv: list[bytes]) -> bytes:
    """ZCOUNT."""
    return _count(client, argv[1], score_range(argv[2], argv[3]).span)


@command(
    "zlexcount",
    4,
    "readonly fast",
    group=_GROUP,
    since="2.8.9",
    keys=_KEY,
    syntax="key min max",
    summary="Answers how many members have bytes in a range; all need the same score.",
)
def zlexcount(client: Client, argv: list[bytes]) -> bytes:
    """ZLEXCOUNT."""
    return _count(client, argv[1], lex_range(argv[2], argv[3]).span)


def _remove(client: Client, argv: list[bytes], span: Callable[[SortedSet], Span]) -> bytes:
    key = argv[1]
    members = client.db.collection(key, SortedSet)
    if members is None:
        return integer(0)
    start, end = span(members)
    names = [member for _, member in members.ranks.islice(start, end)]
    return integer(remove(client, key, members, names, argv[0].decode().lower()))


@command(
    "zremrangebyrank",
    4,
    "write",
    group=_GROUP,
    since="2.0.0",
    keys=_KEY,
    syntax="key start stop",
    summary="Takes out the members in a range of ranks.",
)
def zremrangebyrank(client: Client, argv: list[bytes]) -> bytes:
    """ZREMRANGEBYRANK."""
    first, last = integer_of(argv[2]), integer_of(argv[3])
    return _remove(client, argv, lambda members: rank_span(len(members), first, last))


@command(
    "zremrangebyscore",
    4,
    "write",
    group=_GROUP,
    since="1.2.0",
    keys=_KEY,
    syntax="key min max",
    summary="Takes out the members whose scores are in a range.",
)
def zremrangebyscore(client: Client, argv: list[bytes]) -> bytes:
    """ZREMRANGEBYSCORE."""
    return _remove(client, argv, score_range(argv[2], argv[3]).span)


@command(
    "zremrangebylex",
    4,
    "write",
    group=_GROUP,
    since="2.8.9",
    keys=_KEY,
    syntax="key min max",
    summary="Takes out the members whose bytes are in a range; all need the same score.",
)
def zremrangebylex(client: Client, argv: list[bytes]) -> bytes:
    """ZREMRANGEBYLEX."""
    return _remove(client, argv, lex_range(argv[2], argv[3]).span)
