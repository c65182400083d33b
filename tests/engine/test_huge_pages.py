"""Huge pages: what the kernel maps and copies by 2 MiB is told as it is, with both witnesses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.arena import HUGE_PAGE_SIZE, PAGE_SIZE, Arena
from engine.held_pages import held_pages
from engine.page_reader import PageReader, Reading
from engine.page_states import COPIED, FREE, NEW, PRIVATE
from engine.probe import check_invariant
from engine.smaps import SmapsFile
from tests.engine.page_watching import needs_proc, sharing_child, touch_new, write

pytestmark = needs_proc
MADV_COLLAPSE = 25
"""What khugepaged does in its own time, done at once (Linux 6.1)."""
EACH = HUGE_PAGE_SIZE // PAGE_SIZE
DATA = 20
PAGE_KB = PAGE_SIZE // 1024


def with_data(*, huge: bool) -> Arena:
    """Room for two huge pages; the first pages of the first hold data."""
    arena = Arena(2 * EACH, one_value_a_page=True)
    if huge and not arena.set_huge_pages(True):
        pytest.skip("this kernel has no transparent huge pages")
    for _ in range(DATA):
        touch_new(arena)
    return arena


def huge_kb(arena: Arena) -> int:
    end = arena.base + arena.pages * PAGE_SIZE
    return SmapsFile().read().inside(arena.base, end).anon_huge_kb


def collapse(arena: Arena) -> None:
    """Have the kernel join the first pages to a huge one."""
    if not arena.set_huge_pages(True):
        pytest.skip("this kernel has no transparent huge pages")
    try:
        arena.memory.madvise(MADV_COLLAPSE, arena.origin, HUGE_PAGE_SIZE)
    except OSError as error:
        pytest.skip(f"this kernel does not collapse pages on demand: {error}")


def huge_with_data() -> Arena:
    """The same, in one huge page from the first write on."""
    arena = with_data(huge=True)
    if not huge_kb(arena):
        pytest.skip("the kernel gave no huge page (transparent_hugepage/enabled, or no memory)")
    return arena


@contextmanager
def watching(arena: Arena) -> Iterator[PageReader]:
    reader = PageReader(arena, "/proc", time.monotonic)
    yield reader
    reader.close()


def read(reader: PageReader) -> Reading:
    reading = reader.read(smaps=True, pagemap_first=True)
    assert reading is not None
    return reading


def test_a_huge_page_is_private_as_a_whole_also_beyond_the_high_water() -> None:
    arena = huge_with_data()
    with watching(arena) as reader:
        reading = read(reader)
        assert (reading.private, reading.free, reading.huge_kb) == (EACH, EACH, 2048)
        assert reader.states() == bytes((PRIVATE,)) * EACH
    assert (arena.high_water, arena.mapped_end) == (DATA, EACH)
    assert check_invariant(arena) is None


def test_a_huge_page_of_before_the_fork_is_held_whole_and_copied_by_4_kib() -> None:
    arena = huge_with_data()
    held = held_pages(arena)
    assert held == b"\1" * EACH
    with watching(arena) as reader, sharing_child() as child:
        reader.child_started(child.pid, held, time.monotonic())
        assert read(reader).shared == EACH
        first_new_key = touch_new(arena)
        reading = read(reader)
        assert reader.states()[first_new_key] == COPIED
        assert (reading.copied, reading.new, reading.shared) == (1, 0, EACH - 1)
        assert reading.private_dirty_kb == reading.child_private_dirty_kb == PAGE_KB
        assert check_invariant(arena) is None


def test_pages_collapsed_beside_a_child_are_copied_where_held_and_new_where_not() -> None:
    arena = with_data(huge=False)
    held = held_pages(arena)
    with watching(arena) as reader, sharing_child() as child:
        reader.child_started(child.pid, held, time.monotonic())
        assert read(reader).shared == DATA
        collapse(arena)
        reading = read(reader)
        states = reader.states()
        assert states == bytes((COPIED,)) * DATA + bytes((NEW,)) * (EACH - DATA)
        assert reading.newly_new == [(DATA, EACH - 1)]
        assert (reading.private_dirty_kb, reading.huge_kb) == (2048, 2048)
        assert reading.private_dirty_kb - reading.new_kb == reading.child_private_dirty_kb
        assert reading.child_private_dirty_kb == DATA * PAGE_KB
        arena.set_huge_pages(False)  # the huge page stays: so must its figure
        assert read(reader).huge_kb == 2048
        assert check_invariant(arena) is None


def test_emptying_the_arena_gives_the_whole_huge_page_back() -> None:
    arena = huge_with_data()
    with watching(arena) as reader:
        assert read(reader).private == EACH
        arena.reset()
        assert read(reader).free == arena.pages
        assert reader.states().count(FREE) == len(reader.states())
    end = arena.base + arena.pages * PAGE_SIZE
    assert SmapsFile().read().inside(arena.base, end).rss_kb == 0


def test_without_huge_pages_the_arena_knows_what_a_fork_holds_and_proc_is_not_read() -> None:
    arena = with_data(huge=False)
    assert held_pages(arena, proc="/nowhere") == b"\1" * DATA


def test_where_proc_cannot_be_read_the_arenas_own_word_has_to_do() -> None:
    arena = with_data(huge=True)
    assert held_pages(arena, proc="/nowhere").rstrip(b"\0") == b"\1" * DATA


def test_the_page_of_zeros_is_not_held() -> None:
    arena = with_data(huge=True)
    assert arena.memory[arena.offset_of(EACH)] == 0  # read, so mapped: to the kernel's zeros
    arena.high_water = EACH + 1
    assert held_pages(arena)[EACH:] == bytes(EACH)
    with watching(arena) as reader, sharing_child() as child:
        reader.child_started(child.pid, held_pages(arena), time.monotonic())
        write(arena, 0)
        assert read(reader).copied == 1
        assert reader.states()[EACH:] == b""
