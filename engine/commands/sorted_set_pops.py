"""Taking the lowest or highest members out of sorted sets, and looking at random ones.

Source: genericZpopCommand(), zrandmemberWithCountCommand() in t_zset.c (Redis 7.0.15).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from engine.commands.changes import changed, delete_if_empty
from engine.commands.lookup import look_up
from engine.commands.numbers import MAX, integer_of, parse_integer
from engine.commands.scores import pairs_reply
from engine.commands.table import command, counted_keys
from engine.replies import (
    EMPTY_ARRAY,
    NOT_POSITIVE,
    SYNTAX,
    CommandError,
    array,
    bulk,
    bulks,
    double,
    null_array,
)
from engine.values.sorted_sets import SortedSet

if TYPE_CHECKING:
    from engine.client import Client

_KEY = (1, 1, 1)
_GROUP = "sorted-set"


def pop(
    client: Client, key: bytes, members: SortedSet, count: int, *, highest: bool
) -> list[tuple[float, bytes]]:
    """Take up to `count` (at least 1) members out of a sorted set that the client's database has.

    Answers them as (score, member), lowest or highest first. The AOF gets the caller's own words,
    unless it sets `client.propagated`.
    """
    ranks = members.ranks
    size = len(ranks)
    popped = list(
        ranks.islice(max(size - count, 0), size, reverse=True)
        if highest
        else ranks.islice(0, count)
    )
    for _, member in popped:
        members.discard(member)
    changed(client, key, len(popped), "z", "zpopmax" if highest else "zpopmin")
    delete_if_empty(client, key, members)
    return popped


def _pop(client: Client, argv: list[bytes], *, highest: bool) -> bytes:
    if len(argv) > 3:
        raise CommandError(SYNTAX)
    count = 1
    if len(argv) == 3:
        count = integer_of(argv[2], NOT_POSITIVE)
        if count < 0:
            raise CommandError(NOT_POSITIVE)
    members = client.db.collection(argv[1], SortedSet)
    if members is None or not count:
        return EMPTY_ARRAY
    popped = pop(client, argv[1], members, count, highest=highest)
    if len(argv) == 3:
        return pairs_reply(client.resp, popped)
    score, member = popped[0]
    return array([bulk(member), double(client.resp, score)])


@command(
    "zpopmin",
    -2,
    "write fast",
    group=_GROUP,
    since="5.0.0",
    keys=_KEY,
    syntax="key [count]",
    summary="Takes the members with the lowest scores out of a sorted set.",
)
def zpopmin(client: Client, argv: list[bytes]) -> bytes:
    """ZPOPMIN."""
    return _pop(client, argv, highest=False)


@command(
    "zpopmax",
    -2,
    "write fast",
    group=_GROUP,
    since="5.0.0",
    keys=_KEY,
    syntax="key [count]",
    summary="Takes the members with the highest scores out of a sorted set.",
)
def zpopmax(client: Client, argv: list[bytes]) -> bytes:
    """ZPOPMAX."""
    return _pop(client, argv, highest=True)


def parse_zmpop(words: list[bytes]) -> tuple[list[bytes], bool, int]:
    """(keys, whether the highest go, how many) of `numkeys key [key ...] MIN|MAX [COUNT n]`.

    Raises CommandError.
    """
    number = parse_integer(words[0])
    if number is None or number < 1:
        raise CommandError("ERR numkeys should be greater than 0")
    if number + 1 >= len(words):
        raise CommandError(SYNTAX)
    side = words[number + 1].upper()
    if side not in (b"MIN", b"MAX"):
        raise CommandError(SYNTAX)
    rest = words[number + 2 :]
    if rest and (len(rest) < 2 or rest[0].upper() != b"COUNT"):
        raise CommandError(SYNTAX)
    count = parse_integer(rest[1]) if rest else 1
    if count is None or count < 1:
        raise CommandError("ERR count should be greater than 0")
    if len(rest) > 2:
        raise CommandError(SYNTAX)
    return words[1 : number + 1], side == b"MAX", count


def pop_first(
    client: Client, keys: list[bytes], count: int, *, highest: bool
) -> tuple[bytes, list[tuple[float, bytes]]] | None:
    """Pop from the first of the keys that exists: (key, popped); logged as ZPOPMIN or ZPOPMAX."""
    for key in keys:
        members = client.db.collection(key, SortedSet)
        if members is not None:
            popped = pop(client, key, members, count, highest=highest)
            name = b"ZPOPMAX" if highest else b"ZPOPMIN"
            client.propagated = [[name, key, b"%d" % len(popped)]]
            return key, popped
    return None


def nested_pairs(resp: int, pairs: list[tuple[float, bytes]]) -> bytes:
    """Members with their scores, as pairs in either version (ZMPOP)."""
    return array([array([bulk(member), double(resp, score)]) for score, member in pairs])


@command(
    "zmpop",
    -4,
    "write movablekeys",
    group=_GROUP,
    since="7.0.0",
    find_keys=counted_keys(count_at=1),
    syntax="numkeys key [key ...] <MIN | MAX> [COUNT count]",
    summary="Takes members out of the first of several sorted sets that has some.",
)
def zmpop(client: Client, argv: list[bytes]) -> bytes:
    """ZMPOP."""
    keys, highest, count = parse_zmpop(argv[1:])
    found = pop_first(client, keys, count, highest=highest)
    if found is None:
        return null_array(client.resp)
    return array([bulk(found[0]), nested_pairs(client.resp, found[1])])


@command(
    "zrandmember",
    -2,
    "readonly",
    group=_GROUP,
    since="6.2.0",
    keys=_KEY,
    syntax="key [count [WITHSCORES]]",
    summary="Answers random members; a negative count may answer one several times.",
)
def zrandmember(client: Client, argv: list[bytes]) -> bytes:
    """ZRANDMEMBER."""
    if len(argv) == 2:
        members = look_up(client, argv[1], SortedSet)
        return client.null if members is None else bulk(members.any_name())
    count, with_scores = _how_many(argv[2:])
    members = look_up(client, argv[1], SortedSet)
    if members is None or not count:
        return EMPTY_ARRAY
    pairs = _sample(members, count)
    if with_scores:
        return pairs_reply(client.resp, pairs)
    return bulks([member for _, member in pairs])


def _how_many(words: list[bytes]) -> tuple[int, bool]:
    count = integer_of(words[0])
    if count < -MAX:
        raise CommandError(f"ERR value is out of range, value must between {-MAX} and {MAX}")
    if len(words) > 2 or (len(words) == 2 and words[1].upper() != b"WITHSCORES"):
        raise CommandError(SYNTAX)
    with_scores = len(words) == 2
    if with_scores and abs(count) > MAX // 2:
        raise CommandError("ERR value is out of range")
    return count, with_scores


def _sample(members: SortedSet, count: int) -> list[tuple[float, bytes]]:
    """Different members, at most all; -n are n members, each as likely every time."""
    scores = members.scores
    if count < 0:
        names = [members.any_name() for _ in range(-count)]
        return [(scores[name], name) for name in names]
    if count >= len(members):
        return list(members.ranks)
    return [members.ranks[at] for at in random.sample(range(len(members)), count)]
