"""Chunks: how a collection's elements lie in the arena, and how they move there.

    head record (a slot among the strings' records)      chunk (a slot of a chunk page)
    +--------+------------------------+-------+-------+   +------+-------+-----+~~~~~~+----------+
    | header | [0xFC expiry] type key | count | first |-->| next | start | end | room | elements |
    +--------+------------------------+-------+-------+   +------+-------+-----+~~~~~~+----------+
                                                             |                        start     end
                                                             +--> next chunk ... the last one's
                                                                  `next` is the head, HEAD bit set

An element is its bytes in a dump: one string (list, set), two (hash), a string and a double (sorted
set). Between `start` and `end` they lie without a gap, so that the snapshot child joins whole
chunks and looks into none. Lists may have room on both sides, for both ends grow.

A chunk takes about a KiB, so that moving what lies behind a removed element costs little; a larger
element has a chunk of its own. An operation that needs memory takes it before it changes anything:
a full arena (ArenaFullError) leaves the collection as it was.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Sequence

from engine.arena import Arena
from engine.records import rdb_length

CHUNK_SIZE = 1024
"""Bytes that a chunk grows to."""
LINK = struct.Struct("<QII")
"""next, start, end: a chunk's first bytes."""
LINK_SIZE = LINK.size
HEAD_BIT = 1 << 63
"""Set in `next` of the last chunk: what it leads to is the head record."""
FREE_CHUNK = bytes(LINK_SIZE)
"""Written over the links of a chunk that is given back; `end` 0 marks a free slot."""

SMALLEST = 64
"""Bytes of a new collection's first chunk, which grows with it."""
_SHORT = tuple(rdb_length(length) for length in range(16384))


def string(data: bytes) -> bytes:
    """A string as RDB writes it: its length, its bytes."""
    length = len(data)
    return (_SHORT[length] if length < 16384 else rdb_length(length)) + data


def prefix_size(first: int) -> int:
    """Bytes of an RDB length that begins with byte `first`."""
    if first < 0x40:
        return 1
    if first < 0x80:
        return 2
    return 5 if first == 0x80 else 9


class Chunk:
    """What the parent knows of one chunk: where it lies, and its elements' sizes in order."""

    __slots__ = ("after", "before", "capacity", "end", "names", "offset", "place", "sizes", "start")

    def __init__(self, offset: int, capacity: int, start: int) -> None:
        self.offset = offset
        """Where it lies in the arena."""
        self.capacity = capacity
        """Bytes of its slot, links included."""
        self.start = self.end = start
        """Where its elements begin and end, counted from `offset`."""
        self.sizes: list[int] = []
        """Bytes of each element."""
        self.names: list[bytes] = []
        """What each element is looked up by; empty in a list's chunks."""
        self.before: Chunk | None = None
        self.after: Chunk | None = None
        """Its neighbours in the chain."""
        self.place = 0
        """Its index in `Chain.pool`."""

    def room(self) -> int:
        """Bytes that it has left, on both sides together."""
        return self.capacity - LINK_SIZE - self.end + self.start

    def offset_of(self, index: int) -> int:
        """Where element `index` lies in the arena."""
        return self.offset + self.start + sum(self.sizes[:index])


