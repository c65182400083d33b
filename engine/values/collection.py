"""What all collections share: the head record, and elements that are found by name.

A head record is a record like a string's, `[0xFC expiry] type key`, with the collection's kind in
the top bits of its header word. In place of a value it ends with how many elements there are and
where the first chunk lies (see `chunks`). Room for an expiry is always kept, so that EXPIRE never
moves the head.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from engine.arena import Arena
from engine.errors import ArenaFullError
from engine.records import FREE_SLOT, HEADER, HEADER_SIZE, KIND_SHIFT, OPCODE_EXPIRETIME_MS
from engine.values.chunks import Chain, Chunk, string

_EXPIRY = struct.Struct("<Bq")


class Collection:
    """One key's list, hash, set or sorted set."""

    __slots__ = ("__weakref__", "chain", "expire_ms", "is_large", "key")

    KIND: ClassVar[int]
    """In the header word's top bits: 1 list, 2 set, 3 sorted set, 4 hash, as DEBUG DIGEST's."""
    RDB_TYPE: ClassVar[int]
    """The type byte in a dump."""
    NAME: ClassVar[str]
    """As TYPE answers it."""

    def __init__(self, arena: Arena, db: int, key: bytes, expire_ms: int = 0) -> None:
        """An empty collection; raises ArenaFullError."""
        self.key = key
        self.expire_ms = expire_ms
        self.is_large = False
        """Redis would have left the compact encoding by now, for good (OBJECT ENCODING)."""
        head, links_at = _place_head(arena, db, self.KIND, self.RDB_TYPE, key, expire_ms)
        self.chain = Chain(arena, db, head, links_at)

    def __len__(self) -> int:
        return self.chain.count

    @property
    def head(self) -> int:
        """Where the head record lies in the arena."""
        return self.chain.head

    def raw(self) -> Iterator[bytes]:
        """Each element's bytes as in a dump, in order."""
        chain = self.chain
        for chunk in chain.chunks():
            yield from chain.elements(chunk)

    def dump_size(self) -> int:
        """Bytes of all elements in a dump."""
        return sum(chunk.end - chunk.start for chunk in self.chain.pool)

    def arena_size(self) -> int:
        """Bytes of the slots that the head and the chunks have in the arena."""
        capacity = self.chain.arena.capacity
        return capacity(self.head) + sum(chunk.capacity for chunk in self.chain.pool)

    def set_expiry(self, expire_ms: int) -> None:
        """Write another expiry (Unix ms, 0 for none) into the head record, in place."""
        chain = self.chain
        self.expire_ms = expire_ms
        record, links_at = _head(self.KIND, self.RDB_TYPE, self.key, expire_ms)
        chain.arena.store(chain.head, record)
        chain.moved(chain.head, links_at)

    def rename(self, key: bytes) -> None:
        """Have the elements belong to another key of the same database; raises ArenaFullError."""
        chain = self.chain
        old = chain.head
        place = _place_head(chain.arena, chain.db, self.KIND, self.RDB_TYPE, key, self.expire_ms)
        self.key = key
        chain.moved(*place)
        _free_head(chain.arena, old)

    def free(self) -> None:
        """Give everything back to the arena."""
        arena, head = self.chain.arena, self.chain.head
        self.chain.free()
        _free_head(arena, head)

    def load(self, elements: list[bytes]) -> None:
        """Add elements, each as its bytes in a dump; none of them may be there yet."""
        raise NotImplementedError


