"""COPY: the same value under another key, or in another database.

Source: copyCommand() in db.c (Redis 7.0.15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.changes import changed_in
from engine.commands.lookup import is_there
from engine.commands.numbers import int_of
from engine.commands.table import command
from engine.replies import DB_OUT_OF_RANGE, SYNTAX, CommandError, integer

if TYPE_CHECKING:
    from engine.client import Client
    from engine.database import Database


@command(
    "copy",
    -3,
    "write denyoom",
    group="generic",
    since="6.2.0",
    keys=(1, 2, 1),
    syntax="source destination [DB destination-db] [REPLACE]",
    summary="Puts a copy of a value and its expiry under another key.",
)
def copy(client: Client, argv: list[bytes]) -> bytes:
    """COPY: what is replaced stays until the copy is there."""
    source, target = argv[1], argv[2]
    database, replace = _options(client, argv[3:])
    if database is client.db and source == target:
        raise CommandError("ERR source and destination objects are the same")
    if not is_there(client, source):
        return integer(0)
    if database.find(target) is not None and not replace:
        return integer(0)
    client.db.copy(source, database, target)
    changed_in(client, database, target, 1, "g", "copy_to")
    return integer(1)


def _options(client: Client, words: list[bytes]) -> tuple[Database, bool]:
    """(where to, whether to replace what is there)."""
    database, replace = client.db, False
    rest = iter(words)
    for word in rest:
        if word.upper() == b"REPLACE":
            replace = True
        elif word.upper() == b"DB" and (number := next(rest, None)) is not None:
            index = int_of(number)
            if not 0 <= index < client.server.config.databases:
                raise CommandError(DB_OUT_OF_RANGE)
            database = client.server.keyspace.databases[index]
        else:
            raise CommandError(SYNTAX)
    return database, replace
