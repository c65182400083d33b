"""Several strings at once: all of them, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.changes import changed
from engine.commands.strings import get
from engine.commands.table import command
from engine.replies import OK, CommandError, array, integer, wrong_arity

if TYPE_CHECKING:
    from engine.client import Client


@command(
    "mset",
    -3,
    "write denyoom",
    group="string",
    since="1.0.1",
    keys=(1, -1, 2),
    syntax="key value [key value ...]",
    summary="Stores several strings at once.",
)
def mset(client: Client, argv: list[bytes]) -> bytes:
    """MSET: each pair counts as one change."""
    if not len(argv) % 2:
        raise wrong_arity("mset")
    _set_all(client, argv)
    return OK


@command(
    "msetnx",
    -3,
    "write denyoom",
    group="string",
    since="1.0.1",
    keys=(1, -1, 2),
    syntax="key value [key value ...]",
    summary="Stores several strings at once if none of the keys exists.",
)
def msetnx(client: Client, argv: list[bytes]) -> bytes:
    """MSETNX: all or nothing."""
    if not len(argv) % 2:
        raise wrong_arity("msetnx")
    if any(client.db.find(key) is not None for key in argv[1::2]):
        return integer(0)
    _set_all(client, argv)
    return integer(1)


def _set_all(client: Client, argv: list[bytes]) -> None:
    """Store all pairs or, where the arena is full, none."""
    database = client.db
    if database.arena.has_room(sum(map(len, argv)), len(argv)):
        for key, value in zip(argv[1::2], argv[2::2], strict=True):
            database.set(key, value)
            changed(client, key, 1, "$", "set")
    else:
        database.set_all(dict(zip(argv[1::2], argv[2::2], strict=True)))
        for key in argv[1::2]:
            changed(client, key, 1, "$", "set")


@command(
    "mget",
    -2,
    "readonly fast",
    group="string",
    since="1.0.0",
    keys=(1, -1, 1),
    syntax="key [key ...]",
    summary="Answers the strings under several keys.",
)
def mget(client: Client, argv: list[bytes]) -> bytes:
    """MGET: a key of another type answers null."""
    return array([_get_or_null(client, key) for key in argv[1:]])


def _get_or_null(client: Client, key: bytes) -> bytes:
    try:
        return get(client, [b"GET", key])
    except CommandError:
        return client.null
