"""This engine and a real redis-server side by side: all that a command's execution leaves.

That is the reply, dirty, the AOF, hits and misses, and the keyspace events of every class as
somebody hears them who has subscribed.
"""

from __future__ import annotations

import re
from itertools import chain
from operator import sub
from pathlib import Path

import hiredis

from engine.framer import Framer
from engine.keyspace import unix_ms
from tests.engine.commands.offline import Connection, OfflineServer
from tests.engine.redis_reference import RedisServer, Wire

OPTIONS = ("--appendonly", "yes", "--appendfsync", "no")
"""What the redis-server needs; with `everysec` a busy disk would hold its AOF back."""
CLASSES = b"AKEnm"
EVENTS = b"__key*__:*"
END = b"no more events"
AROUND = (b"SELECT", b"MULTI", b"EXEC")
"""What the AOF has between the commands."""
COUNTERS = [
    re.compile(name + rb":(-?\d+)")
    for name in (b"rdb_changes_since_last_save", b"keyspace_hits", b"keyspace_misses")
]
Counts = tuple[int, int, int]
"""dirty, keyspace_hits, keyspace_misses."""
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
        self.ours.call("CONFIG", "SET", "save", "", "notify-keyspace-events", CLASSES)
        self.theirs.call(b"CONFIG", b"SET", b"notify-keyspace-events", CLASSES)
        self.ours.call("HELLO", resp)
        self.theirs.call(b"HELLO", b"%d" % resp)
        self._info = redis.connect()
        self._hearing_us = self.server.connect()
        self._hearing_us.call("PSUBSCRIBE", EVENTS)
        self._hearing_them = redis.connect()
        self._hearing_them.call(b"PSUBSCRIBE", EVENTS, END)
        self._hearing_them.receive()
        (self._aof,) = (Path(redis.path).parent / "appendonlydir").glob("*.incr.aof")
        self._seen = self._aof.stat().st_size
        self._counts = self._their_counts()
        self._our_counts()

    def difference(self, line: str) -> str:
        """Execute a line's words (`''` is an empty one) in both; what differs, empty if nothing."""
        words = [word.replace("''", "").encode() for word in line.split(" ")]
        self.server.log_of_changes.clear()
        ours = self.ours.call(*words), self._our_counts(), self._our_events()
        theirs = self.theirs.call(*words), self._their_changes(), self._their_events()
        my_log = [argv for _, argv in self.server.log_of_changes]
        their_log = self._their_log()
        if ours == theirs and _same_log(my_log, their_log):
            return ""
        return f"{line}\n  ours   {ours} {my_log}\n  theirs {theirs} {their_log}"

    def close(self) -> None:
        """Hang up."""
        for wire in (self.theirs, self._info, self._hearing_them):
            wire.close()

    def _our_counts(self) -> Counts:
        stats, keyspace = self.server.stats, self.server.keyspace
        counts = keyspace.dirty, stats.keyspace_hits, stats.keyspace_misses
        keyspace.dirty = stats.keyspace_hits = stats.keyspace_misses = 0
        return counts

    def _their_counts(self) -> Counts:
        info = self._info.call(b"INFO", b"persistence") + self._info.call(b"INFO", b"stats")
        dirty, hits, misses = (int(pattern.findall(info)[0]) for pattern in COUNTERS)
        return dirty, hits, misses

    def _their_changes(self) -> Counts:
        before, self._counts = self._counts, self._their_counts()
        dirty, hits, misses = map(sub, self._counts, before)
        return dirty, hits, misses

    def _our_events(self) -> list[bytes]:
        reader = hiredis.Reader()
        reader.feed(self._hearing_us.received())
        return [b" ".join(words[2:]) for words in iter(reader.gets, False)]

    def _their_events(self) -> list[bytes]:
        self._info.call(b"PUBLISH", END, b"")
        heard = []
        while END not in (message := self._hearing_them.receive()):
            words = message.split(b"\r\n")
            heard.append(words[6] + b" " + words[8])
        return heard

    def _their_log(self) -> list[list[bytes]]:
        with self._aof.open("rb") as file:
            file.seek(self._seen)
            added = file.read()
        self._seen += len(added)
        framer = Framer()
        framer.feed(added)
        return [command for command in framer.commands() if command[0] not in AROUND]


def _same_log(ours: list[list[bytes]], theirs: list[list[bytes]]) -> bool:
    if [len(command) for command in ours] != [len(command) for command in theirs]:
        return False
    pairs = zip(chain(*ours), chain(*theirs), strict=True)
    return all(first == second or _same_time(first, second) for first, second in pairs)


def _same_time(first: bytes, second: bytes) -> bool:
    is_time = len(first) == len(second) == 13 and first.isdigit() and second.isdigit()
    return is_time and abs(int(first) - int(second)) < _CLOCK_ERROR_MS
