"""The keyspace: sixteen databases over one arena, and `dirty`, Redis' counter of changes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from engine.arena import MAX_DATABASES, Arena
from engine.database import Database
from engine.records import HEADER, HEADER_SIZE, key_of
from engine.size_classes import CHUNK, CHUNK_RUN, CONTINUED, FREE_PAGE, RUN
from engine.values.chunks import HEAD_BIT, LINK


def unix_ms() -> int:
    """Now as a Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


class Keyspace:
    """All data of an engine."""

    def __init__(
        self,
        arena: Arena,
        *,
        now_ms: Callable[[], int] = unix_ms,
        on_expired: Callable[[int, bytes], None] = lambda db, key: None,
    ) -> None:
        self.arena = arena
        self.now_ms = now_ms
        self.dirty = 0
        """Changes since the last save, as each command counts them; a counter, not pages."""
        self.on_event: Callable[[int, str, str, bytes], None] | None = None
        """Hears (database, letter of its class, event, key) of every keyspace event, if wanted."""
        self._on_expired = on_expired
        self.databases = [
            Database(index, arena, now_ms, self._expired) for index in range(MAX_DATABASES)
        ]

    def __len__(self) -> int:
        return sum(map(len, self.databases))

    def listen(
        self, on_event: Callable[[int, str, str, bytes], None] | None, *, new_keys: bool = False
    ) -> None:
        """Have `on_event` hear the keyspace's events; only with `new_keys` those of new keys."""
        self.on_event = on_event
        on_new = None
        if on_event is not None and new_keys:

            def on_new(db: int, key: bytes) -> None:
                on_event(db, "n", "new", key)

        for database in self.databases:
            database.on_new = on_new

    @contextlib.contextmanager
    def nothing_expires(self) -> Iterator[None]:
        """While an AOF is replayed: its commands met the keys that had not expired then."""
        for database in self.databases:
            database.replaying = True
        try:
            yield
        finally:
            for database in self.databases:
                database.replaying = False

    def _expired(self, db: int, key: bytes) -> None:
        if self.on_event is not None:
            self.on_event(db, "x", "expired", key)
        self._on_expired(db, key)

    def flush(self) -> int:
        """Remove everything and give the arena back; returns how many keys there were."""
        count = len(self)
        for database in self.databases:
            lost = [key for key in database.watched if key in database.keys]
            database.keys.clear()
            database.collections.clear()
            database.expires.clear()
            database.odd_encodings.clear()
            for key in lost:
                database.modified(key)
        self.arena.reset()
        return count

    def swap(self, first: int, second: int) -> None:
        """Exchange two databases' contents (SWAPDB): their pages change owner."""
        a, b = self.databases[first], self.databases[second]
        moved = [key for key in {*a.watched, *b.watched} if key in a.keys or key in b.keys]
        a.keys, b.keys = b.keys, a.keys
        a.collections, b.collections = b.collections, a.collections
        for database in (a, b):
            for collection in database.collections.values():
                collection.chain.db = database.index
        a.expires, b.expires = b.expires, a.expires
        a.odd_encodings, b.odd_encodings = b.odd_encodings, a.odd_encodings
        self.arena.swap_owner(first, second)
        for key in moved:
            a.modified(key)
            b.modified(key)
        for database in (a, b):
            for key in database.awaited.keys() & database.collections.keys():
                database.appeared(key)

    def keys_on_page(self, page: int, limit: int = 4) -> tuple[list[bytes], int]:
        """(its first `limit` keys, number of keys) of a page, read from the records themselves."""
        arena = self.arena
        page_class = arena.page_class[page]
        if page_class == FREE_PAGE:
            return [], 0
        while page_class == CONTINUED:
            page -= 1
            page_class = arena.page_class[page]
        start = arena.offset_of(page)
        is_run = page_class in (RUN, CHUNK_RUN)
        size = arena.page_size if is_run else arena.classes.sizes[page_class]
        has_chunks = page_class == CHUNK_RUN or CHUNK <= page_class < CHUNK_RUN
        keys: dict[bytes, None] = {}
        for offset in range(start, start + arena.page_size - size + 1, size):
            key = self._owner(offset) if has_chunks else self._key_at(offset)
            if key is not None:
                keys[key] = None
        return list(keys)[:limit], len(keys)

    def _key_at(self, offset: int) -> bytes | None:
        """The key of the record at `offset`, None for a free slot."""
        memory = self.arena.memory
        length, _ = HEADER.unpack_from(memory, offset)
        return key_of(memory[offset : offset + HEADER_SIZE + length]) if length else None

    def _owner(self, offset: int) -> bytes | None:
        """The key whose collection has the chunk at `offset`, None for a free slot."""
        memory = self.arena.memory
        following, _, end = LINK.unpack_from(memory, offset)
        if not end:
            return None
        while not following & HEAD_BIT:
            following = LINK.unpack_from(memory, following)[0]
        return self._key_at(following & ~HEAD_BIT)
