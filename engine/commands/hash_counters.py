"""Fields of a hash that are numbers.

Source: hincrbyCommand() and hincrbyfloatCommand() in t_hash.c (Redis 7.0.15).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from engine.commands.hashes import store
from engine.commands.numbers import (
    MAX,
    MIN,
    add_long_doubles,
    format_long_double,
    integer_of,
    long_double_of,
)
from engine.commands.table import command
from engine.replies import NOT_A_FLOAT, NOT_FINITE, OVERFLOW, CommandError, bulk, integer
from engine.values.hashes import Hash

if TYPE_CHECKING:
    from engine.client import Client

_KEY = (1, 1, 1)
_INFINITE = "ERR value is NaN or Infinity"
_NO_INTEGER = "ERR hash value is not an integer"
_NO_FLOAT = "ERR hash value is not a float"


@command(
    "hincrby",
    4,
    "write denyoom fast",
    group="hash",
    since="2.0.0",
    keys=_KEY,
    syntax="key field increment",
    summary="Adds to a field that is a number.",
)
def hincrby(client: Client, argv: list[bytes]) -> bytes:
    """HINCRBY."""
    increment = integer_of(argv[3])
    value = _value(client, argv)
    total = (0 if value is None else integer_of(value, _NO_INTEGER)) + increment
    if not MIN <= total <= MAX:
        raise CommandError(OVERFLOW)
    store(client, [*argv[:3], b"%d" % total], "hincrby")
    return integer(total)


@command(
    "hincrbyfloat",
    4,
    "write denyoom fast",
    group="hash",
    since="2.6.0",
    keys=_KEY,
    syntax="key field increment",
    summary="Adds to a field that is a number with decimals.",
)
def hincrbyfloat(client: Client, argv: list[bytes]) -> bytes:
    """HINCRBYFLOAT: logged as HSET, so that loading needs no arithmetic."""
    increment = _number(argv[3], NOT_A_FLOAT, _INFINITE)
    value = _value(client, argv)
    current = Fraction(0) if value is None else _number(value, _NO_FLOAT, NOT_FINITE)
    total = format_long_double(add_long_doubles(current, increment))
    store(client, [*argv[:3], total], "hincrbyfloat")
    client.propagated = [[b"HSET", argv[1], argv[2], total]]
    return bulk(total)


def _value(client: Client, argv: list[bytes]) -> bytes | None:
    collection = client.db.collection(argv[1], Hash)
    return None if collection is None else collection.get(argv[2])


def _number(word: bytes, malformed: str, infinite: str) -> Fraction:
    try:
        return long_double_of(word)
    except CommandError as problem:
        raise CommandError(infinite if str(problem) == NOT_FINITE else malformed) from None
