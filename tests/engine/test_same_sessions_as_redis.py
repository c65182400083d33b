"""Random sessions here and in a real redis-server: everything that a client could ask is equal.

SEQUENCES=2000 in the environment makes another, longer choice of sessions each time.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from itertools import chain, groupby
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.aof_format import encode
from engine.framer import Framer
from engine.keyspace import unix_ms
from engine.values.sorted_sets import SortedSet
from tests.engine.commands.offline import Connection, OfflineServer
from tests.engine.comparable import parsed, same
from tests.engine.random_sessions import Step, sessions
from tests.engine.redis_reference import REFERENCE_VERSION, RedisServer, Wire, redis_version

pytestmark = pytest.mark.skipif(
    not redis_version().startswith(REFERENCE_VERSION),
    reason=f"no redis-server {REFERENCE_VERSION}x to compare with",
)

SEQUENCES = int(os.environ.get("SEQUENCES", "0"))
DATABASES = (b"0", b"1", b"2")
LIMITS = {
    b"hash-max-listpack-entries": (b"512", b"3"),
    b"hash-max-listpack-value": (b"64", b"4"),
    b"set-max-intset-entries": (b"512", b"3"),
    b"zset-max-listpack-entries": (b"128", b"3"),
    b"zset-max-listpack-value": (b"64", b"4"),
}
AROUND = (b"SELECT", b"MULTI", b"EXEC")
_DIRTY = re.compile(rb"rdb_changes_since_last_save:(-?\d+)")
_MOMENT_MS = 20


class Redis:
    """A redis-server whose AOF can be read, and given another one to load."""

    def __init__(self, folder: Path) -> None:
        self.server = RedisServer(folder, "--appendonly", "yes", "--appendfsync", "no")
        self.control = self.server.connect()
        self.control.call(b"DEBUG", b"SET-ACTIVE-EXPIRE", b"0")
        (self._aof,) = (folder / "appendonlydir").glob("*.incr.aof")

    def clear(self) -> None:
        """No keys, and nothing in the AOF."""
        self.control.call(b"FLUSHALL")
        os.truncate(self._aof, 0)

    def dirty(self) -> int:
        found = _DIRTY.search(self.control.call(b"INFO", b"persistence"))
        assert found is not None
        return int(found[1])

    def log(self) -> list[list[bytes]]:
        """What its AOF has of changes."""
        framer = Framer()
        framer.feed(self._aof.read_bytes())
        return [argv for argv in framer.commands() if argv[0] not in AROUND]

    def load(self, log: list[tuple[int, list[bytes]]]) -> bytes:
        """The reply to DEBUG LOADAOF with this log as the AOF."""
        commands = ([b"SELECT", b"%d" % db] for db, _ in log)
        both = chain.from_iterable(zip(commands, (argv for _, argv in log), strict=True))
        self._aof.write_bytes(b"".join(map(encode, both)))
        return self.control.call(b"DEBUG", b"LOADAOF")

    def stop(self) -> None:
        self.control.close()
        self.server.stop()


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    server = Redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


class Twin:
    """One client of each server."""

    def __init__(self, ours: Connection, theirs: Wire, resp: int) -> None:
        self.ours = ours
        self.theirs = theirs
        self.queued: list[list[bytes]] | None = None
        self.compare([b"HELLO", b"%d" % resp], only_errors=True)

    def step(self, argv: list[bytes]) -> None:
        """Have both execute a command, or nothing where chance would make them differ."""
        name = argv[0].upper() if argv else b""
        if name == b"EXPIRED" and len(argv) == 2:
            self._let_expire(argv[1])
        elif not self._is_chance(name, argv) and not self._would_block(name):
            self.compare(argv)

    def compare(self, argv: list[bytes], *, only_errors: bool = False) -> None:
        """Both replies say the same."""
        ours, theirs = parsed(self.ours.call(*argv)), parsed(self.theirs.call(*argv))
        if only_errors:
            assert ours[:1] != b"-" != theirs[:1], argv
            return
        name = argv[0].upper()
        if (
            name == b"EXEC"
            and self.queued
            and isinstance(ours, tuple)
            and isinstance(theirs, tuple)
        ):
            assert len(ours[1]) == len(theirs[1])
            for words, our, their in zip(self.queued, ours[1], theirs[1], strict=True):
                assert same(words, our, their), (words, our, their)
        else:
            assert same(argv, ours, theirs), (argv, ours, theirs)
        self._note_queued(name, argv, theirs)

    def _note_queued(self, name: bytes, argv: list[bytes], reply: object) -> None:
        if reply == b"+QUEUED":
            assert self.queued is not None
            self.queued.append(argv)
        elif name == b"MULTI" and reply == b"+OK":
            self.queued = []
        elif name in (b"EXEC", b"DISCARD") and len(argv) == 1:
            self.queued = None

    def _let_expire(self, key: bytes) -> None:
        """Let a key's time come, and nobody have looked yet."""
        if self.queued is None:
            self.compare([b"PEXPIRE", key, b"%d" % _MOMENT_MS])
            time.sleep((_MOMENT_MS + 1) / 1000)

    def _is_chance(self, name: bytes, argv: list[bytes]) -> bool:
        """Whether one server may answer this or leave that."""
        if name == b"SPOP":
            return self._pops_by_chance(argv)
        if b"LEX" not in name and b"BYLEX" not in argv:
            return False
        return self.queued is not None or any(self._has_no_names(key, argv) for key in argv[1:3])

    def _has_no_names(self, key: bytes, argv: list[bytes]) -> bool:
        """Whether scores differ, so that there is no order of names, and Redis' walk through
        it depends on levels made by dice or on a LIMIT, which it skips to without looking."""
        found = self.ours.client.db.collections.get(key)
        if not isinstance(found, SortedSet) or not (found.is_large or b"LIMIT" in argv):
            return False
        return found.ranks[0][0] != found.ranks[-1][0]

    def _pops_by_chance(self, argv: list[bytes]) -> bool:
        """Whether SPOP would leave something behind."""
        if argv[2:] in ([b"100"], [b"0"]):
            return False
        if self.queued is not None:
            return True
        size = self.ours.call(b"SCARD", *argv[1:2])
        return size > b":1" and not size.startswith(b"-")

    def _would_block(self, name: bytes) -> bool:
        return name.startswith((b"B", b"b")) and self.queued is None


