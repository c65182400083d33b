"""What was gathered comes back as it was, and a file can make nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import events
from scenes.evidence_aof import PolicySpan
from scenes.evidence_child import Reading, Snapshot
from scenes.keeping import CannotKeepError, packed, unpacked

FORK = events.Fork(pid=1, child=2, usec=3, purpose="rdb", page_table_kb=4)
READING = Reading(at=1.0, shared=1, copied=2, new=3, private_dirty_kb=4, new_kb=5,
                  child_private_dirty_kb=6, smaps_at=7.0, last=True)  # fmt: skip

plain = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.binary()
keys = st.integers(0, 99) | st.text() | st.tuples(st.integers(0, 9), st.text())
things = st.recursive(
    plain | st.sampled_from([FORK, READING]),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.lists(st.lists(plain, max_size=3).map(tuple))
        | st.dictionaries(keys, inner)
        | st.sets(keys)
        | st.lists(inner).map(lambda values: deque(values, 5))
    ),
    max_leaves=12,
)


def there_and_back(value: Any) -> Any:
    return unpacked(msgspec.msgpack.decode(msgspec.msgpack.encode(packed(value))))


@settings(deadline=None, derandomize=True, max_examples=150)
@given(things)
def test_values_come_back_equal_and_of_their_kind(value: Any) -> None:
    back = there_and_back(value)
    assert back == value and type(back) is type(value)


@pytest.mark.parametrize(
    "value",
    [
        Counter({1: 2, 3: 4}),
        bytearray(b"ab"),
        deque([READING] * 3, 2),
        frozenset({1, 2}),
        [FORK] * 2,
    ],
)
def test_collections_keep_their_kind(value: Any) -> None:
    back = there_and_back(value)
    assert back == value and type(back) is type(value)
    assert getattr(back, "maxlen", 0) == getattr(value, "maxlen", 0)


def test_a_defaultdict_goes_on_making_what_it_made() -> None:
    value: defaultdict[int, set[str]] = defaultdict(set, {1: {"a", "b"}})
    back = there_and_back(value)
    assert back == value and back[7] == set()


def test_objects_of_the_gathering_modules_come_back() -> None:
    snapshot = Snapshot(FORK, b"\1\0")
    snapshot.touched.update([1, 1, 0])
    back = there_and_back([snapshot, PolicySpan("always", 1.5)])
    assert isinstance(back[0], Snapshot) and vars(back[0]) == vars(snapshot)
    assert isinstance(back[1], PolicySpan) and back[1].policy == "always"


@pytest.mark.parametrize("value", [object(), print, {"a": open}, [lambda: 1], defaultdict(print)])
def test_what_cannot_be_kept_is_refused(value: object) -> None:
    with pytest.raises(CannotKeepError, match="can't keep"):
        packed(value)


@pytest.mark.parametrize(
    "kept",
    [
        ["object", "os:system", {}],
        ["object", "scenes.session:Session", {}],
        ["object", "scenes.evidence_child:Counter", {}],
        ["object", "scenes.evidence_aof:KEPT", {}],
        ["defaultdict", "print", ["plain", []], ["plain", []]],
        ["what", ["plain", []]],
        ["list", "no items"],
        ["list", ["tuples", ["no bytes"]]],
        [],
    ],
)
def test_a_file_can_ask_for_nothing_else(kept: Any) -> None:
    with pytest.raises(CannotKeepError):
        unpacked(kept)