class Chain:
    """The chunks of one collection, in order; every change is written to the arena at once."""

    __slots__ = ("arena", "count", "db", "first", "fullest", "head", "last", "links_at", "pool")

    LINKS = struct.Struct("<QQ")
    """count, first: the end of a head record."""

    def __init__(self, arena: Arena, db: int, head: int, links_at: int) -> None:
        self.arena = arena
        self.db = db
        self.head = head
        self.links_at = links_at
        """Where `count` and `first` lie, counted from the head record's start."""
        self.first: Chunk | None = None
        self.last: Chunk | None = None
        self.pool: list[Chunk] = []
        """The same chunks in no order, for picking one."""
        self.count = 0
        """Elements."""
        self.fullest = 1
        """The most elements that a chunk has had."""

    # -- reading -------------------------------------------------------------------------------

    def chunks(self) -> Iterator[Chunk]:
        """All chunks, first to last."""
        chunk = self.first
        while chunk is not None:
            yield chunk
            chunk = chunk.after

    def read(self, chunk: Chunk, index: int) -> bytes:
        """One element's bytes."""
        at = chunk.offset_of(index)
        return self.arena.memory[at : at + chunk.sizes[index]]

    def elements(self, chunk: Chunk) -> Iterator[bytes]:
        """The bytes of a chunk's elements, in order."""
        data = self.arena.memory[chunk.offset + chunk.start : chunk.offset + chunk.end]
        at = 0
        for size in chunk.sizes:
            yield data[at : at + size]
            at += size

    def pick(self) -> tuple[Chunk, int]:
        """(chunk, index) of any element, each as likely; there must be one."""
        while True:
            chunk = random.choice(self.pool)
            index = random.randrange(self.fullest)
            if index < len(chunk.sizes):
                return chunk, index

    # -- writing -------------------------------------------------------------------------------

    def append(self, data: bytes, name: bytes | None = None) -> Chunk:
        """Add an element at the end; the chunk that it is in now."""
        size = len(data)
        chunk = self.last
        if chunk is None or chunk.end + size > chunk.capacity:
            chunk = self._room_behind(chunk, size)
        self.arena.store(chunk.offset + chunk.end, data)
        chunk.end += size
        chunk.sizes.append(size)
        if name is not None:
            chunk.names.append(name)
            if len(chunk.names) > self.fullest:
                self.fullest = len(chunk.names)
        self.count += 1
        self._link(chunk)
        self._write_head()
        return chunk

    def prepend(self, data: bytes) -> None:
        """Add an element of a list at the front."""
        size = len(data)
        chunk = self.first
        if chunk is None or chunk.start - size < LINK_SIZE:
            chunk = self._room_before(chunk, size)
        chunk.start -= size
        self.arena.store(chunk.offset + chunk.start, data)
        chunk.sizes.insert(0, size)
        self.count += 1
        self._link(chunk)
        self._write_head()

    def insert(self, chunk: Chunk, index: int, data: bytes) -> tuple[Chunk, int]:
        """Add an element of a list before element `index` of a chunk; where it is now."""
        if len(data) > chunk.room():
            if not self._grow_only_chunk(chunk, len(data), at_end=False):
                chunk, index = self._split(chunk, index, len(data))
        elif chunk.end + len(data) > chunk.capacity:
            self._shift(chunk, LINK_SIZE)
        at = chunk.offset_of(index)
        tail = self.arena.memory[at : chunk.offset + chunk.end]
        self.arena.store(at, data + tail)
        chunk.end += len(data)
        chunk.sizes.insert(index, len(data))
        self.count += 1
        self._link(chunk)
        self._write_head()
        return chunk, index

    def remove(self, chunk: Chunk, index: int) -> None:
        """Take an element out; what lies behind it in its chunk moves up."""
        size = chunk.sizes[index]
        if index == len(chunk.sizes) - 1:
            chunk.end -= size
        elif index == 0:
            chunk.start += size
        else:
            at = chunk.offset_of(index)
            self.arena.store(at, self.arena.memory[at + size : chunk.offset + chunk.end])
            chunk.end -= size
        del chunk.sizes[index]
        if chunk.names:
            del chunk.names[index]
        self.count -= 1
        if chunk.sizes:
            self._link(chunk)
        else:
            self._drop(chunk)
        self._write_head()

    def remove_chunk(self, chunk: Chunk) -> None:
        """Take a list's chunk out with all its elements."""
        self.count -= len(chunk.sizes)
        self._drop(chunk)
        self._write_head()

    def replace(self, chunk: Chunk, index: int, data: bytes) -> bool:
        """Put other bytes in an element's place; False if its chunk has no room for them."""
        more = len(data) - chunk.sizes[index]
        if more > chunk.room():
            return False
        if chunk.end + more > chunk.capacity:
            self._shift(chunk, LINK_SIZE)
        at = chunk.offset_of(index)
        if more:
            data += self.arena.memory[at + chunk.sizes[index] : chunk.offset + chunk.end]
            chunk.end += more
            chunk.sizes[index] += more
            self._link(chunk)
        self.arena.store(at, data)
        return True

    def extend(self, elements: Sequence[bytes], names: Sequence[bytes] | None = None) -> None:
        """Add many elements at the end, a chunk at a time."""
        at = 0
        while at < len(elements):
            end, size = at + 1, len(elements[at])
            while end < len(elements) and size + len(elements[end]) <= CHUNK_SIZE - LINK_SIZE:
                size += len(elements[end])
                end += 1
            chunk = self._new_chunk(size, self.last)
            self.arena.store(chunk.offset + chunk.end, b"".join(elements[at:end]))
            chunk.end += size
            chunk.sizes.extend(map(len, elements[at:end]))
            if names is not None:
                chunk.names.extend(names[at:end])
                self.fullest = max(self.fullest, end - at)
            self.count += end - at
            at = end
            self._link(chunk)
        self._write_head()

    def absorb(self, chunk: Chunk) -> Chunk | None:
        """Move a sparse chunk's named elements into another that has room; which one, if any."""
        size = chunk.end - chunk.start
        if size * 4 > chunk.capacity:
            return None
        for other in (self.last, chunk.before, chunk.after):
            if other is not None and other is not chunk and other.room() >= size:
                self._append_all(other, chunk, size)
                self._drop(chunk)
                self._write_head()
                return other
        return None

    def _append_all(self, other: Chunk, chunk: Chunk, size: int) -> None:
        if other.end + size > other.capacity:
            self._shift(other, LINK_SIZE)
        at = chunk.offset + chunk.start
        self.arena.store(other.offset + other.end, self.arena.memory[at : at + size])
        other.end += size
        other.sizes.extend(chunk.sizes)
        other.names.extend(chunk.names)
        self.fullest = max(self.fullest, len(other.names))
        self._link(other)

    def moved(self, head: int, links_at: int) -> None:
        """The head record lies elsewhere now."""
        self.head, self.links_at = head, links_at
        self._write_head()
        if self.last is not None:
            self._link(self.last)

    def free(self) -> None:
        """Give all chunks back; the head record is the caller's."""
        for chunk in self.pool:
            self._give_back(chunk)
        self.pool.clear()
        self.first = self.last = None
        self.count = 0

    # -- chunks --------------------------------------------------------------------------------

    def _new_chunk(
        self, size: int, before: Chunk | None, *, filled_backwards: bool = False
    ) -> Chunk:
        """A chunk for `size` bytes of elements, behind `before` in the chain."""
        offset = self.arena.alloc_chunk(LINK_SIZE + size, self.db)
        capacity = self.arena.capacity(offset)
        chunk = Chunk(offset, capacity, capacity if filled_backwards else LINK_SIZE)
        chunk.before = before
        chunk.after = self.first if before is None else before.after
        if chunk.after is None:
            self.last = chunk
        else:
            chunk.after.before = chunk
        if before is None:
            self.first = chunk
        else:
            before.after = chunk
            self._link(before)
        chunk.place = len(self.pool)
        self.pool.append(chunk)
        return chunk

    def _room_behind(self, chunk: Chunk | None, size: int) -> Chunk:
        if chunk is None:
            return self._new_chunk(max(size, SMALLEST - LINK_SIZE), None)
        if size <= chunk.room():
            self._shift(chunk, LINK_SIZE)
        elif not self._grow_only_chunk(chunk, size, at_end=False):
            return self._new_chunk(max(size, CHUNK_SIZE - LINK_SIZE), chunk)
        return chunk

    def _room_before(self, chunk: Chunk | None, size: int) -> Chunk:
        if chunk is None:
            return self._new_chunk(max(size, SMALLEST - LINK_SIZE), None, filled_backwards=True)
        if size <= chunk.room():
            self._shift(chunk, chunk.capacity - chunk.end + chunk.start)
        elif not self._grow_only_chunk(chunk, size, at_end=True):
            room = max(size, CHUNK_SIZE - LINK_SIZE)
            return self._new_chunk(room, None, filled_backwards=True)
        return chunk

    def _grow_only_chunk(self, chunk: Chunk, more: int, *, at_end: bool) -> bool:
        """Move the only chunk, while it is small, into a slot of about twice its size.

        Its elements then lie at the new slot's end or start; False if it is not the only one, or
        would be too large.
        """
        used = chunk.end - chunk.start
        if len(self.pool) > 1 or LINK_SIZE + used + more > CHUNK_SIZE:
            return False
        size = min(max(LINK_SIZE + used + more, 2 * chunk.capacity), CHUNK_SIZE)
        offset = self.arena.alloc_chunk(size, self.db)
        at = chunk.offset + chunk.start
        data = self.arena.memory[at : at + used]
        self._give_back(chunk)
        chunk.offset = offset
        chunk.capacity = self.arena.capacity(offset)
        chunk.start = chunk.capacity - used if at_end else LINK_SIZE
        chunk.end = chunk.start + used
        self.arena.store(offset + chunk.start, data)
        return True

    def _shift(self, chunk: Chunk, start: int) -> None:
        """Move a chunk's elements within it."""
        data = self.arena.memory[chunk.offset + chunk.start : chunk.offset + chunk.end]
        chunk.start = start
        chunk.end = start + len(data)
        self.arena.store(chunk.offset + start, data)
        self._link(chunk)

    def _split(self, chunk: Chunk, index: int, size: int) -> tuple[Chunk, int]:
        """Make room for `size` bytes before element `index`: (chunk, index) to insert at."""
        moving = chunk.offset + chunk.end - chunk.offset_of(index)
        fresh = self._new_chunk(max(size + moving, CHUNK_SIZE - LINK_SIZE), chunk)
        at = chunk.offset_of(index)
        self.arena.store(fresh.offset + fresh.end, self.arena.memory[at : at + moving])
        fresh.end += moving
        fresh.sizes = chunk.sizes[index:]
        del chunk.sizes[index:]
        chunk.end -= moving
        if chunk.sizes:
            self._link(chunk)
        else:
            self._drop(chunk)
        return fresh, 0

    def _drop(self, chunk: Chunk) -> None:
        """Take an empty chunk out of the chain."""
        if chunk.after is None:
            self.last = chunk.before
        else:
            chunk.after.before = chunk.before
        if chunk.before is None:
            self.first = chunk.after
        else:
            chunk.before.after = chunk.after
            self._link(chunk.before)
        moved = self.pool.pop()
        if moved is not chunk:
            self.pool[chunk.place] = moved
            moved.place = chunk.place
        self._give_back(chunk)

    def _give_back(self, chunk: Chunk) -> None:
        self.arena.store(chunk.offset, FREE_CHUNK)
        self.arena.free(chunk.offset)

    def _link(self, chunk: Chunk) -> None:
        after = chunk.after
        to = self.head | HEAD_BIT if after is None else after.offset
        self.arena.store(chunk.offset, LINK.pack(to, chunk.start, chunk.end))

    def _write_head(self) -> None:
        first = 0 if self.first is None else self.first.offset
        self.arena.store(self.head + self.links_at, self.LINKS.pack(self.count, first))
