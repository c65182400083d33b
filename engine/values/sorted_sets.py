"""A sorted set: members with scores, in the arena as a string and a double, in Python by rank."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from sortedcontainers import SortedList

from engine.arena import Arena
from engine.values.chunks import string
from engine.values.collection import NamedCollection, name_of

SCORE = struct.Struct("<d")
"""A score in the arena and in a dump."""


class SortedSet(NamedCollection):
    """Members by score, and among equal scores by their bytes."""

    __slots__ = ("ranks", "scores")

    KIND = 3
    RDB_TYPE = 5
    NAME = "zset"

    def __init__(self, arena: Arena, db: int, key: bytes, expire_ms: int = 0) -> None:
        super().__init__(arena, db, key, expire_ms)
        self.ranks: SortedList[tuple[float, bytes]] = SortedList()
        """(score, member), lowest first."""
        self.scores: dict[bytes, float] = {}
        """What each member's eight bytes in the arena say."""

    def set(self, member: bytes, score: float) -> bool:
        """Give a member a score (never NaN); True if the member is new. Raises ArenaFullError."""
        old = self.scores.get(member)
        if old is not None:
            if old == score:
                return False
            self.put(member, SCORE.pack(score))
            self.ranks.remove((old, member))
        else:
            self.put(member, SCORE.pack(score))
        self.scores[member] = score
        self.ranks.add((score, member))
        return old is None

    def discard(self, name: bytes) -> bool:
        """Take a member out; False if it is not there."""
        score = self.scores.pop(name, None)
        if score is None:
            return False
        self.ranks.remove((score, name))
        return super().discard(name)

    def rank(self, member: bytes) -> int:
        """How many members come before one that is there."""
        return int(self.ranks.index((self.scores[member], member)))

    def items(self) -> Iterator[tuple[bytes, float]]:
        """(member, score), lowest first."""
        for score, member in self.ranks:
            yield member, score

    def load(self, elements: list[bytes]) -> None:
        """Add elements; a member that comes twice raises KeyError."""
        super().load(elements)
        pairs = [scored_of(element) for element in elements]
        self.scores.update(pairs)
        self.ranks.update((score, member) for member, score in pairs)


def pack_score(score: float) -> bytes:
    """A score's bytes in a dump."""
    return SCORE.pack(score)


def element_of(member: bytes, score: float) -> bytes:
    """A member's bytes in a dump."""
    return string(member) + SCORE.pack(score)


def scored_of(element: bytes) -> tuple[bytes, float]:
    """(member, score) of an element's bytes."""
    return name_of(element), SCORE.unpack(element[-SCORE.size :])[0]
