"""Stores many new strings at once: the short way of a log that is one long run of SETs.

Records of one size class are put together page by page and stored in one piece; what a record by
itself costs in the arena is then paid once a page.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.database import Database
from engine.records import build_string


def store_new(database: Database, keys: Sequence[bytes], values: Sequence[bytes]) -> bool:
    """Store strings without expiry under keys of which none is there; at least one of them.

    False, and nothing is changed, where they must go the long way: a key is there or comes twice,
    somebody wants to hear of it, the records differ in size class, or the arena may be too small.
    """
    arena, known = database.arena, database.keys
    if database.watched or database.on_new is not None:
        return False
    if len(set(keys)) < len(keys) or not known.keys().isdisjoint(keys):
        return False
    records = list(map(build_string, keys, values))
    lengths = set(map(len, records))
    if max(lengths) > arena.page_size:
        return False
    classes = {arena.classes.class_of(length) for length in lengths}
    page_class = classes.pop()
    size = arena.classes.sizes[page_class]
    slots = arena.page_size // size
    pages = len(records) // slots
    if classes or not arena.has_room(pages * arena.page_size, 1):
        return False
    for at in range(0, pages * slots, slots):
        start = arena.alloc_page(page_class, database.index)
        page = [record.ljust(size, b"\0") for record in records[at : at + slots]]
        arena.store(start, b"".join(page))
        known.update(
            zip(keys[at : at + slots], range(start, start + slots * size, size), strict=True)
        )
    for key, record in zip(keys[pages * slots :], records[pages * slots :], strict=True):
        offset = arena.alloc(len(record), database.index)
        arena.store(offset, record)
        known[key] = offset
    return True