class NamedCollection(Collection):
    """A collection whose elements begin with a name that is theirs alone: set, hash, sorted set."""

    __slots__ = ("places",)

    def __init__(self, arena: Arena, db: int, key: bytes, expire_ms: int = 0) -> None:
        super().__init__(arena, db, key, expire_ms)
        self.places: dict[bytes, Chunk] = {}
        """Which chunk an element lies in; in the order in which the names came."""

    def __contains__(self, name: bytes) -> bool:
        return name in self.places

    def names(self) -> Iterable[bytes]:
        """All names, oldest first."""
        return self.places.keys()

    def any_name(self) -> bytes:
        """One of the names, each as likely; there must be one."""
        chunk, index = self.chain.pick()
        return chunk.names[index]

    def element(self, name: bytes) -> bytes | None:
        """The bytes behind a name, None if there is no such name."""
        chunk = self.places.get(name)
        if chunk is None:
            return None
        index, at = self._locate(chunk, name)
        at += chunk.offset + chunk.start
        skipped = at + len(name) + (1 if len(name) < 64 else 2 if len(name) < 16384 else 5)
        return self.chain.arena.memory[skipped : at + chunk.sizes[index]]

    def _locate(self, chunk: Chunk, name: bytes) -> tuple[int, int]:
        """(index, bytes before it) of the element of that name in its chunk.

        Where all elements are equally long the name is looked for in the arena, which is one read
        of a KiB: to compare the names themselves is a miss of the processor's cache for each.
        """
        sizes = chunk.sizes
        if len(sizes) == 1:
            return 0, 0
        size = sizes[0]
        if sizes.count(size) == len(sizes):
            start = chunk.offset + chunk.start
            at = self.chain.arena.memory[start : chunk.offset + chunk.end].find(string(name))
            if at % size == 0:  # else these bytes are found within another element, too
                return at // size, at
        index = chunk.names.index(name)
        return index, sum(sizes[:index])

    def put(self, name: bytes, rest: bytes) -> bool:
        """Store `rest` behind a name; True if the name is new. Raises ArenaFullError."""
        chunk = self.places.get(name)
        data = string(name) + rest
        chain = self.chain
        if chunk is None:
            self.places[name] = chain.append(data, name)
            return True
        index, at = self._locate(chunk, name)
        if len(data) == chunk.sizes[index]:
            chain.arena.store(chunk.offset + chunk.start + at, data)
        elif not chain.replace(chunk, index, data):
            self.places[name] = chain.append(data, name)
            chain.remove(chunk, index)
        return False

    def put_all(self, rests: Mapping[bytes, bytes]) -> int:
        """Store what belongs behind several names, all or nothing; how many names are new.

        Where the arena could run full, everything is added before anything is taken away.
        Raises ArenaFullError.
        """
        size = sum(map(len, rests)) + sum(map(len, rests.values()))
        before = len(self.places)
        if self.chain.arena.has_room(size, len(rests)):
            for name, rest in rests.items():
                self.put(name, rest)
        else:
            for name, chunk in self._append_all(rests):
                old = self.places.get(name)
                self.places[name] = chunk
                if old is not None:
                    self.chain.remove(old, old.names.index(name))
        return len(self.places) - before

    def _append_all(self, rests: Mapping[bytes, bytes]) -> list[tuple[bytes, Chunk]]:
        chain = self.chain
        added: list[tuple[bytes, Chunk]] = []
        try:
            for name, rest in rests.items():
                added.append((name, chain.append(string(name) + rest, name)))
        except ArenaFullError:
            for _, chunk in reversed(added):
                chain.remove(chunk, len(chunk.sizes) - 1)
            raise
        return added

    def discard(self, name: bytes) -> bool:
        """Take an element out; False if there is none of that name."""
        chunk = self.places.pop(name, None)
        if chunk is None:
            return False
        self._take(chunk, chunk.names.index(name))
        return True

    def _take(self, chunk: Chunk, index: int) -> None:
        chain = self.chain
        chain.remove(chunk, index)
        if chunk.sizes and (other := chain.absorb(chunk)) is not None:
            for moved in chunk.names:
                self.places[moved] = other

    def load(self, elements: list[bytes]) -> None:
        """Add elements; a name that comes twice raises KeyError."""
        names = [name_of(element) for element in elements]
        if len(set(names)) < len(names) or not self.places.keys().isdisjoint(names):
            raise KeyError("a name comes twice")
        before = len(self.chain.pool)
        self.chain.extend(elements, names)
        for chunk in self.chain.pool[before:]:
            self.places.update(dict.fromkeys(chunk.names, chunk))


def name_of(element: bytes) -> bytes:
    """The first string of an element's bytes."""
    first = element[0]
    if first < 0x40:
        return element[1 : 1 + first]
    if first < 0x80:
        return element[2 : 2 + ((first & 0x3F) << 8 | element[1])]
    return element[5 : 5 + int.from_bytes(element[1:5], "big")]


def _head(kind: int, rdb_type: int, key: bytes, expire_ms: int) -> tuple[bytes, int]:
    """(header and body of a head record, where its links go)."""
    expiry = _EXPIRY.pack(OPCODE_EXPIRETIME_MS, expire_ms) if expire_ms else b""
    body = b"%b%c%b" % (expiry, rdb_type, string(key))
    links_at = HEADER_SIZE + len(body)
    return HEADER.pack(len(body), kind << KIND_SHIFT | links_at) + body, links_at


def _place_head(
    arena: Arena, db: int, kind: int, rdb_type: int, key: bytes, expire_ms: int
) -> tuple[int, int]:
    """(offset, links_at) of a new head record without elements."""
    record, links_at = _head(kind, rdb_type, key, expire_ms)
    room = HEADER_SIZE + _EXPIRY.size + 6 + len(key) + Chain.LINKS.size
    head = arena.alloc(room, db)
    arena.store(head, record + Chain.LINKS.pack(0, 0))
    return head, links_at


def _free_head(arena: Arena, head: int) -> None:
    arena.store(head, FREE_SLOT)
    arena.free(head)
