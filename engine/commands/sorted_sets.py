"""Sorted sets: take members out, ask for scores and ranks.

Source: t_zset.c (Redis 7.0.15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.changes import changed, delete_if_empty
from engine.commands.lookup import look_up
from engine.commands.table import command
from engine.replies import array, double, integer
from engine.values.sorted_sets import SortedSet

if TYPE_CHECKING:
    from engine.client import Client

_KEY = (1, 1, 1)
_GROUP = "sorted-set"


@command(
    "zrem",
    -3,
    "write fast",
    group=_GROUP,
    since="1.2.0",
    keys=_KEY,
    syntax="key member [member ...]",
    summary="Takes members out of a sorted set.",
)
def zrem(client: Client, argv: list[bytes]) -> bytes:
    """ZREM."""
    members = client.db.collection(argv[1], SortedSet)
    return integer(0 if members is None else remove(client, argv[1], members, argv[2:], "zrem"))


def remove(client: Client, key: bytes, members: SortedSet, names: list[bytes], event: str) -> int:
    """Take members out and tell it as `event`; how many were there."""
    removed = sum(map(members.discard, names))
    if removed:
        changed(client, key, removed, "z", event)
        delete_if_empty(client, key, members)
    return removed


@command(
    "zcard",
    2,
    "readonly fast",
    group=_GROUP,
    since="1.2.0",
    keys=_KEY,
    syntax="key",
    summary="Answers how many members a sorted set has.",
)
def zcard(client: Client, argv: list[bytes]) -> bytes:
    """ZCARD."""
    members = look_up(client, argv[1], SortedSet)
    return integer(0 if members is None else len(members))


def _score_reply(client: Client, members: SortedSet | None, member: bytes) -> bytes:
    score = None if members is None else members.scores.get(member)
    return client.null if score is None else double(client.resp, score)


@command(
    "zscore",
    3,
    "readonly fast",
    group=_GROUP,
    since="1.2.0",
    keys=_KEY,
    syntax="key member",
    summary="Answers a member's score.",
)
def zscore(client: Client, argv: list[bytes]) -> bytes:
    """ZSCORE."""
    return _score_reply(client, look_up(client, argv[1], SortedSet), argv[2])


@command(
    "zmscore",
    -3,
    "readonly fast",
    group=_GROUP,
    since="6.2.0",
    keys=_KEY,
    syntax="key member [member ...]",
    summary="Answers several members' scores.",
)
def zmscore(client: Client, argv: list[bytes]) -> bytes:
    """ZMSCORE."""
    members = look_up(client, argv[1], SortedSet)
    return array([_score_reply(client, members, member) for member in argv[2:]])


def _rank(client: Client, argv: list[bytes], *, reverse: bool) -> bytes:
    members = look_up(client, argv[1], SortedSet)
    if members is None or argv[2] not in members:
        return client.null
    rank = members.rank(argv[2])
    return integer(len(members) - 1 - rank if reverse else rank)


@command(
    "zrank",
    3,
    "readonly fast",
    group=_GROUP,
    since="2.0.0",
    keys=_KEY,
    syntax="key member",
    summary="Answers how many members have a lower score.",
)
def zrank(client: Client, argv: list[bytes]) -> bytes:
    """ZRANK."""
    return _rank(client, argv, reverse=False)


@command(
    "zrevrank",
    3,
    "readonly fast",
    group=_GROUP,
    since="2.0.0",
    keys=_KEY,
    syntax="key member",
    summary="Answers how many members have a higher score.",
)
def zrevrank(client: Client, argv: list[bytes]) -> bytes:
    """ZREVRANK."""
    return _rank(client, argv, reverse=True)
