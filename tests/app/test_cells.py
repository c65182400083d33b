"""Cells: shapes that fit, codes that keep up, and rows that are told to have changed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cells import CHANGED, LEVEL, Cells, child_cell, fitted, parent_cell
from scenes.view import COPIED, FREE, NEW, PRIVATE, SHARED, TO_COME, WRITING, WRITTEN


@given(st.integers(1, 300_000), st.integers(1, 250), st.integers(1, 90))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_every_page_has_a_cell_in_the_room(pages: int, columns: int, rows: int) -> None:
    shape = fitted(pages, columns, rows)
    assert shape.columns <= columns and shape.used_rows <= rows
    assert shape.cell_of(pages - 1) == shape.cells - 1
    assert sum(len(shape.pages_of(cell)) for cell in {0, shape.cells - 1}) >= 1
    if pages <= columns * rows:
        assert shape.per_cell == 1


def test_one_copied_page_of_many_shows() -> None:
    assert parent_cell(bytes([SHARED] * 255 + [COPIED])) == LEVEL + 1
    assert parent_cell(bytes([SHARED] + [COPIED] * 255)) == LEVEL + 7
    assert parent_cell(bytes([COPIED] * 4)) == COPIED
    assert parent_cell(bytes([FREE, SHARED, NEW])) == NEW
    assert parent_cell(bytes([FREE, PRIVATE])) == PRIVATE


def test_a_childs_cell_tells_how_far_it_is() -> None:
    assert child_cell(bytes([0, 0])) == 0
    assert child_cell(bytes([0, TO_COME])) == TO_COME
    assert child_cell(bytes([WRITTEN, TO_COME, TO_COME])) == LEVEL + 3
    assert child_cell(bytes([WRITTEN, 0])) == WRITTEN
    assert child_cell(bytes([WRITTEN, WRITING, TO_COME])) == WRITING


@pytest.mark.parametrize("rows", [40, 7])
@given(changes=st.lists(st.tuples(st.integers(0, 999), st.integers(0, 4)), max_size=30))
@settings(deadline=None, derandomize=True, max_examples=50)
def test_updates_end_where_a_fresh_grid_would(rows: int, changes: list[tuple[int, int]]) -> None:
    shape = fitted(1000, 25, rows)
    kept, pages = Cells(shape, parent_cell), bytearray([SHARED]) * 1000
    kept.update(bytes(pages))
    for page, state in changes:
        before = kept.codes
        pages[page] = state
        told = kept.update(bytes(pages))
        fresh = Cells(shape, parent_cell)
        fresh.update(bytes(pages))
        assert kept.codes == fresh.codes
        changed = {n // shape.columns for n in range(shape.cells) if before[n] != kept.codes[n]}
        assert set(told) == changed


def test_the_overlay_marks_cells_and_leaves_their_state() -> None:
    cells = Cells(fitted(10, 10, 1), parent_cell)
    cells.update(bytes([SHARED] * 10), bytes([0, 1, 0]))
    assert cells.codes[:3] == bytes([SHARED, SHARED | CHANGED, SHARED])
    several = Cells(fitted(10, 5, 1), parent_cell)
    several.update(bytes([SHARED] * 10), bytes([0, 1]))
    assert several.codes == bytes([SHARED | CHANGED, SHARED, SHARED, SHARED, SHARED])
