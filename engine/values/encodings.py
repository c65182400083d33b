"""Which encoding Redis 7.0 would use for a collection: what OBJECT ENCODING answers.

This engine keeps every collection the same way. Redis has a compact form for small ones and leaves
it for good when a collection outgrows it; clients and tests look at that.
Source: t_hash.c, t_set.c, t_zset.c, object.c (Redis 7.0.15).
"""

from __future__ import annotations

from typing import Protocol

from engine.values.collection import Collection
from engine.values.hashes import Hash
from engine.values.sets import Set
from engine.values.sorted_sets import SortedSet


class Limits(Protocol):
    """The directives that bound the compact encodings."""

    hash_max_listpack_entries: int
    hash_max_listpack_value: int
    set_max_intset_entries: int
    zset_max_listpack_entries: int
    zset_max_listpack_value: int


def note_growth(limits: Limits, collection: Collection, longest: int) -> None:
    """Note whether Redis would leave the compact encoding now; `longest` is the new elements'.

    For a set, `longest` is 0 when all of them are integers as Redis prints them, else 1.
    """
    if collection.is_large:
        return
    count = len(collection)
    if isinstance(collection, Hash):
        entries, size = limits.hash_max_listpack_entries, limits.hash_max_listpack_value
    elif isinstance(collection, SortedSet):
        entries, size = limits.zset_max_listpack_entries, limits.zset_max_listpack_value
    elif isinstance(collection, Set):
        entries, size = limits.set_max_intset_entries, 0
    else:
        return
    collection.is_large = count > entries or longest > size


def encoding_of(collection: Collection) -> str:
    """The encoding's name."""
    if isinstance(collection, Hash):
        return "hashtable" if collection.is_large else "listpack"
    if isinstance(collection, SortedSet):
        return "skiplist" if collection.is_large else "listpack"
    if isinstance(collection, Set):
        return "hashtable" if collection.is_large else "intset"
    return "quicklist"
