"""Parts of a string: its length, its end, a range of its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.changes import changed
from engine.commands.lookup import is_there
from engine.commands.numbers import integer_of
from engine.commands.object_command import keep_encoding
from engine.commands.table import command
from engine.replies import (
    EMPTY_BULK,
    OFFSET_OUT_OF_RANGE,
    STRING_TOO_LONG,
    CommandError,
    bulk,
    integer,
)

if TYPE_CHECKING:
    from engine.client import Client

_KEY = (1, 1, 1)


@command(
    "append",
    3,
    "write denyoom fast",
    group="string",
    since="2.0.0",
    keys=_KEY,
    syntax="key value",
    summary="Adds bytes to the end of a string.",
)
def append(client: Client, argv: list[bytes]) -> bytes:
    """APPEND."""
    key, tail = argv[1], argv[2]
    check_length(client, client.db.length(key) + len(tail))
    is_new = client.db.find(key) is None
    length = client.db.append(key, tail)
    if not is_new:
        keep_encoding(client.db, key, "raw")
    changed(client, key, 1, "$", "append")
    return integer(length)


def check_length(client: Client, length: int) -> None:
    """Raise CommandError if a string of so many bytes is too long."""
    if length > client.server.config.proto_max_bulk_len:
        raise CommandError(STRING_TOO_LONG)


@command(
    "strlen",
    2,
    "readonly fast",
    group="string",
    since="2.2.0",
    keys=_KEY,
    syntax="key",
    summary="Answers how many bytes a string has.",
)
def strlen(client: Client, argv: list[bytes]) -> bytes:
    """STRLEN."""
    return integer(client.db.length(argv[1]) if is_there(client, argv[1]) else 0)


@command(
    "getrange",
    4,
    "readonly",
    group="string",
    since="2.4.0",
    keys=_KEY,
    syntax="key start end",
    summary="Answers a part of a string; negative positions count from its end.",
)
def getrange(client: Client, argv: list[bytes]) -> bytes:
    """GETRANGE."""
    start, end = integer_of(argv[2]), integer_of(argv[3])
    length = client.db.length(argv[1]) if is_there(client, argv[1]) else 0
    if start < 0 and end < 0 and start > end:
        return EMPTY_BULK
    if start < 0:
        start = max(0, length + start)
    if end < 0:
        end = max(0, length + end)
    end = min(end, length - 1)
    if start > end or not length:
        return EMPTY_BULK
    return bulk(client.db.get_range(argv[1], start, end - start + 1))


@command(
    "substr",
    4,
    "readonly",
    group="string",
    since="1.0.0",
    keys=_KEY,
    syntax="key start end",
    summary="The old name of GETRANGE.",
)
def substr(client: Client, argv: list[bytes]) -> bytes:
    """SUBSTR."""
    return getrange(client, argv)


@command(
    "setrange",
    4,
    "write denyoom",
    group="string",
    since="2.2.0",
    keys=_KEY,
    syntax="key offset value",
    summary="Overwrites a part of a string, which grows with zero bytes if it must.",
)
def setrange(client: Client, argv: list[bytes]) -> bytes:
    """SETRANGE."""
    offset, data = integer_of(argv[2]), argv[3]
    if offset < 0:
        raise CommandError(OFFSET_OUT_OF_RANGE)
    length = client.db.length(argv[1])
    if not data:
        return integer(length)
    check_length(client, offset + len(data))
    length = client.db.set_range(argv[1], offset, data)
    keep_encoding(client.db, argv[1], "raw")
    changed(client, argv[1], 1, "$", "setrange")
    return integer(length)
