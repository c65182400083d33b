"""Several names at once: `put_all` in an arena with and without room, against a plain dict."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arena import Arena
from engine.errors import ArenaFullError
from engine.values.chunks import string
from engine.values.hashes import Hash, pair_of

NAMES = st.integers(0, 30).map(lambda number: b"name:%d" % number)
SIZES = st.sampled_from([0, 1, 20, 300, 1100, 5000])
BATCHES = st.lists(st.dictionaries(NAMES, SIZES, min_size=1, max_size=6), max_size=25)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(BATCHES, st.integers(2, 40))
def test_all_names_are_stored_or_none(batches: list[dict[bytes, int]], pages: int) -> None:
    arena = Arena(pages)
    collection = Hash(arena, 0, b"key")
    expected: dict[bytes, bytes] = {}
    for turn, batch in enumerate(batches):
        values = {name: b"%d" % (turn % 10) * size for name, size in batch.items()}
        new = len(values.keys() - expected.keys())
        with contextlib.suppress(ArenaFullError):
            assert collection.set_all(values) == new
            expected.update(values)
        assert dict(map(pair_of, collection.raw())) == expected
        assert {name: collection.get(name) for name in collection.names()} == expected
        assert len(collection) == len(expected)
    for name in expected:
        assert collection.discard(name)
    assert list(collection.raw()) == []


def test_a_full_arena_is_met() -> None:
    """What the test above takes as a matter of course does happen."""
    collection = Hash(Arena(3), 0, b"key")
    collection.put_all({b"a": string(b"before")})
    with pytest.raises(ArenaFullError):
        collection.put_all({b"a": string(b"x"), b"b": string(b"x" * 9000)})
    assert collection.get(b"a") == b"before"
