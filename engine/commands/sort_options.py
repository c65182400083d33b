"""The options of SORT: how to order, what to answer, where to put it.

Source: sortCommandGeneric() and lookupKeyByPattern() in sort.c (Redis 7.0.15).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.commands.lookup import is_there
from engine.commands.numbers import integer_of
from engine.replies import SYNTAX, CommandError
from engine.values.hashes import Hash

if TYPE_CHECKING:
    from engine.client import Client

_FOLLOWED_BY = {b"LIMIT": 2, b"STORE": 1, b"BY": 1, b"GET": 1}


@dataclass(slots=True)
class SortOptions:
    """What was asked for."""

    descending: bool = False
    by_text: bool = False
    """ALPHA: compare bytes, not numbers."""
    offset: int = 0
    count: int = -1
    """How many to answer; negative: all."""
    by: bytes = b""
    """The pattern of the keys that hold the weights; empty: elements weigh themselves."""
    keeps_order: bool = False
    """BY had a pattern without `*`: nothing is sorted."""
    gets: list[bytes] = field(default_factory=list)
    store: bytes | None = None

    def part(self, length: int) -> slice:
        """What LIMIT leaves of so many elements."""
        start = min(max(self.offset, 0), length)
        return slice(start, length if self.count < 0 else min(start + self.count, length))


def parse(words: Sequence[bytes], *, may_store: bool) -> SortOptions:
    """The words behind SORT's key; raises CommandError."""
    options = SortOptions()
    for name, values in _options(words):
        if name in (b"ASC", b"DESC"):
            options.descending = name == b"DESC"
        elif name == b"ALPHA":
            options.by_text = True
        elif name == b"LIMIT":
            options.offset, options.count = map(integer_of, values)
        elif name == b"STORE" and may_store:
            (options.store,) = values
        elif name == b"BY":
            (options.by,) = values
            options.keeps_order |= b"*" not in options.by
        elif name == b"GET":
            options.gets += values
        else:
            raise CommandError(SYNTAX)
    return options


def keys_of_sort(argv: Sequence[bytes]) -> list[bytes]:
    """The key that is sorted, and the one that the result goes to."""
    stored = b""
    for name, values in _options(argv[2:], strict=False):
        if name == b"STORE":
            stored = values[0]
    return [argv[1], stored] if stored else [argv[1]]


def _options(
    words: Sequence[bytes], *, strict: bool = True
) -> Iterator[tuple[bytes, Sequence[bytes]]]:
    """(name in upper case, the words that belong to it)."""
    at = 0
    while at < len(words):
        name = words[at].upper()
        end = at + 1 + _FOLLOWED_BY.get(name, 0)
        if end > len(words):
            if strict:
                raise CommandError(SYNTAX)
            return
        yield name, words[at + 1 : end]
        at = end


def referred(client: Client, pattern: bytes, element: bytes) -> bytes | None:
    """What a pattern leads to, the element standing for its `*`: `key_*` or `key_*->field`.

    `#` is the element itself; None for a key or field that is not there or is no string.
    """
    if pattern == b"#":
        return element
    before, star, behind = pattern.partition(b"*")
    if not star:
        return None
    behind_key, _, field_name = behind.partition(b"->")
    key = before + element + (behind_key if field_name else behind)
    database = client.db
    if not is_there(client, key):
        return None
    collection = database.collections.get(key)
    if field_name:
        return collection.get(field_name) if isinstance(collection, Hash) else None
    return database.get(key) if collection is None else None
