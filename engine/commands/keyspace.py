"""Whole databases: count, empty and exchange them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from engine.commands.numbers import int_of
from engine.commands.table import command
from engine.replies import DB_OUT_OF_RANGE, OK, SYNTAX, CommandError, integer

if TYPE_CHECKING:
    from engine.client import Client


@command(
    "dbsize",
    1,
    "readonly fast",
    group="server",
    since="1.0.0",
    categories="keyspace",
    summary="Answers how many keys the selected database has.",
)
def dbsize(client: Client, argv: list[bytes]) -> bytes:
    """DBSIZE: keys that have expired but were not yet met count too, as in Redis."""
    return integer(len(client.db))


@command(
    "flushdb",
    -1,
    "write",
    group="server",
    since="1.0.0",
    syntax="[ASYNC | SYNC]",
    categories="keyspace dangerous",
    summary="Deletes all keys of the selected database and gives their pages back.",
)
def flushdb(client: Client, argv: list[bytes]) -> bytes:
    """FLUSHDB: always logged, also when there was nothing to delete."""
    _check_flags(argv)
    client.server.keyspace.dirty += client.db.clear()
    client.propagated = [argv]
    return OK


@command(
    "flushall",
    -1,
    "write",
    group="server",
    since="1.0.0",
    syntax="[ASYNC | SYNC]",
    categories="keyspace dangerous",
    summary="Deletes all keys of all databases and gives the arena back.",
)
def flushall(client: Client, argv: list[bytes]) -> bytes:
    """FLUSHALL.

    1. Everything is deleted, and counted as changes.
    2. A snapshot of what is gone makes no sense any more: its child is killed.
    3. Where save points exist the empty dump is saved at once, which sets `dirty` to 0.
    4. The command is always logged, also when there was nothing to delete.
    """
    _check_flags(argv)
    server = client.server
    server.keyspace.dirty += server.keyspace.flush()
    server.persistence.cancel_rdb_child()
    if server.config.save_points and not client.replaying:
        _save_nothing(client)
    client.propagated = [argv]
    return OK


def _save_nothing(client: Client) -> None:
    # a failure is in the log, and Redis answers OK all the same
    with contextlib.suppress(CommandError):
        client.server.persistence.save()


def _check_flags(argv: list[bytes]) -> None:
    if len(argv) > 2 or (len(argv) == 2 and argv[1].upper() not in (b"ASYNC", b"SYNC")):
        raise CommandError(SYNTAX)


@command(
    "swapdb",
    3,
    "write fast",
    group="server",
    since="4.0.0",
    syntax="index1 index2",
    categories="keyspace dangerous",
    summary="Exchanges two databases: what clients have selected changes under their feet.",
)
def swapdb(client: Client, argv: list[bytes]) -> bytes:
    """SWAPDB."""
    first = int_of(argv[1], "ERR invalid first DB index")
    second = int_of(argv[2], "ERR invalid second DB index")
    count = client.server.config.databases
    if not (0 <= first < count and 0 <= second < count):
        raise CommandError(DB_OUT_OF_RANGE)
    if first != second:
        client.server.keyspace.swap(first, second)
    client.server.keyspace.dirty += 1
    return OK
