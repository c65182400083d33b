"""Snapshots on request: SAVE, BGSAVE and their kin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.table import command
from engine.replies import OK, SYNTAX, CommandError, integer

if TYPE_CHECKING:
    from engine.client import Client


@command(
    "save",
    1,
    "admin noscript no_async_loading no_multi",
    group="server",
    since="1.0.0",
    summary="Writes a dump and serves nobody meanwhile.",
)
def save(client: Client, argv: list[bytes]) -> bytes:
    """SAVE."""
    client.server.persistence.save()
    return OK


@command(
    "bgsave",
    -1,
    "admin noscript no_async_loading",
    group="server",
    since="1.0.0",
    syntax="[SCHEDULE]",
    summary="Forks a child that writes a dump while the server goes on.",
)
def bgsave(client: Client, argv: list[bytes]) -> bytes:
    """BGSAVE: inside EXEC it is scheduled, for a fork there would save half a transaction."""
    if len(argv) > 2 or (len(argv) == 2 and argv[1].upper() != b"SCHEDULE"):
        raise CommandError(SYNTAX)
    persistence = client.server.persistence
    if client.transaction is not None:
        return persistence.schedule_bgsave()
    return persistence.bgsave(schedule=len(argv) == 2)


@command(
    "lastsave",
    1,
    "loading stale fast",
    group="server",
    since="1.0.0",
    categories="admin dangerous",
    summary="Answers the Unix time of the last dump that is complete.",
)
def lastsave(client: Client, argv: list[bytes]) -> bytes:
    """LASTSAVE."""
    return integer(client.server.persistence.lastsave)


@command(
    "bgrewriteaof",
    1,
    "admin noscript no_async_loading",
    group="server",
    since="1.0.0",
    summary="Forks a child that writes the AOF anew, as short as it can be.",
)
def bgrewriteaof(client: Client, argv: list[bytes]) -> bytes:
    """BGREWRITEAOF: inside EXEC it is scheduled, as BGSAVE is."""
    return client.server.persistence.rewrites.start()
