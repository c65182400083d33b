"""A list: strings in the order in which they were put there, reached from either end."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from functools import lru_cache

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
            found += _values(chain, chunk)
            if index:
                del found[:index]
                index = 0
            chunk = chunk.after
        del found[wanted:]
        return found

    def trim(self, start: int, end: int) -> None:
        """Keep elements `start` to `end` (both there, start not behind end), and no other."""
        chain = self.chain
        before, behind = start, chain.count - 1 - end
        while (first := chain.first) is not None and 0 < len(first.sizes) <= before:
            before -= len(first.sizes)
            chain.remove_chunk(first)
        while (last := chain.last) is not None and 0 < len(last.sizes) <= behind:
            behind -= len(last.sizes)
            chain.remove_chunk(last)
        for _ in range(before):
            self.pop_left()
        for _ in range(behind):
            self.pop_right()

    def remove(self, value: bytes, limit: int) -> int:
        """Take out the first elements that equal `value`, at most `limit`; how many there were."""
        chain, wanted, removed = self.chain, string(value), 0
        for chunk in list(chain.chunks()):
            matches = [at for at, data in enumerate(chain.elements(chunk)) if data == wanted]
            del matches[limit - removed :]
            for at in reversed(matches):
                chain.remove(chunk, at)
            removed += len(matches)
            if removed == limit:
                break
        return removed

    def remove_last(self, value: bytes, limit: int) -> int:
        """The same from the end on."""
        chain, wanted, removed = self.chain, string(value), 0
        for chunk in reversed(list(chain.chunks())):
            matches = [at for at, data in enumerate(chain.elements(chunk)) if data == wanted]
            del matches[: max(0, len(matches) - limit + removed)]
            for at in reversed(matches):
                chain.remove(chunk, at)
            removed += len(matches)
            if removed == limit:
                break
        return removed

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


def _values(chain: Chain, chunk: Chunk) -> Iterable[bytes]:
    """The strings of a chunk; fast where all have one size, as they often do."""
    size, count = chunk.sizes[0], len(chunk.sizes)
    if size > 64 or chunk.sizes.count(size) < count:
        return map(plain, chain.elements(chunk))
    data = chain.arena.memory[chunk.offset + chunk.start : chunk.offset + chunk.end]
    return _same_sized(size - 1, count).unpack(data)


@lru_cache(maxsize=1024)
def _same_sized(length: int, count: int) -> struct.Struct:
    """`count` strings of `length` bytes, each behind one byte of length."""
    return struct.Struct(f"<{f'x{length}s' * count}")


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
