"""pagemap: the status bytes of a stored file and of real memory, and clear errors."""

from __future__ import annotations

import os

import pytest

from engine.errors import ProbeError
from engine.pagemap import Pagemap, count_exclusive
from engine.proc import ProcessGoneError
from tests.engine.page_watching import FIXTURE, filled, needs_proc, sharing_child, write

PRESENT, SWAPPED, EXCLUSIVE = 1 << 7, 1 << 6, 1


def test_status_bytes_of_a_stored_file() -> None:
    pagemap = Pagemap("self", FIXTURE)
    status = pagemap.read(16 * 4096, 8, 4096)
    pagemap.close()
    private = PRESENT | EXCLUSIVE
    assert status == bytes((private, PRESENT, SWAPPED, 0, private, PRESENT | 32, 0, SWAPPED))
    assert count_exclusive(status) == 2


def test_entries_are_found_by_page_number_whatever_the_page_size() -> None:
    pagemap = Pagemap("self", FIXTURE)
    assert pagemap.read(16 * 65536, 1, 65536) == bytes((PRESENT | EXCLUSIVE,))
    pagemap.close()


def test_a_short_read_is_an_error() -> None:
    pagemap = Pagemap("self", FIXTURE)
    with pytest.raises(ProbeError, match="64 of 80 bytes at address 0x10000"):
        pagemap.read(16 * 4096, 10, 4096)
    pagemap.close()


def test_without_pagemap_the_error_says_what_to_do(tmp_path: object) -> None:
    with pytest.raises(ProbeError, match="does not offer it"):
        Pagemap("self", str(tmp_path))


@needs_proc
def test_exclusive_pages_are_exactly_those_written_since_the_fork() -> None:
    arena = filled(32)
    pagemap = Pagemap()
    assert count_exclusive(pagemap.read(arena.base, 32, arena.page_size)) == 32
    with sharing_child():
        assert count_exclusive(pagemap.read(arena.base, 32, arena.page_size)) == 0
        write(arena, 3, 4, 31)
        status = pagemap.read(arena.base, 32, arena.page_size)
    pagemap.close()
    assert [page for page, byte in enumerate(status) if byte & EXCLUSIVE] == [3, 4, 31]


@needs_proc
def test_a_process_that_has_ended_is_told_apart() -> None:
    with sharing_child() as child:
        gone = child.pid
    with pytest.raises(ProcessGoneError):
        Pagemap(gone)
    assert os.path.exists("/proc/self")
