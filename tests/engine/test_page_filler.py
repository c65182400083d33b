from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arena import Arena
from engine.errors import ArenaFullError
from engine.keyspace import Keyspace
from engine.page_filler import DuplicateKeyError, PageFiller
from engine.records import build_string

VALUES = st.binary(max_size=40) | st.sampled_from([bytes(700), b"x" * 4096, b"y" * 9000])


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    st.dictionaries(st.tuples(st.integers(0, 2), st.binary(max_size=8)), VALUES, max_size=200),
    st.booleans(),
)
def test_filled_pages_are_ordinary_pages(
    data: dict[tuple[int, bytes], bytes], one_value_a_page: bool
) -> None:
    keyspace = Keyspace(Arena(1024, one_value_a_page=one_value_a_page))
    plain = Keyspace(Arena(1024, one_value_a_page=one_value_a_page))
    filler = PageFiller(keyspace)
    for (db, key), value in data.items():
        filler.add(db, key, build_string(key, value))
        plain.databases[db].set(key, value)
    filler.finish()
    assert keyspace.arena.used_bytes == plain.arena.used_bytes
    for (db, key), value in data.items():
        database = keyspace.databases[db]
        assert database.get(key) == value
        assert database.delete(key)
    assert len(keyspace) == keyspace.arena.used_bytes == 0
    for (db, key), value in data.items():
        keyspace.databases[db].set(key, value)
    assert keyspace.arena.used_bytes == plain.arena.used_bytes


@pytest.mark.parametrize("apart", [0, 5, 300])
@pytest.mark.parametrize("size", [1, 5000])
def test_a_key_twice_is_named(apart: int, size: int) -> None:
    filler = PageFiller(Keyspace(Arena(1024)))
    with pytest.raises(DuplicateKeyError, match='duplicated key "twice" in DB 3'):
        filler.add(3, b"twice", build_string(b"twice", b"x" * size))
        for number in range(apart):
            filler.add(3, b"%d" % number, build_string(b"%d" % number, b"v"))
        filler.add(3, b"twice", build_string(b"twice", b"x"))
        filler.finish()


def test_a_full_arena_is_an_error() -> None:
    filler = PageFiller(Keyspace(Arena(2)))
    with pytest.raises(ArenaFullError):
        for number in range(1000):
            filler.add(0, b"%d" % number, build_string(b"%d" % number, b"v"))
