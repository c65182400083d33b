"""Lists: putting elements in at either end, taking them out, asking for single ones.

Source: t_list.c (Redis 7.0.15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.changes import also, changed
from engine.commands.lookup import look_up
from engine.commands.numbers import integer_of
from engine.commands.table import command
from engine.errors import ArenaFullError
from engine.replies import (
    INDEX_OUT_OF_RANGE,
    NO_SUCH_KEY,
    NOT_POSITIVE,
    OK,
    CommandError,
    bulk,
    bulks,
    integer,
    null_array,
    wrong_arity,
)
from engine.values.lists import List

if TYPE_CHECKING:
    from engine.client import Client

_KEY = (1, 1, 1)


def push(client: Client, key: bytes, values: list[bytes], *, left: bool) -> int:
    """Put values in one after the other, in a new list if there is none; how many it has now.

    A full arena (ArenaFullError) leaves what was there.
    """
    database = client.db
    elements = database.collection(key, List)
    if elements is None:
        elements = database.create(key, List)
    before = len(elements)
    add = elements.push_left if left else elements.push_right
    try:
        for value in values:
            add(value)
    except ArenaFullError:
        _take_back(client, key, elements, before, left=left)
        raise
    changed(client, key, len(values), "l", "lpush" if left else "rpush")
    return len(elements)


def _take_back(client: Client, key: bytes, elements: List, before: int, *, left: bool) -> None:
    if not before:
        client.db.delete(key)
        return
    while len(elements) > before:
        if left:
            elements.pop_left()
        else:
            elements.pop_right()


def pop(client: Client, key: bytes, elements: List, count: int, *, left: bool) -> list[bytes]:
    """Take up to `count` (at least 1) elements out of a list that the client's database has."""
    size = len(elements)
    count = min(count, size)
    if count == 1:
        popped = [elements.pop_left() if left else elements.pop_right()]
    elif left:
        popped = elements.range(0, count - 1)
    else:
        popped = elements.range(size - count, size - 1)[::-1]
    changed(client, key, count, "l", "lpop" if left else "rpop")
    if count == size:
        client.db.delete(key)
        also(client, key, "g", "del")
    elif count > 1:
        elements.trim(count if left else 0, size - 1 if left else size - count - 1)
    return popped


@command(
    "lpush",
    -3,
    "write denyoom fast",
    group="list",
    since="1.0.0",
    keys=_KEY,
    syntax="key element [element ...]",
    summary="Puts elements at the front of a list, one before the other.",
)
def lpush(client: Client, argv: list[bytes]) -> bytes:
    """LPUSH."""
    return integer(push(client, argv[1], argv[2:], left=True))


@command(
    "rpush",
    -3,
    "write denyoom fast",
    group="list",
    since="1.0.0",
    keys=_KEY,
    syntax="key element [element ...]",
    summary="Puts elements at the end of a list.",
)
def rpush(client: Client, argv: list[bytes]) -> bytes:
    """RPUSH."""
    return integer(push(client, argv[1], argv[2:], left=False))


def _push_to_existing(client: Client, argv: list[bytes], *, left: bool) -> bytes:
    if client.db.collection(argv[1], List) is None:
        return integer(0)
    return integer(push(client, argv[1], argv[2:], left=left))


@command(
    "lpushx",
    -3,
    "write denyoom fast",
    group="list",
    since="2.2.0",
    keys=_KEY,
    syntax="key element [element ...]",
    summary="Puts elements at the front of a list if there is one.",
)
def lpushx(client: Client, argv: list[bytes]) -> bytes:
    """LPUSHX."""
    return _push_to_existing(client, argv, left=True)


@command(
    "rpushx",
    -3,
    "write denyoom fast",
    group="list",
    since="2.2.0",
    keys=_KEY,
    syntax="key element [element ...]",
    summary="Puts elements at the end of a list if there is one.",
)
def rpushx(client: Client, argv: list[bytes]) -> bytes:
    """RPUSHX."""
    return _push_to_existing(client, argv, left=False)


def _pop(client: Client, argv: list[bytes], *, left: bool) -> bytes:
    if len(argv) > 3:
        raise wrong_arity("lpop" if left else "rpop")
    count = 1
    if len(argv) == 3:
        count = integer_of(argv[2], NOT_POSITIVE)
        if count < 0:
            raise CommandError(NOT_POSITIVE)
    elements = client.db.collection(argv[1], List)
    if len(argv) == 2:
        if elements is None:
            return client.null
        return bulk(pop(client, argv[1], elements, 1, left=left)[0])
    if elements is None:
        return null_array(client.resp)
    return bulks(pop(client, argv[1], elements, count, left=left) if count else [])


@command(
    "lpop",
    -2,
    "write fast",
    group="list",
    since="1.0.0",
    keys=_KEY,
    syntax="key [count]",
    summary="Takes elements from the front of a list.",
)
def lpop(client: Client, argv: list[bytes]) -> bytes:
    """LPOP."""
    return _pop(client, argv, left=True)


@command(
    "rpop",
    -2,
    "write fast",
    group="list",
    since="1.0.0",
    keys=_KEY,
    syntax="key [count]",
    summary="Takes elements from the end of a list.",
)
def rpop(client: Client, argv: list[bytes]) -> bytes:
    """RPOP."""
    return _pop(client, argv, left=False)


@command(
    "llen",
    2,
    "readonly fast",
    group="list",
    since="1.0.0",
    keys=_KEY,
    syntax="key",
    summary="Answers how many elements a list has.",
)
def llen(client: Client, argv: list[bytes]) -> bytes:
    """LLEN."""
    elements = look_up(client, argv[1], List)
    return integer(0 if elements is None else len(elements))


@command(
    "lindex",
    3,
    "readonly",
    group="list",
    since="1.0.0",
    keys=_KEY,
    syntax="key index",
    summary="Answers the element at a position; negative ones count from the end.",
)
def lindex(client: Client, argv: list[bytes]) -> bytes:
    """LINDEX."""
    elements = look_up(client, argv[1], List)
    if elements is None:
        return client.null
    index = integer_of(argv[2])
    size = len(elements)
    if not -size <= index < size:
        return client.null
    return bulk(elements[index % size])


@command(
    "lset",
    4,
    "write denyoom",
    group="list",
    since="1.0.0",
    keys=_KEY,
    syntax="key index element",
    summary="Puts another element at a position.",
)
def lset(client: Client, argv: list[bytes]) -> bytes:
    """LSET."""
    elements = client.db.collection(argv[1], List)
    if elements is None:
        raise CommandError(NO_SUCH_KEY)
    index = integer_of(argv[2])
    size = len(elements)
    if not -size <= index < size:
        raise CommandError(INDEX_OUT_OF_RANGE)
    elements.set(index % size, argv[3])
    changed(client, argv[1], 1, "l", "lset")
    return OK
