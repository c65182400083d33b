"""The states of pages: the rule page by page, and the same result for any number at once."""

from __future__ import annotations

from itertools import groupby
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import page_states
from engine.page_states import COPIED, FREE, NEW, PRIVATE, SHARED, PageStates, ranges

NOTHING, SWAPPED, MAPPED, EXCLUSIVE = 0, 1 << 6, 1 << 7, 1 << 7 | 1


def expected(status: int, held: bool, before: int, child: bool) -> int:
    """The definition of the states, read from the top."""
    if not status & 0xC0:
        return FREE
    if not child:
        return PRIVATE
    exclusive = status & 0x81 == 0x81
    if not held:
        return NEW if exclusive or not status & 0x80 else FREE
    if not status & 0x80:
        return COPIED if before == COPIED else SHARED
    return COPIED if exclusive else SHARED


def test_a_fork_shares_what_was_held_and_the_first_write_copies_it() -> None:
    pages = PageStates()
    pages.update(bytes((EXCLUSIVE, EXCLUSIVE, EXCLUSIVE, NOTHING)))
    assert pages.states == bytes((PRIVATE, PRIVATE, PRIVATE))

    pages.child_started(b"\1\1\1\0\0\0")
    assert pages.update(bytes((MAPPED, MAPPED, MAPPED, NOTHING)))
    assert pages.newly[SHARED] == [(0, 2)]

    assert pages.update(bytes((MAPPED, EXCLUSIVE, MAPPED, EXCLUSIVE)))
    assert pages.states == bytes((SHARED, COPIED, SHARED, NEW))
    assert (pages.newly[COPIED], pages.newly[NEW]) == ([(1, 1)], [(3, 3)])

    pages.child_ended()
    assert pages.update(bytes((EXCLUSIVE,) * 4))
    assert pages.newly[PRIVATE] == [(0, 3)]


def test_a_page_given_back_is_free_even_while_the_child_has_it() -> None:
    pages = PageStates()
    pages.child_started(b"\1\1")
    pages.update(bytes((EXCLUSIVE, MAPPED)))
    assert pages.update(b"")
    assert (pages.states, pages.newly[FREE]) == (b"", [(0, 1)])


def test_the_page_of_zeros_is_not_new() -> None:
    pages = PageStates()
    pages.child_started(b"\1")
    pages.update(bytes((MAPPED, MAPPED, EXCLUSIVE)))
    assert pages.states == bytes((SHARED, FREE, NEW))


def test_a_copied_page_that_is_swapped_out_stays_copied() -> None:
    pages = PageStates()
    pages.child_started(b"\1\1")
    pages.update(bytes((EXCLUSIVE, MAPPED)))
    pages.update(bytes((SWAPPED, SWAPPED)))
    assert pages.states == bytes((COPIED, SHARED))


def test_the_same_reading_again_changes_nothing() -> None:
    pages = PageStates()
    assert pages.update(bytes((EXCLUSIVE,)))
    assert not pages.update(bytes((EXCLUSIVE,)))
    assert not any(pages.newly)


def test_ranges_include_both_ends() -> None:
    assert ranges(b"\0\3\3\0\3", 3) == [(1, 2), (4, 4)]


statuses = st.lists(
    st.sampled_from([NOTHING, SWAPPED, MAPPED, EXCLUSIVE, EXCLUSIVE | 2, MAPPED | 32, 1]),
    max_size=40,
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("read"), statuses),
        st.tuples(st.just("fork"), st.lists(st.integers(0, 1), max_size=40)),
        st.tuples(st.just("end"), st.just([])),
    ),
    max_size=12,
)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(steps=steps, chunk=st.sampled_from([1, 3, 8, 64]))
def test_many_pages_at_once_are_as_the_rule_says_page_by_page(
    steps: list[tuple[str, list[int]]], chunk: int
) -> None:
    size = 48
    model, held, child = [FREE] * size, [0] * size, False
    with mock.patch.object(page_states, "CHUNK", chunk):
        pages = PageStates()
        for what, values in steps:
            padded = values + [0] * (size - len(values))
            if what == "fork":
                held, child = padded, True
                pages.child_started(bytes(values))
                continue
            if what == "end":
                held, child = [0] * size, False
                pages.child_ended()
                continue
            before = model
            model = [
                expected(status, bool(holds), state, child)
                for status, holds, state in zip(padded, held, before, strict=True)
            ]
            assert pages.update(bytes(values)) == (model != before)
            assert pages.states == bytes(model).rstrip(b"\0")
            assert all(pages.count(s) == model.count(s) for s in (PRIVATE, SHARED, COPIED, NEW))
            assert [list(runs) for runs in pages.newly] == [
                runs_of(before, model, state) for state in range(5)
            ]


def runs_of(before: list[int], after: list[int], state: int) -> list[tuple[int, int]]:
    """The longest runs of pages that entered `state`."""
    entered = [new == state != old for old, new in zip(before, after, strict=True)]
    runs, at = [], 0
    for value, group in groupby(entered):
        length = len(list(group))
        if value:
            runs.append((at, at + length - 1))
        at += length
    return runs
