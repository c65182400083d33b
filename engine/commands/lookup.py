"""Finding the collection that a command reads, counted as INFO's keyspace hits and misses."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from engine.replies import CommandError
from engine.values.collection import Collection

if TYPE_CHECKING:
    from engine.client import Client

_C = TypeVar("_C", bound=Collection)


def note_read(client: Client, key: bytes, *, found: bool, quiet: bool = False) -> None:
    """Count a key that was read as a hit or a miss, which subscribers hear unless it is `quiet`."""
    server = client.server
    if found:
        server.stats.keyspace_hits += 1
        return
    server.stats.keyspace_misses += 1
    if server.keyspace.on_event is not None and not quiet:
        server.keyspace.on_event(client.db.index, "m", "keymiss", key)


def is_there(client: Client, key: bytes, *, quiet: bool = False) -> bool:
    """Whether there is such a key, of any type, for a command that reads it."""
    found = client.db.find(key) is not None
    note_read(client, key, found=found, quiet=quiet)
    return found


def look_up(client: Client, key: bytes, kind: type[_C]) -> _C | None:
    """The collection at a key, None if there is none; CommandError if it is something else."""
    try:
        found = client.db.collection(key, kind)
    except CommandError:
        note_read(client, key, found=True)
        raise
    note_read(client, key, found=found is not None)
    return found


def wanted(client: Client, key: bytes, kind: type[_C]) -> _C:
    """The collection at a key to be changed, made if there is none; raises ArenaFullError.

    One that is still empty when the command fails is `delete_if_empty`'s.
    """
    database = client.db
    found = database.collection(key, kind)
    return database.create(key, kind) if found is None else found
