"""A list: strings in the order in which they were put there, reached from either end."""

from __future__ import annotations

from collections.abc import Iterator

from engine.values.chunks import Chain, Chunk, prefix_size, string
from engine.values.collection import Collection


class List(Collection):
    """Elements by position; negative positions are the caller's to resolve."""

    __slots__ = ()

    KIND = 1
    RDB_TYPE = 1
    NAME = "list"

    def push_left(self, value: bytes) -> None:
        """Add at the front; raises ArenaFullError."""
        self.chain.prepend(string(value))

    def push_right(self, value: bytes) -> None:
        """Add at the end; raises ArenaFullError."""
        self.chain.append(string(value))

    def pop_left(self) -> bytes:
        """Take the first element, which must be there."""
        chain = self.chain
        chunk = chain.first
        assert chunk is not None
        value = plain(chain.read(chunk, 0))
        chain.remove(chunk, 0)
        return value

    def pop_right(self) -> bytes:
        """Take the last element, which must be there."""
        chain = self.chain
        chunk = chain.last
        assert chunk is not None
        index = len(chunk.sizes) - 1
        value = plain(chain.read(chunk, index))
        chain.remove(chunk, index)
        return value

    def __getitem__(self, index: int) -> bytes:
        return plain(self.chain.read(*locate(self.chain, index)))

    def __iter__(self) -> Iterator[bytes]:
        return map(plain, self.raw())

    def reversed(self) -> Iterator[bytes]:
        """The elements, last first."""
        chunk = self.chain.last
        while chunk is not None:
            yield from map(plain, reversed(list(self.chain.elements(chunk))))
            chunk = chunk.before

    def range(self, start: int, end: int) -> list[bytes]:
        """Elements `start` to `end` (both there, start not behind end), both included."""
        chain = self.chain
        chunk: Chunk | None
        chunk, index = locate(chain, start)
        wanted = end - start + 1
        found: list[bytes] = []
        while chunk is not None and len(found) < wanted:
            found += map(plain, chain.elements(chunk))
            if index:
                del found[:index]
                index = 0
            chunk = chunk.after
        del found[wanted:]
        return found

    def set(self, index: int, value: bytes) -> None:
        """Put another value at a position that is there; raises ArenaFullError."""
        chain = self.chain
        chunk, at = locate(chain, index)
        data = string(value)
        if not chain.replace(chunk, at, data):
            chunk, at = chain.insert(chunk, at, data)
            if at + 1 < len(chunk.sizes):
                chain.remove(chunk, at + 1)
            else:
                assert chunk.after is not None
                chain.remove(chunk.after, 0)

    def insert(self, index: int, value: bytes) -> None:
        """Add before the element at a position that is there; raises ArenaFullError."""
        self.chain.insert(*locate(self.chain, index), string(value))

    def delete(self, index: int) -> None:
        """Take the element at a position that is there."""
        self.chain.remove(*locate(self.chain, index))

    def load(self, elements: list[bytes]) -> None:
        """Add elements, each as its bytes in a dump."""
        self.chain.extend(elements)


def plain(element: bytes) -> bytes:
    """The string in an element's bytes."""
    return element[prefix_size(element[0]) :]


def locate(chain: Chain, index: int) -> tuple[Chunk, int]:
    """(chunk, index in it) of element `index`, which must be there; from the nearer end."""
    chunk: Chunk | None
    if index * 2 < chain.count:
        chunk = chain.first
        while chunk is not None and index >= len(chunk.sizes):
            index -= len(chunk.sizes)
            chunk = chunk.after
    else:
        index -= chain.count
        chunk = chain.last
        while chunk is not None and index < -len(chunk.sizes):
            index += len(chunk.sizes)
            chunk = chunk.before
        if chunk is not None:
            index += len(chunk.sizes)
    assert chunk is not None
    return chunk, index
