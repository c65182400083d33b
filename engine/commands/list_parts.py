"""Parts of a list: ranges, and elements that are found by what they hold.

Source: t_list.c (Redis 7.0.15).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from engine.commands.changes import also, changed, delete_if_empty
from engine.commands.lookup import look_up
from engine.commands.numbers import MIN, integer_of
from engine.commands.table import command
from engine.replies import (
    EMPTY_ARRAY,
    OK,
    SYNTAX,
    CommandError,
    array,
    bulks,
    integer,
)
from engine.values.lists import List

if TYPE_CHECKING:
    from engine.client import Client

_KEY = (1, 1, 1)
_NO_RANK = (
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use "
    "negative to start from the end of the list"
)


def _bounds(start: int, end: int, size: int) -> tuple[int, int] | None:
    """(first, last) of the elements that a range means; None for none."""
    if start < 0:
        start = max(0, start + size)
    if end < 0:
        end += size
    end = min(end, size - 1)
    return (start, end) if start <= end else None


@command(
    "lrange",
    4,
    "readonly",
    group="list",
    since="1.0.0",
    keys=_KEY,
    syntax="key start stop",
    summary="Answers the elements from one position to another, both included.",
)
def lrange(client: Client, argv: list[bytes]) -> bytes:
    """LRANGE."""
    start, end = integer_of(argv[2]), integer_of(argv[3])
    elements = look_up(client, argv[1], List)
    if elements is None:
        return EMPTY_ARRAY
    bounds = _bounds(start, end, len(elements))
    return EMPTY_ARRAY if bounds is None else bulks(elements.range(*bounds))


@command(
    "ltrim",
    4,
    "write",
    group="list",
    since="1.0.0",
    keys=_KEY,
    syntax="key start stop",
    summary="Keeps the elements from one position to another and drops the others.",
)
def ltrim(client: Client, argv: list[bytes]) -> bytes:
    """LTRIM: each element that goes is a change."""
    start, end = integer_of(argv[2]), integer_of(argv[3])
    key = argv[1]
    elements = client.db.collection(key, List)
    if elements is None:
        return OK
    before = len(elements)
    bounds = _bounds(start, end, before)
    if bounds is None:
        changed(client, key, before, "l", "ltrim")
        client.db.delete(key)
        also(client, key, "g", "del")
    else:
        elements.trim(*bounds)
        changed(client, key, before - len(elements), "l", "ltrim")
    return OK


@command(
    "lrem",
    4,
    "write",
    group="list",
    since="1.0.0",
    keys=_KEY,
    syntax="key count element",
    summary="Takes equal elements out, from the end on if the count is negative; 0 means all.",
)
def lrem(client: Client, argv: list[bytes]) -> bytes:
    """LREM."""
    count = integer_of(argv[2])
    key, value = argv[1], argv[3]
    elements = client.db.collection(key, List)
    if elements is None:
        return integer(0)
    remove = elements.remove_last if count < 0 else elements.remove
    removed = remove(value, abs(count) or len(elements))
    if removed:
        changed(client, key, removed, "l", "lrem")
    delete_if_empty(client, key, elements)
    return integer(removed)


@command(
    "linsert",
    5,
    "write denyoom",
    group="list",
    since="2.2.0",
    keys=_KEY,
    syntax="key <BEFORE | AFTER> pivot element",
    summary="Puts an element next to the first one that equals the pivot.",
)
def linsert(client: Client, argv: list[bytes]) -> bytes:
    """LINSERT."""
    where = argv[2].upper()
    if where not in (b"BEFORE", b"AFTER"):
        raise CommandError(SYNTAX)
    elements = client.db.collection(argv[1], List)
    if elements is None:
        return integer(0)
    at = next((at for at, value in enumerate(elements) if value == argv[3]), None)
    if at is None:
        return integer(-1)
    at += where == b"AFTER"
    if at == len(elements):
        elements.push_right(argv[4])
    else:
        elements.insert(at, argv[4])
    changed(client, argv[1], 1, "l", "linsert")
    return integer(len(elements))


@dataclass(slots=True)
class _Search:
    rank: int = 1
    """Which match is the first to be answered; negative: from the end on."""
    count: int | None = None
    """How many are answered, 0 for all; None for one, and no array."""
    longest: int = 0
    """How many elements are looked at, 0 for all."""


@command(
    "lpos",
    -3,
    "readonly",
    group="list",
    since="6.0.6",
    keys=_KEY,
    syntax="key element [RANK rank] [COUNT num-matches] [MAXLEN len]",
    summary="Answers where in a list an element is.",
)
def lpos(client: Client, argv: list[bytes]) -> bytes:
    """LPOS."""
    search = _search(argv[3:])
    elements = look_up(client, argv[1], List)
    found = [] if elements is None else _positions(elements, argv[2], search)
    if search.count is not None:
        return array([integer(at) for at in found])
    return integer(found[0]) if found else client.null


def _search(words: list[bytes]) -> _Search:
    search = _Search()
    if len(words) % 2:
        raise CommandError(SYNTAX)
    for name, word in zip(words[::2], words[1::2], strict=True):
        option = name.upper()
        if option == b"RANK":
            search.rank = integer_of(word)
            if not search.rank:
                raise CommandError(_NO_RANK)
        elif option == b"COUNT":
            search.count = _not_negative(word, "ERR COUNT can't be negative")
        elif option == b"MAXLEN":
            search.longest = _not_negative(word, "ERR MAXLEN can't be negative")
        else:
            raise CommandError(SYNTAX)
    return search


def _not_negative(word: bytes, message: str) -> int:
    number = integer_of(word, message)
    if number < 0:
        raise CommandError(message)
    return number


def _positions(elements: List, value: bytes, search: _Search) -> list[int]:
    backwards = search.rank < 0
    values: Iterable[bytes] = elements.reversed() if backwards else elements
    if search.longest:
        values = islice(values, search.longest)
    matches = (at for at, element in enumerate(values) if element == value)
    wanted = 1 if search.count is None else search.count
    first = abs(search.rank) - 1 if search.rank > MIN else 0  # C cannot negate it: any match fits
    if first >= len(elements):
        return []
    found = list(islice(matches, first, first + wanted if wanted else None))
    return [len(elements) - 1 - at for at in found] if backwards else found
