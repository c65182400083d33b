"""One command to both servers: reply, changes counted, what the AOF gets and what is published."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import hiredis

from engine.keyspace import unix_ms
from tests.engine.commands.offline import OfflineServer
from tests.engine.redis_reference import RedisServer

OPTIONS = ("--appendonly", "yes", "--appendfsync", "no", "--notify-keyspace-events", "KEAmn")
_END = b"__keyevent__end"
_DIRTY = re.compile(rb"rdb_changes_since_last_save:(\d+)")
_AROUND = (b"SELECT", b"MULTI", b"EXEC")


class Theirs:
    """A redis-server with an AOF, and somebody who listens to its keyspace events."""

    def __init__(self, redis: RedisServer, folder: Path) -> None:
        self._wire = redis.connect()
        self._control = redis.connect()
        self._events = redis.connect()
        self._events.call(b"PSUBSCRIBE", b"__keyevent*")
        self._folder = folder
        self.call(b"FLUSHALL")

    def call(self, *argv: bytes) -> bytes:
        """Execute a command."""
        return self._wire.call(*argv)

    def effects(self) -> tuple[int, bytes]:
        """(dirty, the AOF's bytes) until now."""
        found = _DIRTY.search(self._control.call(b"INFO", b"persistence"))
        assert found is not None
        path = next(self._folder.glob("appendonlydir/*.incr.aof"))
        return int(found[1]), path.read_bytes()

    def events(self) -> list[bytes]:
        """What has been published since the last call."""
        self._control.call(b"PUBLISH", _END, b"")
        heard: list[bytes] = []
        while True:
            words = self._events.receive().split(b"\r\n")
            if words[6] == _END:
                return heard
            heard.append(words[6].partition(b":")[2] + b" " + words[8])

    def close(self) -> None:
        """Hang up."""
        self._wire.close()
        self._control.close()
        self._events.close()


class Both:
    """The same words to both servers; `compare` collects what differs."""

    def __init__(self, theirs: Theirs, resp: int) -> None:
        self._theirs = theirs
        self._offline = OfflineServer()
        self._offline.keyspace.now_ms = unix_ms
        for database in self._offline.keyspace.databases:
            database.now_ms = unix_ms
        self._heard: list[bytes] = []
        self._offline.keyspace.listen(self._hear, new_keys=True)
        self._ours = self._offline.connect()
        self._ours.call(b"HELLO", b"%d" % resp)
        theirs.call(b"HELLO", b"%d" % resp)
        self.different: list[str] = []

    def compare(self, argv: list[bytes], *, events: bool = True) -> None:
        """Execute a command here and there; what differs goes into `different`."""
        ours, theirs = self._our_effects(argv), self._their_effects(argv)
        if not events:
            ours, theirs = ours[:-1], theirs[:-1]
        if ours != theirs:
            shown = b" ".join(argv).decode("latin-1")
            self.different.append(f"{shown}\n  ours   {ours!r}\n  theirs {theirs!r}")

    def _hear(self, db: int, kind: str, event: str, key: bytes) -> None:
        self._heard.append(b"%b %b" % (event.encode(), key))

    def _our_effects(self, argv: list[bytes]) -> tuple[object, ...]:
        self._offline.log_of_changes.clear()
        self._heard.clear()
        before = self._offline.keyspace.dirty
        reply = self._ours.call(*argv)
        changes = [words for _, words in self._offline.log_of_changes]
        return reply, self._offline.keyspace.dirty - before, changes, list(self._heard)

    def _their_effects(self, argv: list[bytes]) -> tuple[object, ...]:
        dirty, logged = self._theirs.effects()
        reply = self._theirs.call(*argv)
        after, more = self._theirs.effects()
        changes = [words for words in _commands(more[len(logged) :]) if words[0] not in _AROUND]
        return reply, after - dirty, changes, self._theirs.events()


def _commands(data: bytes) -> list[list[bytes]]:
    reader = hiredis.Reader()
    reader.feed(data)
    return list(iter(reader.gets, False))


@contextlib.contextmanager
def reference(folder: Path) -> Iterator[Theirs]:
    """A redis-server that tells everything it does."""
    redis = RedisServer(folder, *OPTIONS)
    theirs = Theirs(redis, folder)
    try:
        yield theirs
    finally:
        theirs.close()
        redis.stop()
