from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arena import Arena
from engine.keyspace import Keyspace
from engine.new_strings import store_new
from engine.rdb_writer import walk

KEYS = st.lists(st.binary(min_size=1, max_size=6), min_size=1, max_size=90)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(KEYS, st.sampled_from([0, 3, 100, 1000, 4000, 9000]), st.booleans(), st.integers(2, 120))
def test_all_at_once_is_as_one_by_one_or_not_at_all(
    keys: list[bytes], size: int, one_value_a_page: bool, pages: int
) -> None:
    keyspace, plain = (Keyspace(Arena(pages, one_value_a_page=one_value_a_page)) for _ in range(2))
    values = [bytes([number]) * size for number in range(len(keys))]
    if not store_new(keyspace.databases[1], keys, values):
        assert len(keyspace) == keyspace.arena.used_bytes == keyspace.arena.high_water == 0
        return
    for key, value in zip(keys, values, strict=True):
        plain.databases[1].set(key, value)
        assert keyspace.databases[1].get(key) == value
    assert sorted(walk(keyspace.arena)) == sorted(walk(plain.arena))
    assert keyspace.arena.used_bytes == plain.arena.used_bytes
    for key in keys:
        assert keyspace.databases[1].delete(key)
    assert keyspace.arena.used_bytes == 0


def test_what_it_takes() -> None:
    database = Keyspace(Arena(64)).databases[0]
    hundred = [b"key:%d" % number for number in range(100, 200)]
    assert store_new(database, hundred, [b"x"] * 100)
    assert not store_new(database, [b"new", b"key:150"], [b"", b""])
    assert not store_new(database, [b"new", b"new"], [b"1", b"2"])
    assert not store_new(database, [b"a", b"b"], [b"", bytes(500)])
    assert not store_new(database, [b"large"], [bytes(5000)])
    database.on_new = lambda db, key: None
    assert not store_new(database, [b"a"], [b""])
    assert list(database.keys) == hundred
