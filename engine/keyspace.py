"""The keyspace: sixteen databases over one arena, and `dirty`, Redis' counter of changes."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.arena import MAX_DATABASES, Arena
from engine.database import Database
from engine.records import HEADER, HEADER_SIZE, key_of
from engine.size_classes import CONTINUED, FREE_PAGE, RUN


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
        self.databases = [
            Database(index, arena, now_ms, on_expired) for index in range(MAX_DATABASES)
        ]

    def __len__(self) -> int:
        return sum(map(len, self.databases))

    def flush(self) -> int:
        """Remove everything and give the arena back; returns how many keys there were."""
        count = len(self)
        for database in self.databases:
            for key in list(database.watched):
                if key in database.keys:
                    database.modified(key)
            database.keys.clear()
            database.expires.clear()
        self.arena.reset()
        return count

    def swap(self, first: int, second: int) -> None:
        """Exchange two databases' contents (SWAPDB): their pages change owner."""
        a, b = self.databases[first], self.databases[second]
        for key in {*a.watched, *b.watched}:
            a.modified(key)
            b.modified(key)
        a.keys, b.keys = b.keys, a.keys
        a.expires, b.expires = b.expires, a.expires
        self.arena.swap_owner(first, second)

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
        size = arena.page_size if page_class == RUN else arena.classes.sizes[page_class]
        keys: list[bytes] = []
        count = 0
        for offset in range(start, start + arena.page_size - size + 1, size):
            length, _ = HEADER.unpack_from(arena.memory, offset)
            if length:
                count += 1
                if len(keys) < limit:
                    keys.append(key_of(arena.memory[offset : offset + HEADER_SIZE + length]))
        return keys, count
