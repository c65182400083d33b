"""SCAN: a walk through the keys in small steps that survives every change on its way.

The promise is Redis': a key that exists from the first call to the last is answered at least
once. Redis walks its hash table's buckets; a Python dict has none to show, so that a scan's first
call makes an index of our own: keys in buckets by the top bits of their hash. A cursor is a
position in the space of hashes and nothing else, and thus means the same in every index:

- An index that a later scan has made holds all keys that existed then, and so everything that has
  existed since this scan began. Going on in it misses nothing.
- An index serves a new scan only while the newest key is still the one that was newest when it was
  made: a dict keeps its insertion order, so that no key can have been added in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from engine.commands.numbers import integer_of
from engine.commands.table import command
from engine.database import Database
from engine.glob import matcher
from engine.replies import INVALID_CURSOR, SYNTAX, CommandError, array, bulk, bulks

if TYPE_CHECKING:
    from engine.client import Client

_HASH_BITS = 32
_KEYS_A_BUCKET = 8
_DEFAULT_COUNT = 10
_MAX_CURSOR = (1 << 64) - 1


class ScanIndex:
    """The keys of a database at one moment, in buckets by their hash."""

    def __init__(self, keys: dict[bytes, int]) -> None:
        self.keys = keys
        self.newest = next(reversed(keys), None)
        bits = (len(keys) // _KEYS_A_BUCKET).bit_length()
        self._shift = _HASH_BITS - bits
        self._buckets: list[list[bytes]] = [[] for _ in range(1 << bits)]
        mask = (1 << _HASH_BITS) - 1
        for key in keys:
            self._buckets[(hash(key) & mask) >> self._shift].append(key)

    def is_current(self, keys: dict[bytes, int]) -> bool:
        """Whether no key has been added since this index was made."""
        return self.keys is keys and next(reversed(keys), None) is self.newest

    def walk(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """(next cursor, about `count` of the keys from `cursor` on); the last cursor is 0."""
        found: list[bytes] = []
        for number in range(cursor >> self._shift, len(self._buckets)):
            if len(found) >= count:
                return number << self._shift, found
            found.extend(self._buckets[number])
        return 0, found


_INDEXES: WeakKeyDictionary[Database, ScanIndex] = WeakKeyDictionary()


def walk(database: Database, cursor: int, count: int) -> tuple[int, list[bytes]]:
    """(next cursor, keys that exist) of one step of a scan."""
    index = _INDEXES.get(database)
    if (
        index is None
        or index.keys is not database.keys
        or (cursor == 0 and not index.is_current(database.keys))
    ):
        index = _INDEXES[database] = ScanIndex(database.keys)
    cursor, found = index.walk(cursor, count)
    if cursor == 0:
        del _INDEXES[database]
    return cursor, [key for key in found if database.find(key) is not None]


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
    cursor = _cursor_of(argv[1])
    pattern, count, kind = _options(argv[2:])
    database = client.db
    cursor, found = walk(database, cursor % (1 << _HASH_BITS), count)
    if pattern != b"*":
        fits = matcher(pattern)
        found = [key for key in found if fits(key)]
    if kind:
        found = [key for key in found if database.type_of(key) == kind]
    return array([bulk(b"%d" % cursor), bulks(found)])


def _cursor_of(word: bytes) -> int:
    if not word.isdigit() or len(word) > 20 or (cursor := int(word)) > _MAX_CURSOR:
        raise CommandError(INVALID_CURSOR)
    return cursor


def _options(words: list[bytes]) -> tuple[bytes, int, str]:
    pattern, count, kind = b"*", _DEFAULT_COUNT, ""
    for name, word in _pairs(words):
        if name == b"COUNT":
            count = integer_of(word)
            if count < 1:
                raise CommandError(SYNTAX)
        elif name == b"MATCH":
            pattern = word
        elif name == b"TYPE":
            kind = word.decode("latin-1").lower()
        else:
            raise CommandError(SYNTAX)
    return pattern, count, kind


def _pairs(words: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    for position in range(0, len(words), 2):
        if position + 1 == len(words):
            raise CommandError(SYNTAX)
        yield words[position].upper(), words[position + 1]
