"""ZADD and ZINCRBY: members get scores, under conditions, all of a command's or none.

Source: zaddGenericCommand(), zsetAdd() in t_zset.c (Redis 7.0.15).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.commands.changes import changed
from engine.commands.scores import NOT_A_NUMBER, score_of
from engine.commands.table import command
from engine.errors import ArenaFullError
from engine.replies import SYNTAX, CommandError, double, integer
from engine.values.encodings import note_growth
from engine.values.sorted_sets import SortedSet

if TYPE_CHECKING:
    from engine.client import Client

_KEY = (1, 1, 1)
_GROUP = "sorted-set"
_OPTIONS = frozenset({b"NX", b"XX", b"GT", b"LT", b"CH", b"INCR"})
_NO_OPTIONS: frozenset[bytes] = frozenset()


@dataclass(slots=True)
class Addition:
    """What a ZADD has done so far."""

    added: int = 0
    updated: int = 0
    score: float | None = None
    """The last member's score now; None if a condition kept it from being touched."""

    @property
    def changes(self) -> int:
        """Members that are new or have another score."""
        return self.added + self.updated


def _options(argv: list[bytes]) -> tuple[frozenset[bytes], int]:
    """(the options, the position of the first score) of a ZADD; raises CommandError."""
    at = 2
    while at < len(argv) and argv[at].upper() in _OPTIONS:
        at += 1
    options = frozenset(map(bytes.upper, argv[2:at])) if at > 2 else _NO_OPTIONS
    words = len(argv) - at
    if words % 2 or not words:
        raise CommandError(SYNTAX)
    if options >= {b"NX", b"XX"}:
        raise CommandError("ERR XX and NX options at the same time are not compatible")
    if len(options & {b"NX", b"GT", b"LT"}) > 1:
        raise CommandError("ERR GT, LT, and/or NX options at the same time are not compatible")
    if b"INCR" in options and words > 2:
        raise CommandError("ERR INCR option supports a single increment-element pair")
    return options, at


def _add(client: Client, key: bytes, words: list[bytes], options: frozenset[bytes]) -> Addition:
    """Add all pairs of `words`, or none where the arena has no room for them."""
    scores = [score_of(word) for word in words[::2]]
    database = client.db
    members = database.collection(key, SortedSet)
    is_new = members is None
    if members is None:
        if b"XX" in options:
            return Addition()
        members = database.create(key, SortedSet)
    was_large = members.is_large
    undo: list[tuple[bytes, float | None]] = []
    done = Addition()
    try:
        for score, member in zip(scores, words[1::2], strict=True):
            _add_one(client, members, member, score, options, done, undo)
    except ArenaFullError:
        for member, before in reversed(undo):
            if before is None:
                members.discard(member)
            else:
                members.set(member, before)
        members.is_large = was_large
        if is_new:
            database.delete(key)
        raise
    if done.changes:
        event = "zincr" if b"INCR" in options else "zadd"
        changed(client, key, done.changes, "z", event)
    return done


def _add_one(
    client: Client,
    members: SortedSet,
    member: bytes,
    score: float,
    options: frozenset[bytes],
    done: Addition,
    undo: list[tuple[bytes, float | None]],
) -> None:
    before = members.scores.get(member)
    done.score = None
    if before is None:
        if b"XX" in options:
            return
        members.set(member, stored_score(client, members, score, member))
        note_growth(client.server.config, members, len(member))
        undo.append((member, None))
        done.added += 1
    else:
        if b"NX" in options:
            return
        if b"INCR" in options:
            score += before
            if math.isnan(score):
                raise CommandError(NOT_A_NUMBER)
        if (b"LT" in options and score >= before) or (b"GT" in options and score <= before):
            return
        if score != before:
            members.set(member, score if members.is_large else score + 0.0)
            undo.append((member, before))
            done.updated += 1
    done.score = score


def _add_pair(client: Client, argv: list[bytes]) -> int:
    """`ZADD key score member`, the form that nearly all have; how many members are new."""
    _, key, word, member = argv
    score = score_of(word)
    members = client.db.collection(key, SortedSet)
    if members is None:
        return _add(client, key, [word, member], _NO_OPTIONS).added
    before = members.scores.get(member)
    if before == score:
        return 0
    if before is None:
        members.set(member, stored_score(client, members, score, member))
        note_growth(client.server.config, members, len(member))
    else:
        members.set(member, score if members.is_large else score + 0.0)
    changed(client, key, 1, "z", "zadd")
    return int(before is None)


def stored_score(client: Client, members: SortedSet, score: float, member: bytes) -> float:
    """The score that a new member gets: Redis' compact form has no negative zero."""
    if score or members.is_large:
        return score
    limits = client.server.config
    stays_compact = (
        len(members) < limits.zset_max_listpack_entries
        and len(member) <= limits.zset_max_listpack_value
    )
    return 0.0 if stays_compact else score


@command(
    "zadd",
    -4,
    "write denyoom fast",
    group=_GROUP,
    since="1.2.0",
    keys=_KEY,
    syntax="key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]",
    summary="Adds members to a sorted set, or gives those that are there another score.",
)
def zadd(client: Client, argv: list[bytes]) -> bytes:
    """ZADD."""
    if len(argv) == 4 and argv[2].upper() not in _OPTIONS:
        return integer(_add_pair(client, argv))
    options, at = _options(argv)
    done = _add(client, argv[1], argv[at:], options)
    if b"INCR" in options:
        return client.null if done.score is None else double(client.resp, done.score)
    return integer(done.changes if b"CH" in options else done.added)


@command(
    "zincrby",
    4,
    "write denyoom fast",
    group=_GROUP,
    since="1.2.0",
    keys=_KEY,
    syntax="key increment member",
    summary="Adds to a member's score.",
)
def zincrby(client: Client, argv: list[bytes]) -> bytes:
    """ZINCRBY."""
    done = _add(client, argv[1], argv[2:], frozenset({b"INCR"}))
    assert done.score is not None
    return double(client.resp, done.score)
