from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.arena import Arena
from engine.errors import ArenaFullError
from engine.keyspace import Keyspace
from engine.rdb_writer import walk
from engine.records import HEADER, HEADER_SIZE, build_string, key_of
from engine.size_classes import FREE_PAGE

KEYS = st.sampled_from([b"", b"a", b"key", b"\x00\xff", b"k" * 70])
LENGTHS = st.sampled_from([0, 1, 40, 63, 64, 100, 400, 2000, 4050, 4080, 5000, 17000])
DATABASES = st.integers(0, 2)
FILL = st.sampled_from([b"x", b"\x00", b"\xff"])


class KeyspaceAgainstDicts(RuleBasedStateMachine):
    """The arena is small, so that it is full now and then; what is refused changes nothing."""

    page_size = 4096

    @initialize(one_value_a_page=st.booleans())
    def start(self, one_value_a_page: bool) -> None:
        pages = 9 if self.page_size == 4096 else 5
        self.now = 1000
        self.expired: list[tuple[int, bytes]] = []
        self.keyspace = Keyspace(
            Arena(pages, page_size=self.page_size, one_value_a_page=one_value_a_page),
            now_ms=lambda: self.now,
            on_expired=lambda db, key: self.expired.append((db, key)),
        )
        self.model: list[dict[bytes, tuple[bytes, int]]] = [{} for _ in range(3)]

    def alive(self, db: int, key: bytes) -> tuple[bytes, int] | None:
        entry = self.model[db].get(key)
        if entry is not None and 0 < entry[1] <= self.now:
            del self.model[db][key]
            self.expired.clear()
            return None
        return entry

    @rule(db=DATABASES, key=KEYS, length=LENGTHS, fill=FILL, expire=st.integers(0, 3))
    def set(self, db: int, key: bytes, length: int, fill: bytes, expire: int) -> None:
        expire_ms = expire and self.now + expire * 10
        try:
            self.keyspace.databases[db].set(key, fill * length, expire_ms)
        except ArenaFullError:
            return
        self.model[db][key] = (fill * length, expire_ms)

    @rule(db=DATABASES, key=KEYS, length=LENGTHS, fill=FILL)
    def append(self, db: int, key: bytes, length: int, fill: bytes) -> None:
        value, expire_ms = self.alive(db, key) or (b"", 0)
        try:
            new = self.keyspace.databases[db].append(key, fill * length)
        except ArenaFullError:
            return
        assert new == len(value) + length
        self.model[db][key] = (value + fill * length, expire_ms)

    @rule(db=DATABASES, key=KEYS, start=LENGTHS, length=LENGTHS, fill=FILL)
    def set_range(self, db: int, key: bytes, start: int, length: int, fill: bytes) -> None:
        value, expire_ms = self.alive(db, key) or (b"", 0)
        data = fill * length
        try:
            new = self.keyspace.databases[db].set_range(key, start, data)
        except ArenaFullError:
            return
        value = value[:start].ljust(start, b"\0") + data + value[start + length :]
        assert new == len(value)
        self.model[db][key] = (value, expire_ms)

    @rule(db=DATABASES, key=KEYS, expire=st.integers(0, 3))
    def set_expiry(self, db: int, key: bytes, expire: int) -> None:
        entry = self.alive(db, key)
        expire_ms = expire and self.now + expire * 10
        try:
            self.keyspace.databases[db].set_expiry(key, expire_ms)
        except ArenaFullError:
            return
        if entry is not None:
            self.model[db][key] = (entry[0], expire_ms)

    @rule(db=DATABASES, key=KEYS)
    def delete(self, db: int, key: bytes) -> None:
        existed = self.model[db].pop(key, None) is not None
        assert self.keyspace.databases[db].delete(key) == existed

    @rule(db=DATABASES, key=KEYS, start=LENGTHS, count=LENGTHS)
    def get(self, db: int, key: bytes, start: int, count: int) -> None:
        database = self.keyspace.databases[db]
        entry = self.alive(db, key)
        assert database.get(key) == (entry[0] if entry else None)
        value = entry[0] if entry else b""
        assert database.length(key) == len(value)
        assert database.get_range(key, start, count) == value[start : start + count]

    @rule(db=DATABASES, key=KEYS)
    def expire_when_due(self, db: int, key: bytes) -> None:
        was_there = key in self.model[db]
        gone = was_there and self.alive(db, key) is None
        self.expired.clear()
        assert self.keyspace.databases[db].expire_if_due(key) == gone
        assert self.expired == [(db, key)] * gone

    @rule(ms=st.integers(1, 15))
    def time_passes(self, ms: int) -> None:
        self.now += ms

    @rule(db=DATABASES)
    def clear(self, db: int) -> None:
        assert self.keyspace.databases[db].clear() == len(self.model[db])
        self.model[db].clear()

    @rule()
    def flush(self) -> None:
        assert self.keyspace.flush() == sum(map(len, self.model))
        self.model = [{}, {}, {}]
        assert self.keyspace.arena.used_bytes == 0

    @rule(first=DATABASES, second=DATABASES)
    def swap(self, first: int, second: int) -> None:
        self.keyspace.swap(first, second)
        self.model[first], self.model[second] = self.model[second], self.model[first]

    @invariant()
    def a_walk_over_the_pages_yields_exactly_the_data(self) -> None:
        if not hasattr(self, "keyspace"):
            return
        arena = self.keyspace.arena
        walked = sorted(
            (arena.page_db[page.first], bytes(record))
            for page in walk(arena)
            for record in page.records
        )
        assert walked == sorted(
            (db, build_string(key, value, expire_ms)[HEADER_SIZE:])
            for db, keys in enumerate(self.model)
            for key, (value, expire_ms) in keys.items()
        )

    @invariant()
    def keys_lead_to_their_records(self) -> None:
        if not hasattr(self, "keyspace"):
            return
        arena = self.keyspace.arena
        used = 0
        for db, keys in enumerate(self.model):
            database = self.keyspace.databases[db]
            assert database.keys.keys() == keys.keys()
            assert database.expires == {key: due for key, (_, due) in keys.items() if due}
            for key, offset in database.keys.items():
                assert key_of(database.record(offset)) == key
                assert arena.page_db[arena.page_of(offset)] == db
                length, _ = HEADER.unpack_from(arena.memory, offset)
                assert HEADER_SIZE + length <= arena.capacity(offset)
                used += arena.capacity(offset)
        assert arena.used_bytes == used

    @invariant()
    def what_holds_data_counts_as_touched(self) -> None:
        if not hasattr(self, "keyspace"):
            return
        arena = self.keyspace.arena
        for page, page_class in enumerate(arena.page_class):
            assert page_class == FREE_PAGE or arena.touched[page]
            assert page < arena.high_water or not arena.touched[page]


