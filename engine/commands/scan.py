"""SCAN and its like: walks through keys or elements in small steps that survive every change.

The promise is Redis': a key, or a collection's element, that exists from the first call to the
last is answered at least once. Redis walks its hash table's buckets; a Python dict has none to
show, so that a scan's first call makes an index of our own: names in buckets by the top bits of
their hash. A cursor is a position in the space of hashes and nothing else, and thus means the same
in every index:

- An index that a later scan has made holds all names that existed then, and so everything that has
  existed since this scan began. Going on in it misses nothing.
- An index serves a new scan only while the newest name is still the one that was newest when it was
  made: a dict keeps its insertion order, so that no name can have been added in between.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from engine.commands.numbers import integer_of
from engine.commands.table import command
from engine.database import Database
from engine.glob import matcher
from engine.replies import INVALID_CURSOR, SYNTAX, CommandError, array, bulk, bulks
from engine.values.collection import Collection, NamedCollection

if TYPE_CHECKING:
    from engine.client import Client

_HASH_BITS = 32
_KEYS_A_BUCKET = 8
_DEFAULT_COUNT = 10
_MAX_CURSOR = (1 << 64) - 1
_CURSOR = re.compile(rb"[+-]?[0-9]+|")


class ScanIndex:
    """The keys of a dict at one moment, in buckets by their hash."""

    def __init__(self, keys: dict[bytes, Any]) -> None:
        self.keys = keys
        self.newest = _newest(keys)
        bits = (len(keys) // _KEYS_A_BUCKET).bit_length()
        self._shift = _HASH_BITS - bits
        self._buckets: list[list[bytes]] = [[] for _ in range(1 << bits)]
        mask = (1 << _HASH_BITS) - 1
        for key in keys:
            self._buckets[(hash(key) & mask) >> self._shift].append(key)

    def serves(self, keys: dict[bytes, Any], cursor: int) -> bool:
        """Whether a scan of these keys may go on in it; a new one (0) only if none was added."""
        return self.keys is keys and (cursor != 0 or _newest(keys) is self.newest)

    def walk(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """(next cursor, about `count` of the keys from `cursor` on); the last cursor is 0."""
        found: list[bytes] = []
        for number in range(cursor >> self._shift, len(self._buckets)):
            if len(found) >= count:
                return number << self._shift, found
            found.extend(self._buckets[number])
        return 0, found


_INDEXES: WeakKeyDictionary[Database | Collection, ScanIndex] = WeakKeyDictionary()


def _newest(keys: dict[bytes, Any]) -> bytes | None:
    return next(reversed(keys), None)


def walk(database: Database, cursor: int, count: int) -> tuple[int, list[bytes]]:
    """(next cursor, keys that exist) of one step of a scan."""
    cursor, found = _step(database, database.keys, cursor, count)
    return cursor, [key for key in found if database.find(key) is not None]


def walk_names(collection: NamedCollection, cursor: int, count: int) -> tuple[int, list[bytes]]:
    """(next cursor, names that are there) of one step through a hash's, set's or sorted set's."""
    cursor, found = _step(collection, collection.places, cursor, count)
    return cursor, [name for name in found if name in collection]


def _step(
    owner: Database | Collection, keys: dict[bytes, Any], cursor: int, count: int
) -> tuple[int, list[bytes]]:
    cursor %= 1 << _HASH_BITS
    index = _INDEXES.get(owner)
    if index is None or not index.serves(keys, cursor):
        index = _INDEXES[owner] = ScanIndex(keys)
    cursor, found = index.walk(cursor, count)
    if cursor == 0:
        del _INDEXES[owner]
    return cursor, found


@command(
    "scan",
    -2,
    "readonly",
    group="generic",
    since="2.8.0",
    syntax="cursor [MATCH pattern] [COUNT count] [TYPE type]",
    summary="Walks through the keys in small steps, from cursor 0 until it answers 0 again.",
)
def scan(client: Client, argv: list[bytes]) -> bytes:
    """SCAN."""
    cursor = cursor_of(argv[1])
    pattern, count, kind = options_of(argv[2:], with_type=True)
    database = client.db
    cursor, found = walk(database, cursor, count)
    if pattern != b"*":
        fits = matcher(pattern)
        found = [key for key in found if fits(key)]
    if kind:
        found = [key for key in found if database.type_of(key) == kind]
    return array([bulk(b"%d" % cursor), bulks(found)])


def cursor_of(word: bytes) -> int:
    """A cursor as C's strtoul() reads it; raises CommandError."""
    text = word.partition(b"\0")[0]
    if not _CURSOR.fullmatch(text) or abs(cursor := int(text or b"0")) > _MAX_CURSOR:
        raise CommandError(INVALID_CURSOR)
    return cursor % (_MAX_CURSOR + 1)


def options_of(words: list[bytes], *, with_type: bool = False) -> tuple[bytes, int, str]:
    """(pattern, count, type) of the words behind a cursor; raises CommandError."""
    pattern, count, kind = b"*", _DEFAULT_COUNT, ""
    for name, word in _pairs(words):
        if name == b"COUNT":
            count = integer_of(word)
            if count < 1:
                raise CommandError(SYNTAX)
        elif name == b"MATCH":
            pattern = word
        elif name == b"TYPE" and with_type:
            kind = word.decode("latin-1").lower()
        else:
            raise CommandError(SYNTAX)
    return pattern, count, kind


def _pairs(words: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    for position in range(0, len(words), 2):
        if position + 1 == len(words):
            raise CommandError(SYNTAX)
        yield words[position].upper(), words[position + 1]
