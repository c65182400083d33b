"""Cells: one byte a page, painted by ranges, so that no Python loop runs over the pages.

Ranges come from events, both ends included; what lies outside the grid is ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

PageRange = tuple[int, int]


def clipped(ranges: Iterable[PageRange], size: int) -> Iterator[PageRange]:
    """The parts of `ranges` that lie in a grid of `size` cells, as (first, one past the last)."""
    for first, last in ranges:
        start, stop = max(first, 0), min(last + 1, size)
        if start < stop:
            yield start, stop


def paint(cells: bytearray, ranges: Iterable[PageRange], state: int) -> None:
    """Set every cell of `ranges` to `state`."""
    for start, stop in clipped(ranges, len(cells)):
        if stop - start == 1:
            cells[start] = state
        else:
            cells[start:stop] = bytes((state,)) * (stop - start)


def paint_counted(
    cells: bytearray, counts: list[int], ranges: Iterable[PageRange], state: int
) -> None:
    """`paint`, and `counts` (cells by state) kept true without counting the whole grid."""
    for start, stop in clipped(ranges, len(cells)):
        if stop - start == 1:
            counts[cells[start]] -= 1
            counts[state] += 1
            cells[start] = state
            continue
        before = cells[start:stop]
        for old in range(len(counts)):
            counts[old] -= before.count(old)
        counts[state] += stop - start
        cells[start:stop] = bytes((state,)) * (stop - start)


def replaced(cells: bytes, old: int, new: int) -> bytes:
    """`cells` with every `old` turned into `new`."""
    return cells.replace(bytes((old,)), bytes((new,)))


def count(cells: bytes, states: int) -> list[int]:
    """Cells by state, for states 0 to `states` - 1."""
    return [cells.count(state) for state in range(states)]