class KeyspaceOn16KPages(KeyspaceAgainstDicts):
    page_size = 16384


class KeyspaceOn64KPages(KeyspaceAgainstDicts):
    page_size = 65536


TestOn4KPages = KeyspaceAgainstDicts.TestCase
TestOn16KPages = KeyspaceOn16KPages.TestCase
TestOn64KPages = KeyspaceOn64KPages.TestCase
TestOn4KPages.settings = settings(
    deadline=None,
    derandomize=True,
    max_examples=100,
    stateful_step_count=50,
    suppress_health_check=[HealthCheck.too_slow],
)
TestOn16KPages.settings = TestOn64KPages.settings = settings(
    TestOn4KPages.settings, max_examples=25
)


def test_a_write_that_does_not_fit_leaves_the_old_value() -> None:
    keyspace = Keyspace(Arena(4))
    database = keyspace.databases[0]
    due = keyspace.now_ms() + 100_000
    database.set(b"k", b"old", due)
    for write in (
        lambda: database.set(b"k", bytes(20000)),
        lambda: database.append(b"k", bytes(20000)),
        lambda: database.set_range(b"k", 20000, b"x"),
    ):
        with pytest.raises(ArenaFullError):
            write()
        assert (database.get(b"k"), database.expires) == (b"old", {b"k": due})


def test_a_write_of_the_same_size_stays_on_its_page() -> None:
    database = Keyspace(Arena(64)).databases[0]
    database.set(b"k", b"a" * 100)
    place = database.keys[b"k"]
    database.set(b"other", b"b" * 100)
    database.set(b"k", b"c" * 101)
    assert database.keys[b"k"] == place


def test_watchers_hear_of_every_change() -> None:
    keyspace = Keyspace(Arena(64))
    database = keyspace.databases[0]
    heard: list[str] = []
    for change in (
        lambda: database.set(b"k", b"v"),
        lambda: database.append(b"k", b"v"),
        lambda: database.set_range(b"k", 0, b"w"),
        lambda: database.set_expiry(b"k", keyspace.now_ms() + 10_000),
        lambda: database.delete(b"k"),
    ):
        database.watched[b"k"] = {lambda: heard.append("k")}
        change()
        assert heard, change
        heard.clear()
    database.set(b"k", b"v")
    keyspace.flush()
    assert heard
