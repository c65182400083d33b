"""One of the sixteen databases: keys to records, expiry, watched keys.

A key leads to its record's offset in the arena. Writes go to the arena's slot, in place when the
new record belongs to the same size class. Times are Unix milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from engine.arena import Arena
from engine.errors import ArenaFullError
from engine.records import (
    FIRST_COLLECTION,
    FREE_SLOT,
    HEADER,
    HEADER_SIZE,
    build_string,
    rdb_length,
)
from engine.replies import WRONG_TYPE, CommandError
from engine.values.collection import Collection

_C = TypeVar("_C", bound=Collection)


class Database:
    """Keys, their records and their expiry times.

    `now_ms` is the clock; `on_expired(db_index, key)` hears of a key that was found to be expired
    and has been deleted.
    """

    def __init__(
        self,
        index: int,
        arena: Arena,
        now_ms: Callable[[], int],
        on_expired: Callable[[int, bytes], None],
    ) -> None:
        self.index = index
        self.arena = arena
        self.memory = arena.memory
        self.now_ms = now_ms
        self.on_expired = on_expired
        self.keys: dict[bytes, int] = {}
        """Key -> offset of its record, a string's or a collection's head."""
        self.collections: dict[bytes, Collection] = {}
        """The index of every key that is no string."""
        self.expires: dict[bytes, int] = {}
        self.odd_encodings: dict[bytes, str] = {}
        """What OBJECT ENCODING tells of the strings that were changed and not encoded anew."""
        self.on_new: Callable[[int, bytes], None] | None = None
        """Hears (database, key) of every key that comes to be, if somebody wants to."""
        self.replaying = False
        """True while an AOF is loaded: until it is done no key expires."""
        self.watched: dict[bytes, set[Callable[[], None]]] = {}
        """Key -> callbacks of the clients that WATCH it."""
        self.awaited: dict[bytes, Callable[[], None]] = {}
        """Key -> what hears of a collection that appears there: blocked clients wait for it."""

    def __len__(self) -> int:
        return len(self.keys)

    # -- reading -------------------------------------------------------------------------------

    def find(self, key: bytes) -> int | None:
        """Offset of the key's record; an expired key is deleted and not found."""
        if self.expires and key in self.expires:
            self.expire_if_due(key)
        return self.keys.get(key)

    def get(self, key: bytes) -> bytes | None:
        """The string at a key, None if there is none; CommandError if it is not a string."""
        if self.expires and key in self.expires:
            self.expire_if_due(key)
        offset = self.keys.get(key)
        if offset is None:
            return None
        length, value_at = HEADER.unpack_from(self.memory, offset)
        if value_at >= FIRST_COLLECTION:
            raise CommandError(WRONG_TYPE)
        return self.memory[offset + value_at : offset + HEADER_SIZE + length]

    def get_range(self, key: bytes, start: int, count: int) -> bytes:
        """`count` bytes of a string from `start`, without reading the rest of it."""
        offset = self.find(key)
        if offset is None:
            return b""
        length, value_at = self._string_header(offset)
        end = min(start + count, length + HEADER_SIZE - value_at)
        return self.memory[offset + value_at + start : offset + value_at + end]

    def length(self, key: bytes) -> int:
        """Bytes of the string at a key, 0 if there is none."""
        offset = self.find(key)
        if offset is None:
            return 0
        length, value_at = self._string_header(offset)
        return length + HEADER_SIZE - value_at

    def type_of(self, key: bytes) -> str:
        """The type's name as TYPE answers it."""
        if self.find(key) is None:
            return "none"
        collection = self.collections.get(key)
        return "string" if collection is None else collection.NAME

    def collection(self, key: bytes, kind: type[_C]) -> _C | None:
        """The list, hash, set or sorted set at a key, None if there is none.

        Raises CommandError if the key holds something else.
        """
        if self.expires and key in self.expires:
            self.expire_if_due(key)
        found = self.collections.get(key)
        if found is None:
            if key in self.keys:
                raise CommandError(WRONG_TYPE)
            return None
        if type(found) is not kind:
            raise CommandError(WRONG_TYPE)
        return found

    def record(self, offset: int) -> bytes:
        """The bytes of a record, header included."""
        length, _ = HEADER.unpack_from(self.memory, offset)
        return self.memory[offset : offset + HEADER_SIZE + length]

    def live_keys(self) -> Iterator[bytes]:
        """All keys that have not expired (nothing is deleted)."""
        if not self.expires:
            yield from self.keys
            return
        now = self.now_ms()
        expires = self.expires
        for key in self.keys:
            if expires.get(key, now + 1) > now:
                yield key

    # -- writing -------------------------------------------------------------------------------

    def set(self, key: bytes, value: bytes, expire_ms: int = 0) -> None:
        """Store a string under a key, whatever was there; `expire_ms` 0 means it never expires."""
        expires = self.expires
        if expires and key in expires:
            self.expire_if_due(key)
        offset = self.keys.get(key)
        if offset is not None:
            length, value_at = HEADER.unpack_from(self.memory, offset)
            # A collection's value_at is so large that no length fits.
            if length + HEADER_SIZE - value_at == len(value) and (
                expire_ms == expires.get(key, 0) if expires else not expire_ms
            ):
                self.arena.store(offset + value_at, value)
            else:
                self._rewrite(key, build_string(key, value, expire_ms), offset)
        else:
            record = build_string(key, value, expire_ms)
            self._place(key, record, len(record))
        if expire_ms:
            expires[key] = expire_ms
        elif expires:
            expires.pop(key, None)
        if self.odd_encodings:
            self.odd_encodings.pop(key, None)
        if self.watched and key in self.watched:
            self.modified(key)

    def set_all(self, pairs: Mapping[bytes, bytes]) -> None:
        """Store several strings, whatever was there: all, or none and ArenaFullError.

        All memory is taken before the first key changes.
        """
        taken: dict[bytes, int] = {}
        records = {key: build_string(key, value) for key, value in pairs.items()}
        try:
            for key, record in records.items():
                old = None if key in self.collections else self.keys.get(key)
                if old is None or not self.arena.fits(old, len(record)):
                    taken[key] = self.arena.alloc(len(record), self.index)
        except ArenaFullError:
            for offset in taken.values():
                self.arena.store(offset, FREE_SLOT)
                self.arena.free(offset)
            raise
        for key, record in records.items():
            before = self.keys.get(key)
            place = taken.get(key, before)
            assert place is not None
            self.arena.store(place, record)
            self.keys[key] = place
            if before is None:
                self._is_new(key)
            elif key in taken:
                self._free(key, before)
            self.expires.pop(key, None)
            self.odd_encodings.pop(key, None)
            if key in self.watched:
                self.modified(key)

    def set_keep_expiry(self, key: bytes, value: bytes) -> None:
        """Store a string and leave the key's expiry as it is."""
        self.set(key, value, self.expires.get(key, 0))

    def append(self, key: bytes, tail: bytes) -> int:
        """Append to a string (in place while its slot has room); returns the new length."""
        offset = self.find(key)
        if offset is None:
            self.set(key, tail)
            return len(tail)
        length, value_at = self._string_header(offset)
        old = length + HEADER_SIZE - value_at
        new = old + len(tail)
        prefix = rdb_length(new)
        room = self.arena.capacity(offset)
        if len(prefix) == len(rdb_length(old)) and HEADER_SIZE + length + len(tail) <= room:
            self.arena.store(offset, HEADER.pack(length + len(tail), value_at))
            self.arena.store(offset + value_at - len(prefix), prefix)
            self.arena.store(offset + HEADER_SIZE + length, tail)
        else:
            value = self.memory[offset + value_at : offset + HEADER_SIZE + length] + tail
            record = build_string(key, value, self.expires.get(key, 0))
            spare = min(new, 1 << 20) if new > self.arena.page_size else 0
            self._place(key, record, len(record) + spare)
        if self.watched and key in self.watched:
            self.modified(key)
        return new

    def set_range(self, key: bytes, start: int, data: bytes) -> int:
        """Overwrite part of a string, zero-padded to `start`; returns the new length."""
        offset = self.find(key)
        old = self.length(key)
        if offset is not None and start + len(data) <= old:
            _, value_at = HEADER.unpack_from(self.memory, offset)
            self.arena.store(offset + value_at + start, data)
            if self.watched and key in self.watched:
                self.modified(key)
            return old
        value = (self.get(key) or b"")[:start].ljust(start, b"\0") + data
        self.set_keep_expiry(key, value)
        return len(value)

    def delete(self, key: bytes) -> bool:
        """Remove a key; False if it did not exist."""
        offset = self.keys.pop(key, None)
        if offset is None:
            return False
        if self.expires:
            self.expires.pop(key, None)
        if self.odd_encodings:
            self.odd_encodings.pop(key, None)
        self._free(key, offset)
        if self.watched and key in self.watched:
            self.modified(key)
        return True

    def set_expiry(self, key: bytes, expire_ms: int) -> None:
        """Give an existing key an expiry time, or take it away with 0: its record is rewritten."""
        collection = self.collections.get(key)
        if collection is None:
            value = self.get(key)
            if value is not None:
                encoding = self.odd_encodings.get(key, "")
                self.set(key, value, expire_ms)
                self.note_encoding(key, encoding)
            return
        collection.set_expiry(expire_ms)
        if expire_ms:
            self.expires[key] = expire_ms
        else:
            self.expires.pop(key, None)
        if self.watched and key in self.watched:
            self.modified(key)

    def note_encoding(self, key: bytes, encoding: str) -> None:
        """OBJECT ENCODING tells this of a string until it is stored anew; empty: what it looks."""
        if encoding:
            self.odd_encodings[key] = encoding
        elif self.odd_encodings:
            self.odd_encodings.pop(key, None)

    # -- collections and whole keys ------------------------------------------------------------

    def create(self, key: bytes, kind: type[_C], expire_ms: int = 0) -> _C:
        """An empty collection under a key that does not exist; raises ArenaFullError.

        The caller fills it, or deletes the key again: no empty collection outlives its command.
        """
        collection = kind(self.arena, self.index, key, expire_ms)
        self.keys[key] = collection.head
        self.collections[key] = collection
        if expire_ms:
            self.expires[key] = expire_ms
        self._is_new(key)
        if self.awaited:
            self.appeared(key)
        return collection

    def adopt(self, key: bytes, collection: Collection) -> None:
        """Put a collection that was made and filled for this key there, whatever was there.

        Making it first means that a full arena leaves the old value as it was.
        """
        was_there = self.delete(key)
        self.keys[key] = collection.head
        self.collections[key] = collection
        if collection.expire_ms:
            self.expires[key] = collection.expire_ms
        if not was_there:
            self._is_new(key)
        if self.watched and key in self.watched:
            self.modified(key)
        self.appeared(key)

    def rename(self, source: bytes, target: bytes) -> None:
        """Give the value at `source`, which exists, and its expiry another key of this database."""
        collection = self.collections.get(source)
        expire_ms = self.expires.get(source, 0)
        if collection is None:
            encoding = self.odd_encodings.get(source, "")
            self._put(target, self.get(source) or b"", expire_ms)
            self.note_encoding(target, encoding)
            self.delete(source)
            return
        collection.rename(target)  # takes what memory it needs before anything is lost
        del self.collections[source], self.keys[source]
        self.expires.pop(source, None)
        self.delete(target)
        self.collections[target] = collection
        self.keys[target] = collection.head
        self._is_new(target)
        if expire_ms:
            self.expires[target] = expire_ms
        for key in (source, target):
            if key in self.watched:
                self.modified(key)
        self.appeared(target)

    def copy(self, key: bytes, target: Database, name: bytes) -> None:
        """Put a copy of a key, which exists, into `target`, whatever was there under that name.

        Raises ArenaFullError, and has changed nothing then.
        """
        collection = self.collections.get(key)
        expire_ms = self.expires.get(key, 0)
        if collection is None:
            target._put(name, self.get(key) or b"", expire_ms)
            target.note_encoding(name, self.odd_encodings.get(key, ""))
            return
        copied = type(collection)(target.arena, target.index, name, expire_ms)
        try:
            copied.load(list(collection.raw()))
        except ArenaFullError:
            copied.free()
            raise
        copied.is_large = collection.is_large
        is_replaced = name in target.keys
        target.adopt(name, copied)
        if is_replaced:
            target._is_new(name)

    def clear(self) -> int:
        """Remove all keys and give the pages back; returns how many there were."""
        count = len(self.keys)
        lost = [key for key in self.watched if key in self.keys]
        self.keys.clear()
        self.collections.clear()
        self.expires.clear()
        self.odd_encodings.clear()
        for key in lost:
            self.modified(key)
        self.arena.release_database(self.index)
        return count

    def expire_if_due(self, key: bytes) -> bool:
        """Delete a key whose time has come; True if it was."""
        due = self.expires.get(key)
        if due is None or self.replaying or due > self.now_ms():
            return False
        self.delete(key)
        self.on_expired(self.index, key)
        return True

    def appeared(self, key: bytes) -> None:
        """Tell those who wait for it that there is a collection under this key."""
        if key in self.awaited:
            self.awaited[key]()

    def modified(self, key: bytes) -> None:
        """Tell the clients that WATCH this key."""
        for callback in tuple(self.watched.get(key, ())):
            callback()

    def _rewrite(self, key: bytes, record: bytes, offset: int) -> None:
        """Put another record where a key has its own or, if it does not belong there, elsewhere."""
        if key not in self.collections and self.arena.fits(offset, len(record)):
            self.arena.store(offset, record)
        else:
            self._place(key, record, len(record))

    def _place(self, key: bytes, record: bytes, size: int) -> None:
        """Put a record where there is room, which is taken first: a full arena changes nothing."""
        offset = self.arena.alloc(size, self.index)
        old = self.keys.get(key)
        self.arena.store(offset, record)
        self.keys[key] = offset
        if old is not None:
            self._free(key, old)
        elif self.on_new is not None:
            self.on_new(self.index, key)

    def _put(self, key: bytes, value: bytes, expire_ms: int) -> None:
        """Store a string as a key that is new, even if there was one of its name."""
        is_replaced = key in self.keys
        self.set(key, value, expire_ms)
        if is_replaced:
            self._is_new(key)

    def _is_new(self, key: bytes) -> None:
        if self.on_new is not None:
            self.on_new(self.index, key)

    def _free(self, key: bytes, offset: int) -> None:
        collection = self.collections.pop(key, None) if self.collections else None
        if collection is not None:
            collection.free()
            return
        self.arena.store(offset, FREE_SLOT)
        self.arena.free(offset)

    def _string_header(self, offset: int) -> tuple[int, int]:
        length, value_at = HEADER.unpack_from(self.memory, offset)
        if value_at >= FIRST_COLLECTION:
            raise CommandError(WRONG_TYPE)
        return length, value_at
