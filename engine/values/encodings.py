"""Which encoding Redis 7.0 would use for a collection: what OBJECT ENCODING answers.

This engine keeps every collection the same way. Redis has a compact form for small ones and leaves
it for good when a collection outgrows it; clients and tests look at that.
Source: t_hash.c, t_set.c, t_zset.c, object.c (Redis 7.0.15).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from engine.values.collection import Collection
from engine.values.hashes import Hash
from engine.values.sets import Set
from engine.values.sorted_sets import SortedSet

_INTEGER = re.compile(rb"0|-?[1-9][0-9]*")
_LONGEST_INTEGER = 20


class Limits(Protocol):
    """The directives that bound the compact encodings."""

    @property
    def hash_max_listpack_entries(self) -> int: ...
    @property
    def hash_max_listpack_value(self) -> int: ...
    @property
    def set_max_intset_entries(self) -> int: ...
    @property
    def zset_max_listpack_entries(self) -> int: ...
    @property
    def zset_max_listpack_value(self) -> int: ...


@dataclass(frozen=True, slots=True)
class DefaultLimits:
    """The limits where nobody configures any."""

    hash_max_listpack_entries: int = 512
    hash_max_listpack_value: int = 64
    set_max_intset_entries: int = 512
    zset_max_listpack_entries: int = 128
    zset_max_listpack_value: int = 64


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


def note_loaded(limits: Limits, collection: Collection, *, is_compact: bool) -> None:
    """Note whether Redis would have a collection that it loads in its compact encoding.

    `is_compact` says that the dump has it so: then only the number of elements counts. A set is
    compact if it is all integers.
    """
    note_growth(limits, collection, 0)
    if collection.is_large:
        return
    longest = 0
    if isinstance(collection, Set):
        longest = int(not all(map(_is_integer, collection.names())))
    elif not is_compact and isinstance(collection, Hash):
        longest = max(max(len(field), len(value)) for field, value in collection.items())
    elif not is_compact and isinstance(collection, SortedSet):
        longest = max(map(len, collection.names()))
    note_growth(limits, collection, longest)


def _is_integer(member: bytes) -> bool:
    """Whether it is a signed 64-bit integer as Redis prints it."""
    return (
        len(member) <= _LONGEST_INTEGER
        and _INTEGER.fullmatch(member) is not None
        and -(1 << 63) <= int(member) < 1 << 63
    )
