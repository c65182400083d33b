from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.size_classes import RUN, SizeClasses, slot_sizes

PAGE_SIZES = [4096, 16384, 65536]


@pytest.mark.parametrize("page_size", PAGE_SIZES)
def test_sizes_ascend_in_grains_up_to_a_page(page_size: int) -> None:
    sizes = slot_sizes(page_size)
    assert sizes == sorted(set(sizes))
    assert all(size % 8 == 0 for size in sizes)
    assert sizes[0] == 16
    assert sizes[-1] == page_size
    assert len(sizes) < RUN - 1


@pytest.mark.parametrize("page_size", PAGE_SIZES)
@settings(deadline=None, derandomize=True, max_examples=100)
@given(data=st.data())
def test_a_record_gets_the_smallest_slot_that_holds_it(page_size: int, data: st.DataObject) -> None:
    classes = SizeClasses(page_size)
    length = data.draw(st.integers(1, page_size))
    page_class = classes.class_of(length)
    assert classes.sizes[page_class] >= length
    assert page_class == 1 or classes.sizes[page_class - 1] < length


@pytest.mark.parametrize("page_size", PAGE_SIZES)
def test_at_most_an_eighth_of_a_page_is_left_over(page_size: int) -> None:
    for size in slot_sizes(page_size):
        assert page_size % size <= page_size // 8


def test_one_value_a_page() -> None:
    classes = SizeClasses(4096, one_value_a_page=True)
    assert {classes.sizes[classes.class_of(length)] for length in range(1, 4097)} == {4096}
