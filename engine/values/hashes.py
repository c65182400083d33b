"""A hash: fields and their values, each a string behind a string in the arena."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.values.chunks import prefix_size, string
from engine.values.collection import NamedCollection, name_of


class Hash(NamedCollection):
    """Fields with values."""

    __slots__ = ()

    KIND = 4
    RDB_TYPE = 4
    NAME = "hash"

    def get(self, field: bytes) -> bytes | None:
        """A field's value, None if there is no such field."""
        rest = self.element(field)
        return None if rest is None else rest[prefix_size(rest[0]) :]

    def set(self, field: bytes, value: bytes) -> bool:
        """Give a field a value; True if the field is new. Raises ArenaFullError."""
        return self.put(field, string(value))

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """(field, value) of every field: oldest first while it is small, else as they lie."""
        if self.is_large:
            yield from map(pair_of, self.raw())
            return
        for field in self.places:
            value = self.get(field)
            assert value is not None
            yield field, value

    def set_all(self, values: Mapping[bytes, bytes]) -> int:
        """Give several fields values, all or none; how many are new. Raises ArenaFullError."""
        return self.put_all({field: string(value) for field, value in values.items()})


def pair_of(element: bytes) -> tuple[bytes, bytes]:
    """(field, value) of an element's bytes."""
    field = name_of(element)
    rest = element[len(string(field)) :]
    return field, rest[prefix_size(rest[0]) :]
