"""HSCAN, SSCAN and ZSCAN: what SCAN does with keys, done with one collection's elements.

What Redis keeps in a compact encoding it answers in one step, whatever COUNT says; so does this.
Source: scanGenericCommand() in db.c (Redis 7.0.15).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.commands.lookup import look_up
from engine.commands.scan import cursor_of, options_of, walk_names
from engine.commands.table import command
from engine.glob import matcher
from engine.replies import EMPTY_ARRAY, array, bulk, bulks, format_double
from engine.values.collection import NamedCollection
from engine.values.hashes import Hash
from engine.values.sets import Set
from engine.values.sorted_sets import SortedSet

if TYPE_CHECKING:
    from engine.client import Client

_KEY = (1, 1, 1)
_SYNTAX = "key cursor [MATCH pattern] [COUNT count]"
_NOTHING = array([bulk(b"0"), EMPTY_ARRAY])


@command(
    "hscan",
    -3,
    "readonly",
    group="hash",
    since="2.8.0",
    keys=_KEY,
    syntax=_SYNTAX,
    summary="Walks through a hash's fields and values in small steps.",
)
def hscan(client: Client, argv: list[bytes]) -> bytes:
    """HSCAN."""
    return _scan(client, argv, Hash)


@command(
    "sscan",
    -3,
    "readonly",
    group="set",
    since="2.8.0",
    keys=_KEY,
    syntax=_SYNTAX,
    summary="Walks through a set's members in small steps.",
)
def sscan(client: Client, argv: list[bytes]) -> bytes:
    """SSCAN."""
    return _scan(client, argv, Set)


@command(
    "zscan",
    -3,
    "readonly",
    group="sorted-set",
    since="2.8.0",
    keys=_KEY,
    syntax=_SYNTAX,
    summary="Walks through a sorted set's members and scores in small steps.",
)
def zscan(client: Client, argv: list[bytes]) -> bytes:
    """ZSCAN."""
    return _scan(client, argv, SortedSet)


def _scan(client: Client, argv: list[bytes], kind: type[NamedCollection]) -> bytes:
    cursor = cursor_of(argv[2])
    collection = look_up(client, argv[1], kind)
    if collection is None:
        return _NOTHING
    pattern, count, _ = options_of(argv[3:])
    if collection.is_large:
        cursor, names = walk_names(collection, cursor, count)
    else:
        cursor, names = 0, list(_all_names(collection))
    if pattern != b"*":
        fits = matcher(pattern)
        names = [name for name in names if fits(name)]
    return array([bulk(b"%d" % cursor), bulks(_with_rest(collection, names))])


def _all_names(collection: NamedCollection) -> Iterable[bytes]:
    """In the order in which Redis' compact encodings have them."""
    if isinstance(collection, Set):
        return collection.members()
    if isinstance(collection, SortedSet):
        return (member for member, _ in collection.items())
    return collection.names()


def _with_rest(collection: NamedCollection, names: list[bytes]) -> list[bytes]:
    """Each name, followed by its value or score."""
    if isinstance(collection, Hash):
        return [word for name in names for word in (name, collection.get(name) or b"")]
    if isinstance(collection, SortedSet):
        scores = collection.scores
        return [word for name in names for word in (name, format_double(scores[name]))]
    return names
