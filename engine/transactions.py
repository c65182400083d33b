"""Transactions: commands that wait for EXEC, and the watched keys that may call it off.

1. MULTI opens one; from then on commands are admitted (name, arity) but only queued.
2. A command that can't be admitted spoils it: EXEC will refuse.
3. WATCH, before MULTI, notes keys: if one of them is changed or expires, EXEC does nothing.
4. EXEC runs the queue in one go. What it changed enters the AOF between MULTI and EXEC.

Source: multi.c (Redis 7.0).
"""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING

from engine import dispatch
from engine.replies import array

if TYPE_CHECKING:
    from engine.client import Client
    from engine.commands.table import CommandSpec
    from engine.database import Database


class Transaction:
    """What one client has queued since its MULTI."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.commands: list[tuple[CommandSpec, list[bytes]]] = []
        self.spoiled = False
        """A command could not be queued: EXEC refuses."""
        self.executing = False

    def queue(self, spec: CommandSpec, argv: list[bytes]) -> None:
        """Keep a command for EXEC; raises CommandError if it could never run."""
        spec.admit(argv)
        self.commands.append((spec, argv))

    def spoil(self) -> None:
        """Something was refused: EXEC must not run the rest."""
        self.spoiled = True

    def forget(self) -> None:
        """The client is gone, or gives up."""
        self.commands.clear()

    def execute(self) -> bytes:
        """Run the queue; the array of its replies."""
        self.executing = True
        return self._client.server.propagate_transaction(self._run_all)

    def _run_all(self) -> bytes:
        return array([self._run(spec, argv) for spec, argv in self.commands])

    def _run(self, spec: CommandSpec, argv: list[bytes]) -> bytes:
        started = perf_counter_ns()
        reply = dispatch.call(self._client, spec, argv)
        spec.calls += 1
        spec.nanoseconds += perf_counter_ns() - started
        return reply


class _WatchedKey:
    """One of a client's watched keys. One that had expired before may go: that is no change."""

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._key = key
        self._was_due = _is_due(database, key)
        self._is_gone = key not in database.keys
        self._changed = False

    def touch(self) -> None:
        """The key was changed or deleted just now; of one deletion this may hear twice."""
        if (self._was_due or self._is_gone) and self._key not in self._database.keys:
            self._was_due, self._is_gone = False, True
        elif not (self._was_due and _is_due(self._database, self._key)):
            self._changed = True

    def is_broken(self) -> bool:
        """Whether EXEC has to be called off for it."""
        return self._changed or (not self._was_due and _is_due(self._database, self._key))


class Watch:
    """The keys that one client watches, and whether one of them has changed."""

    def __init__(self) -> None:
        self._keys: dict[tuple[Database, bytes], _WatchedKey] = {}

    def add(self, database: Database, key: bytes) -> None:
        """Watch one more key."""
        if (database, key) in self._keys:
            return
        watched = self._keys[database, key] = _WatchedKey(database, key)
        database.watched.setdefault(key, set()).add(watched.touch)

    def broken(self) -> bool:
        """Whether a watched key was changed, deleted, or has expired since."""
        return any(watched.is_broken() for watched in self._keys.values())

    def forget(self) -> None:
        """Watch nothing any more."""
        for (database, key), watched in self._keys.items():
            callbacks = database.watched[key]
            callbacks.discard(watched.touch)
            if not callbacks:
                del database.watched[key]
        self._keys.clear()


def _is_due(database: Database, key: bytes) -> bool:
    due = database.expires.get(key)
    return due is not None and due <= database.now_ms()
