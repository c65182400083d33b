"""This engine and a real redis-server side by side: replies, dirty, AOF and keyspace events.

The redis-server needs `--appendonly yes`; both start empty.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from engine.framer import Framer
from engine.keyspace import unix_ms
from tests.engine.commands.offline import Connection, OfflineServer
from tests.engine.redis_reference import RedisServer, Wire

_CLOCK_ERROR_MS = 5000
"""How much two times in milliseconds may differ that were computed from the clock."""


class Twins:
    """One connection to each."""

    def __init__(self, redis: RedisServer, resp: int) -> None:
        self.theirs: Wire = redis.connect()
        self.theirs.call(b"FLUSHALL")
        self.server = OfflineServer()
        self.server.keyspace.now_ms = unix_ms
        for database in self.server.keyspace.databases:
            database.now_ms = unix_ms
        self.ours: Connection = self.server.connect()
        self.ours.call("CONFIG", "SET", "save", "")
        self.ours.call("HELLO", resp)
        self.theirs.call(b"HELLO", b"%d" % resp)
        self._info = redis.connect()
        (self._aof,) = (Path(redis.path).parent / "appendonlydir").glob("*.incr.aof")
        self._seen = self._aof.stat().st_size
        self._dirty = self._their_dirty()

    def difference(self, line: str) -> str:
        """Execute a line's words (`''` is an empty one) in both; what differs, empty if nothing."""
        words = [word.replace("''", "").encode() for word in line.split(" ")]
        before = self.server.keyspace.dirty
        self.server.log_of_changes.clear()
        ours = [self.ours.call(*words), self.server.keyspace.dirty - before]
        theirs = [self.theirs.call(*words), self._their_changes()]
        my_log = [argv for _, argv in self.server.log_of_changes]
        their_log = self._their_log()
        if ours == theirs and _same_log(my_log, their_log):
            return ""
        return f"{line}\n  ours   {ours} {my_log}\n  theirs {theirs} {their_log}"

    def close(self) -> None:
        """Hang up."""
        self.theirs.close()
        self._info.close()

    def _their_dirty(self) -> int:
        info = self._info.call(b"INFO", b"persistence").decode()
        return int(info.partition("rdb_changes_since_last_save:")[2].partition("\r")[0])

    def _their_changes(self) -> int:
        before, self._dirty = self._dirty, self._their_dirty()
        return self._dirty - before

    def _their_log(self) -> list[list[bytes]]:
        with self._aof.open("rb") as file:
            file.seek(self._seen)
            added = file.read()
        self._seen += len(added)
        framer = Framer()
        framer.feed(added)
        return [command for command in framer.commands() if command[0] != b"SELECT"]


def _same_log(ours: list[list[bytes]], theirs: list[list[bytes]]) -> bool:
    if [len(command) for command in ours] != [len(command) for command in theirs]:
        return False
    pairs = zip(chain(*ours), chain(*theirs), strict=True)
    return all(first == second or _same_time(first, second) for first, second in pairs)


def _same_time(first: bytes, second: bytes) -> bool:
    is_time = len(first) == len(second) == 13 and first.isdigit() and second.isdigit()
    return is_time and abs(int(first) - int(second)) < _CLOCK_ERROR_MS
