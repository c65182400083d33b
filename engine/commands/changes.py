"""What a command that changed a key has to tell: watchers, subscribers, the counter of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.client import Client
    from engine.database import Database
    from engine.values.collection import Collection


def changed(client: Client, key: bytes, changes: int, kind: str, event: str) -> None:
    """A command of this client changed `key` of its database; `changes` are added to dirty.

    `kind` is the letter of notify-keyspace-events that the event belongs to (`h` for hashes).
    """
    changed_in(client, client.db, key, changes, kind, event)


def changed_in(
    client: Client, database: Database, key: bytes, changes: int, kind: str, event: str
) -> None:
    """The same in another database than the client's."""
    if database.watched and key in database.watched:
        database.modified(key)
    keyspace = client.server.keyspace
    keyspace.dirty += changes
    if keyspace.on_event is not None:
        keyspace.on_event(database.index, kind, event, key)


def logged_deletion(key: bytes, *, lazy: bool) -> list[list[bytes]]:
    """What the AOF has of a key that went without a DEL of its own; `lazy` as lazyfree-lazy-...
    says of such keys. Here either means the same."""
    return [[b"UNLINK" if lazy else b"DEL", key]]


def also(client: Client, key: bytes, kind: str, event: str) -> None:
    """Tell one more thing that a command did to a key."""
    keyspace = client.server.keyspace
    if keyspace.on_event is not None:
        keyspace.on_event(client.db.index, kind, event, key)


def delete_if_empty(client: Client, key: bytes, collection: Collection) -> bool:
    """Delete a collection's key when its last element has gone; True if so."""
    if len(collection):
        return False
    client.db.delete(key)
    also(client, key, "g", "del")
    return True