class Pair:
    """Both servers, both empty, with two clients each."""

    def __init__(self, redis: Redis, resp: int, limits: int) -> None:
        self._redis = redis
        redis.clear()
        self._server = OfflineServer()
        self._server.keyspace.now_ms = unix_ms
        for database in self._server.keyspace.databases:
            database.now_ms = unix_ms
        self._dirty = redis.dirty()
        self.twins = [
            Twin(self._server.connect(), redis.server.connect(), resp) for resp in (resp, 2)
        ]
        chosen = [word for name, values in LIMITS.items() for word in (name, values[limits])]
        self.twins[0].compare([b"CONFIG", b"SET", *chosen])

    def compare_all(self) -> None:
        """Every key, the number of changes, both logs, and what a server has that loads ours."""
        first = self.twins[0]
        for twin in self.twins:
            twin.compare([b"DISCARD"])
        assert self._server.keyspace.dirty == self._redis.dirty() - self._dirty
        self._compare_logs()
        first.compare([b"DEBUG", b"DIGEST"])
        for db in DATABASES:
            first.compare([b"SELECT", db])
            first.compare([b"DBSIZE"])
            for key in sorted(parsed(first.ours.call("KEYS", "*"))[1]):
                for words in ([b"TYPE"], [b"OBJECT", b"ENCODING"], [b"PEXPIRETIME"]):
                    first.compare([*words, key[1:]])  # type: ignore[list-item]
        log = list(self._server.log_of_changes)
        digest = first.ours.call("DEBUG", "DIGEST")
        assert self._redis.load(log) == b"+OK\r\n"
        assert first.theirs.call(b"DEBUG", b"DIGEST") == digest, log

    def _compare_logs(self) -> None:
        ours = _unordered_deletions([argv for _, argv in self._server.log_of_changes])
        theirs = _unordered_deletions(self._redis.log())
        for mine, other in zip(ours, theirs, strict=False):
            assert len(mine) == len(other) and all(map(_same_word, mine, other)), (mine, other)
        assert len(ours) == len(theirs), (ours, theirs)

    def close(self) -> None:
        for twin in self.twins:
            twin.theirs.close()


