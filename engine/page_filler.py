"""Places many new records at once, as loading does: whole pages are put together, then stored.

A slot's worth of work in the arena costs more than the copying itself. Here the records of one
size class and database wait until they fill a page, which is then allocated and written in one
piece; what is left at the end is placed one by one.
"""

from __future__ import annotations

from engine.arena import Arena
from engine.inline import shown
from engine.keyspace import Keyspace


class DuplicateKeyError(Exception):
    """A key came twice, or was there already."""

    def __init__(self, db: int, key: bytes) -> None:
        super().__init__(f"duplicated key {shown(key)} in DB {db}")


class _Waiting:
    """Records for one page."""

    __slots__ = ("keys", "records", "size", "slots")

    def __init__(self, size: int, slots: int) -> None:
        self.size = size
        self.slots = slots
        self.keys: list[bytes] = []
        self.records: list[bytes] = []


class PageFiller:
    """Fills a keyspace that nobody else uses meanwhile; `finish` makes every key known."""

    def __init__(self, keyspace: Keyspace) -> None:
        self._arena: Arena = keyspace.arena
        self._keys = [database.keys for database in keyspace.databases]
        self._page_size = self._arena.page_size
        self._class_by_grain = self._arena.classes.by_grain
        self._waiting: dict[int, _Waiting] = {}

    def add(self, db: int, key: bytes, record: bytes) -> None:
        """Place a record (header included); raises ArenaFullError or DuplicateKeyError."""
        if len(record) > self._page_size:
            self._place(db, key, record)
            return
        page_class = self._class_by_grain[(len(record) + 7) >> 3]
        waiting = self._waiting.get(db << 8 | page_class)
        if waiting is None:
            size = self._arena.classes.sizes[page_class]
            waiting = self._waiting[db << 8 | page_class] = _Waiting(size, self._page_size // size)
        waiting.keys.append(key)
        waiting.records.append(record.ljust(waiting.size, b"\0"))
        if len(waiting.keys) == waiting.slots:
            self._place_page(db, page_class, waiting)

    def finish(self) -> None:
        """Place the records that fill no page."""
        for index, waiting in self._waiting.items():
            for key, record in zip(waiting.keys, waiting.records, strict=True):
                self._place(index >> 8, key, record)
        self._waiting.clear()

    def _place_page(self, db: int, page_class: int, waiting: _Waiting) -> None:
        known = self._keys[db]
        if not known.keys().isdisjoint(waiting.keys) or len(set(waiting.keys)) < waiting.slots:
            self.finish()  # names the key
        start = self._arena.alloc_page(page_class, db)
        self._arena.store(start, b"".join(waiting.records))
        known.update(
            zip(waiting.keys, range(start, start + self._page_size, waiting.size), strict=False)
        )
        waiting.keys.clear()
        waiting.records.clear()

    def _place(self, db: int, key: bytes, record: bytes) -> None:
        if key in self._keys[db]:
            raise DuplicateKeyError(db, key)
        offset = self._arena.alloc(len(record), db)
        self._arena.store(offset, record)
        self._keys[db][key] = offset
