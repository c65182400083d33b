"""Finding the collection that a command reads, counted as INFO's keyspace hits and misses."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from engine.replies import CommandError
from engine.values.collection import Collection

if TYPE_CHECKING:
    from engine.client import Client

_C = TypeVar("_C", bound=Collection)


def look_up(client: Client, key: bytes, kind: type[_C]) -> _C | None:
    """The collection at a key, None if there is none; CommandError if it is something else."""
    stats = client.server.stats
    try:
        found = client.db.collection(key, kind)
    except CommandError:
        stats.keyspace_hits += 1
        raise
    if found is None:
        stats.keyspace_misses += 1
    else:
        stats.keyspace_hits += 1
    return found


def wanted(client: Client, key: bytes, kind: type[_C]) -> _C:
    """The collection at a key to be changed, made if there is none; raises ArenaFullError.

    One that is still empty when the command fails is `delete_if_empty`'s.
    """
    database = client.db
    found = database.collection(key, kind)
    return database.create(key, kind) if found is None else found
