"""Storing a whole sorted set that a command has computed (ZRANGESTORE, ZUNIONSTORE ...)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.changes import changed
from engine.errors import ArenaFullError
from engine.values.encodings import Limits, note_growth
from engine.values.sorted_sets import SortedSet, element_of

if TYPE_CHECKING:
    from engine.client import Client


def store(client: Client, key: bytes, pairs: list[tuple[float, bytes]], event: str) -> int:
    """Put the pairs under a key, whatever was there; no pairs delete it. Answers how many.

    Raises ArenaFullError, and has changed nothing then.
    """
    database = client.db
    if not pairs:
        if database.delete(key):
            changed(client, key, 1, "g", "del")
        return 0
    limits = client.server.config
    longest = max(len(member) for _, member in pairs)
    if len(pairs) <= limits.zset_max_listpack_entries and longest <= limits.zset_max_listpack_value:
        pairs = [(score + 0.0, member) for score, member in pairs]  # no negative zero in there
    database.find(key)
    members = SortedSet(database.arena, database.index, key)
    try:
        members.load([element_of(member, score) for score, member in pairs])
    except ArenaFullError:
        members.free()
        raise
    note_growth(limits, members, longest)
    database.adopt(key, members)
    changed(client, key, 1, "z", event)
    return len(pairs)


def added_in_order(limits: Limits, pairs: list[tuple[float, bytes]]) -> list[tuple[float, bytes]]:
    """The pairs as ZADD would leave them: while a sorted set is compact, it takes -0 as 0."""
    entries, size = limits.zset_max_listpack_entries, limits.zset_max_listpack_value
    outgrown = (at for at, (_, member) in enumerate(pairs) if at >= entries or len(member) > size)
    end = next(outgrown, len(pairs))
    return [(score + 0.0, member) for score, member in pairs[:end]] + pairs[end:]
