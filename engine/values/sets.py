"""A set: members, each a string in the arena."""

from __future__ import annotations

from engine.values.collection import NamedCollection


class Set(NamedCollection):
    """Members without an order."""

    __slots__ = ()

    KIND = 2
    RDB_TYPE = 2
    NAME = "set"

    def add(self, member: bytes) -> bool:
        """Add a member; False if it was there. Raises ArenaFullError."""
        if member in self.places:
            return False
        return self.put(member, b"")

    def pop(self) -> bytes:
        """Take out one of the members, each as likely; there must be one."""
        chunk, index = self.chain.pick()
        member = chunk.names[index]
        del self.places[member]
        self._take(chunk, index)
        return member

    def members(self) -> list[bytes]:
        """All members, in the order in which Redis would tell them of an intset: by number."""
        if self.is_large:
            return list(self.places)
        return sorted(self.places, key=int)
