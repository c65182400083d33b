"""Counters: strings that are numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from engine.commands.changes import changed
from engine.commands.numbers import (
    MAX,
    MIN,
    add_long_doubles,
    format_long_double,
    integer_of,
    is_infinite,
    long_double_of,
)
from engine.commands.object_command import keep_encoding
from engine.commands.table import command
from engine.replies import DECREMENT_OVERFLOW, OVERFLOW, CommandError, bulk, integer

if TYPE_CHECKING:
    from engine.client import Client

_KEY = (1, 1, 1)


def _add(client: Client, key: bytes, increment: int) -> bytes:
    database = client.db
    value = database.get(key)
    total = (integer_of(value) if value is not None else 0) + increment
    if not MIN <= total <= MAX:
        raise CommandError(OVERFLOW)
    if value is None:
        database.set(key, b"%d" % total)
    else:
        database.set_keep_expiry(key, b"%d" % total)
    keyspace = client.server.keyspace
    keyspace.dirty += 1
    if keyspace.on_event is not None:
        keyspace.on_event(database.index, "$", "incrby", key)
    return integer(total)


@command(
    "incr",
    2,
    "write denyoom fast",
    group="string",
    since="1.0.0",
    keys=_KEY,
    syntax="key",
    summary="Adds one to a number.",
)
def incr(client: Client, argv: list[bytes]) -> bytes:
    """INCR."""
    return _add(client, argv[1], 1)


@command(
    "decr",
    2,
    "write denyoom fast",
    group="string",
    since="1.0.0",
    keys=_KEY,
    syntax="key",
    summary="Takes one from a number.",
)
def decr(client: Client, argv: list[bytes]) -> bytes:
    """DECR."""
    return _add(client, argv[1], -1)


@command(
    "incrby",
    3,
    "write denyoom fast",
    group="string",
    since="1.0.0",
    keys=_KEY,
    syntax="key increment",
    summary="Adds to a number.",
)
def incrby(client: Client, argv: list[bytes]) -> bytes:
    """INCRBY."""
    return _add(client, argv[1], integer_of(argv[2]))


@command(
    "decrby",
    3,
    "write denyoom fast",
    group="string",
    since="1.0.0",
    keys=_KEY,
    syntax="key decrement",
    summary="Takes from a number.",
)
def decrby(client: Client, argv: list[bytes]) -> bytes:
    """DECRBY: the smallest integer has no negative."""
    decrement = integer_of(argv[2])
    if decrement == MIN:
        raise CommandError(DECREMENT_OVERFLOW)
    return _add(client, argv[1], -decrement)


@command(
    "incrbyfloat",
    3,
    "write denyoom fast",
    group="string",
    since="2.6.0",
    keys=_KEY,
    syntax="key increment",
    summary="Adds to a number with decimals.",
)
def incrbyfloat(client: Client, argv: list[bytes]) -> bytes:
    """INCRBYFLOAT: logged as SET with KEEPTTL, so that loading needs no arithmetic."""
    key = argv[1]
    value = client.db.get(key)
    if value is not None and is_infinite(value):
        long_double_of(argv[2])  # a word that is no number is told first
    current = Fraction(0) if value is None else long_double_of(value)
    increment = long_double_of(argv[2])
    total = format_long_double(add_long_doubles(current, increment))
    if value is None:
        client.db.set(key, total)
    else:
        client.db.set_keep_expiry(key, total)
    keep_encoding(client.db, key, "embstr")
    changed(client, key, 1, "$", "incrbyfloat")
    client.propagated = [[b"SET", key, total, b"KEEPTTL"]]
    return bulk(total)