def _unordered_deletions(log: list[list[bytes]]) -> list[list[bytes]]:
    """A log in which expired keys that were found one after another have no order."""
    runs = groupby(log, key=lambda argv: argv[0] == b"DEL")
    return [argv for is_del, run in runs for argv in (sorted(run) if is_del else run)]


def _same_word(ours: bytes, theirs: bytes) -> bool:
    """Times that were computed from the clock may differ by how long the round trip took."""
    if ours == theirs:
        return True
    is_time = len(ours) == len(theirs) > 12 and ours.isdigit() and theirs.isdigit()
    return is_time and abs(int(ours) - int(theirs)) < 5000


@settings(
    max_examples=SEQUENCES or 300,
    derandomize=not SEQUENCES,
    deadline=None,
    suppress_health_check=list(HealthCheck) if SEQUENCES else [],
)
@given(sessions(), st.sampled_from([2, 3]), st.sampled_from([0, 1]))
def test_a_random_session_leaves_the_same(
    redis: Redis, steps: list[Step], resp: int, limits: int
) -> None:
    pair = Pair(redis, resp, limits)
    try:
        for step in steps:
            pair.twins[step.client].step(step.argv)
        pair.compare_all()
    finally:
        pair.close()


STORES = """\
SINTERSTORE d t t
SINTERSTORE d t none
SUNIONSTORE d t
SUNIONSTORE d none
SDIFFSTORE d t t
SORT l ALPHA STORE d
SORT none STORE d
ZUNIONSTORE d 1 z
ZUNIONSTORE d 1 none
ZRANGESTORE d z 0 -1
RENAME l d
COPY l d
SMOVE t d a
LMOVE l d LEFT LEFT
MSET d 1
DEL d
GET d
FLUSHALL
"""


@pytest.mark.parametrize("line", STORES.splitlines())
def test_a_key_that_has_expired_makes_place_as_in_redis(redis: Redis, line: str) -> None:
    pair = Pair(redis, 2, 0)
    try:
        first, second = pair.twins
        for words in ("SADD t a b", "RPUSH l a b", "ZADD z 1 a", "SET d 1", "EXPIRED d"):
            first.step(words.encode().split())
        for words in ("WATCH d", "MULTI", "PING"):
            second.step(words.encode().split())
        first.step(line.encode().split())
        second.step([b"EXEC"])
        pair.compare_all()
    finally:
        pair.close()


@pytest.mark.parametrize("before", ["", "SET d 1", "SELECT 1|SET d 1|SELECT 0", "SET e 1"])
@pytest.mark.parametrize("line", ["SWAPDB 0 1", "SWAPDB 0 0", "FLUSHDB", "DEL d", "EXPIRED d"])
def test_what_calls_a_transaction_off_is_the_same(redis: Redis, before: str, line: str) -> None:
    pair = Pair(redis, 2, 0)
    try:
        first, second = pair.twins
        for words in filter(None, before.split("|")):
            first.step(words.encode().split())
        second.step([b"WATCH", b"d"])
        first.step(line.encode().split())
        for word in (b"MULTI", b"PING", b"EXEC"):
            second.step([word])
        pair.compare_all()
    finally:
        pair.close()
