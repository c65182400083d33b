"""SORT: the elements of a list, set or sorted set by their own weights or by other keys'.

Redis compares texts by the locale's rules unless it stores them, and then by their bytes; here
they are always compared by their bytes, as in the C locale.
Source: sort.c (Redis 7.0.15).
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

from engine.commands.changes import changed
from engine.commands.lookup import is_there
from engine.commands.scores import strtod
from engine.commands.sort_options import SortOptions, keys_of_sort, parse, referred
from engine.commands.table import command
from engine.errors import ArenaFullError
from engine.replies import WRONG_TYPE, CommandError, array, bulk, integer
from engine.values.chunks import string
from engine.values.lists import List
from engine.values.sets import Set
from engine.values.sorted_sets import SortedSet

if TYPE_CHECKING:
    from engine.client import Client

_KEY = (1, 1, 1)
_SYNTAX = (
    "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA]"
)
_NO_NUMBER = "ERR One or more scores can't be converted into double"


@command(
    "sort",
    -2,
    "write denyoom movablekeys",
    group="generic",
    since="1.0.0",
    keys=_KEY,
    syntax=f"{_SYNTAX} [STORE destination]",
    categories="-keyspace set sortedset list dangerous",
    summary="Answers or stores the elements of a list, set or sorted set in order.",
    find_keys=keys_of_sort,
)
def sort(client: Client, argv: list[bytes]) -> bytes:
    """SORT."""
    return _sort(client, argv[1], parse(argv[2:], may_store=True))


@command(
    "sort_ro",
    -2,
    "readonly movablekeys",
    group="generic",
    since="7.0.0",
    keys=_KEY,
    syntax=_SYNTAX,
    categories="-keyspace set sortedset list dangerous",
    summary="Answers the elements of a list, set or sorted set in order.",
)
def sort_ro(client: Client, argv: list[bytes]) -> bytes:
    """SORT_RO."""
    return _sort(client, argv[1], parse(argv[2:], may_store=False))


def _sort(client: Client, key: bytes, options: SortOptions) -> bytes:
    elements = _ordered(client, key, options)
    chosen = elements[options.part(len(elements))]
    answers: list[bytes | None]
    if options.gets:
        answers = [referred(client, each, element) for element in chosen for each in options.gets]
    else:
        answers = list(chosen)
    if options.store is not None:
        return integer(_store(client, options.store, [each or b"" for each in answers]))
    return array([client.null if each is None else bulk(each) for each in answers])


def _ordered(client: Client, key: bytes, options: SortOptions) -> list[bytes]:
    """All elements in the order that was asked for; raises CommandError."""
    collection = client.db.collections.get(key) if is_there(client, key) else None
    if isinstance(collection, List):
        elements = list(collection)
    elif isinstance(collection, Set):
        elements = collection.members()
        if options.keeps_order and options.store is not None:
            return sorted(elements, reverse=options.descending)  # the same list in every run
        if options.keeps_order:
            return elements
    elif isinstance(collection, SortedSet):
        collection.is_large = True  # Redis' SORT converts it, and it stays so
        elements = [member for member, _ in collection.items()]
    elif key in client.db.keys:
        raise CommandError(WRONG_TYPE)
    else:
        return []
    if options.keeps_order:
        return elements[::-1] if options.descending else elements
    return _sorted(client, elements, options)


def _sorted(client: Client, elements: list[bytes], options: SortOptions) -> list[bytes]:
    weights: list[bytes | None]
    if options.by:
        weights = [referred(client, options.by, element) for element in elements]
    else:
        weights = list(elements)
    keys: list[tuple[object, ...]]
    if not options.by_text:
        keys = [(_number(weight), each) for weight, each in zip(weights, elements, strict=True)]
    else:
        keys = [(weight is not None, weight or b"") for weight in weights]
    order = sorted(range(len(elements)), key=keys.__getitem__, reverse=options.descending)
    return [elements[at] for at in order]


def _number(weight: bytes | None) -> float:
    """A weight as C's strtod() reads it, up to a zero byte; what is missing weighs nothing."""
    text = (weight or b"").partition(b"\0")[0]
    number, size = strtod(text)
    lowered = text.lower()
    overflows = math.isinf(number) and b"i" not in lowered
    if size != len(text) or math.isnan(number) or overflows or _underflows(number, lowered):
        raise CommandError(_NO_NUMBER)
    return number


def _underflows(number: float, text: bytes) -> bool:
    """Whether digits were lost below the smallest normal double (ERANGE)."""
    if abs(number) >= sys.float_info.min or (number and b"x" in text):
        return False
    mantissa = text.partition(b"p" if b"x" in text else b"e")[0].replace(b"0x", b"", 1)
    return bool(mantissa.strip(b" \t\n\v\f\r+-0."))


def _store(client: Client, key: bytes, values: list[bytes]) -> int:
    database = client.db
    if not values:
        if database.delete(key):
            changed(client, key, 1, "g", "del")
        return 0
    database.find(key)  # has an expired one deleted and logged first
    collection = List(database.arena, database.index, key)
    try:
        collection.load([string(value) for value in values])
    except ArenaFullError:
        collection.free()
        raise
    database.adopt(key, collection)
    changed(client, key, len(values), "l", "sortstore")
    return len(values)
