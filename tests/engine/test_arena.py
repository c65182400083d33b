from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from engine.arena import HUGE_PAGE_SIZE, PAGE_SIZE, Arena
from engine.errors import ArenaFullError, EngineError
from engine.size_classes import CONTINUED, FREE_PAGE, RUN

needs_smaps = pytest.mark.skipif(
    not Path("/proc/self/smaps").exists(), reason="no /proc/self/smaps on this system"
)


def own_mapping(arena: Arena) -> dict[str, int]:
    """The kB figures of the arena's mapping, which must begin and end exactly with it."""
    text = Path("/proc/self/smaps").read_text()
    start, end = arena.base, arena.base + arena.pages * arena.page_size
    block = re.search(rf"^{start:x}-{end:x} (....).*\n((?:\w+:.*\n)+)", text, re.MULTILINE)
    assert block, f"no mapping {start:x}-{end:x} of its own"
    assert block[1] == "rw-p"
    return {name: int(kb) for name, kb in re.findall(r"^(\w+): +(\d+) kB$", block[2], re.M)}


@needs_smaps
def test_the_mapping_is_private_fenced_and_its_own() -> None:
    arena = Arena(64)
    other = Arena(64)
    assert own_mapping(arena)["Rss"] == own_mapping(other)["Rss"] == 0
    assert arena.base % HUGE_PAGE_SIZE == 0


@needs_smaps
def test_a_write_dirties_the_pages_it_touches() -> None:
    arena = Arena(64)
    arena.store(arena.offset_of(3) + PAGE_SIZE - 1, b"xy")
    figures = own_mapping(arena)
    assert figures["Private_Dirty"] == 2 * PAGE_SIZE >> 10
    assert figures["Shared_Dirty"] == 0


@needs_smaps
def test_reset_gives_the_memory_back() -> None:
    arena = Arena(64)
    for _ in range(40):
        arena.store(arena.alloc(PAGE_SIZE, 0), b"x" * PAGE_SIZE)
    assert own_mapping(arena)["Rss"] == 40 * PAGE_SIZE >> 10
    arena.reset()
    assert own_mapping(arena)["Rss"] == 0
    assert arena.high_water == arena.used_bytes == sum(arena.touched) == 0
    assert arena.alloc(100, 0) == arena.offset_of(0)


@needs_smaps
def test_a_released_database_gives_its_memory_back() -> None:
    arena = Arena(64)
    for page in range(40):
        arena.store(arena.alloc(PAGE_SIZE, page % 2), b"x" * PAGE_SIZE)
    arena.release_database(1)
    assert own_mapping(arena)["Rss"] == 20 * PAGE_SIZE >> 10
    assert sum(arena.touched) == 20
    assert {arena.page_db[page] for page in range(40) if arena.page_class[page]} == {0}
    assert arena.used_bytes == 20 * PAGE_SIZE


@pytest.mark.parametrize("page_size", [PAGE_SIZE, 16384, 65536])
def test_no_slot_crosses_a_page(page_size: int) -> None:
    arena = Arena(64, page_size=page_size)
    for size in (16, 100, 700, page_size // 3, page_size - 8, page_size):
        for _ in range(20):
            try:
                offset = arena.alloc(size, 0)
            except ArenaFullError:
                break
            assert arena.capacity(offset) >= size
            assert arena.page_of(offset) == arena.page_of(offset + arena.capacity(offset) - 1)
            assert (offset - arena.origin) % 8 == 0


def test_a_large_record_gets_a_run_of_whole_pages() -> None:
    arena = Arena(8)
    offset = arena.alloc(2 * arena.page_size + 1, 5)
    assert offset == arena.offset_of(0)
    assert list(arena.page_class[:4]) == [RUN, CONTINUED, CONTINUED, FREE_PAGE]
    assert list(arena.page_db[:3]) == [5, 5, 5]
    assert arena.capacity(offset) == 3 * arena.page_size
    arena.free(offset)
    assert arena.used_bytes == 0
    assert arena.alloc(3 * arena.page_size, 0) == offset


def test_empty_pages_serve_other_sizes() -> None:
    arena = Arena(4)
    small = [arena.alloc(64, 0) for _ in range(4 * arena.page_size // 64)]
    with pytest.raises(ArenaFullError, match="larger arena-pages"):
        arena.alloc(200, 0)
    for offset in small:
        arena.free(offset)
    assert arena.alloc(4 * arena.page_size, 1) == arena.offset_of(0)


def test_reused_pages_hold_no_old_headers() -> None:
    arena = Arena(2)
    offset = arena.alloc(2 * arena.page_size, 0)
    arena.store(offset, b"\xff" * (2 * arena.page_size))
    arena.free(offset)
    slot = arena.alloc(16, 0)
    start = arena.offset_of(arena.page_of(slot))
    assert arena.memory[start : start + arena.page_size] == bytes(arena.page_size)


def test_full_is_an_error_and_changes_nothing() -> None:
    arena = Arena(4)
    arena.alloc(2 * arena.page_size, 0)
    before = (bytes(arena.page_class), arena.used_bytes, arena.high_water)
    with pytest.raises(ArenaFullError, match="4 pages is full: 3 more"):
        arena.alloc(3 * arena.page_size, 0)
    assert (bytes(arena.page_class), arena.used_bytes, arena.high_water) == before


def test_traced_writes_name_their_pages() -> None:
    arena = Arena(8)
    arena.trace(True)
    arena.store(arena.offset_of(2), b"x")
    arena.store(arena.offset_of(4) - 1, b"xy")
    assert arena.stored_pages == [2, 3, 4]
    arena.trace(False)
    arena.store(arena.offset_of(5), b"x")
    assert arena.stored_pages == []


def test_databases_swap_pages_and_free_slots() -> None:
    arena = Arena(8)
    first = arena.alloc(100, 1)
    arena.alloc(100, 2)
    arena.swap_owner(1, 2)
    assert list(arena.page_db[:2]) == [2, 1]
    assert arena.page_of(arena.alloc(100, 2)) == arena.page_of(first)


@pytest.mark.skipif(sys.maxsize < 1 << 40, reason="needs a 64-bit address space")
def test_an_address_space_too_small_is_a_clear_error() -> None:
    with pytest.raises(EngineError, match="smaller arena-pages"):
        Arena(1 << 38)
