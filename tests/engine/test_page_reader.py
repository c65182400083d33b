"""Readings of real pages around real forks, and which of them are thrown away."""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from engine.events import Pages
from engine.page_reader import PageReader, Reading, WatchedArena
from engine.page_states import COPIED, NEW, SHARED
from tests.engine.page_watching import filled, needs_proc, sharing_child, touch_new, write

pytestmark = needs_proc
PAGES = 32


@pytest.fixture
def reader_of() -> Iterator[Callable[[WatchedArena], PageReader]]:
    readers: list[PageReader] = []

    def make(arena: WatchedArena) -> PageReader:
        readers.append(PageReader(arena, "/proc", time.monotonic))
        return readers[-1]

    yield make
    for reader in readers:
        reader.close()


ReaderOf = Callable[[WatchedArena], PageReader]


def now(reader: PageReader) -> Reading:
    reading = reader.read(smaps=True, pagemap_first=True)
    assert reading is not None
    return reading


def test_without_a_child_pages_are_private_or_free(reader_of: ReaderOf) -> None:
    reading = now(reader_of(filled(PAGES, spare=8)))
    assert (reading.private, reading.free, reading.shared) == (PAGES, 8, 0)
    assert reading.newly_private == [(0, PAGES - 1)]


def test_exactly_the_written_pages_are_copied_once(reader_of: ReaderOf) -> None:
    arena = filled(PAGES)
    page_kb = arena.page_size // 1024
    reader = reader_of(arena)
    now(reader)
    with sharing_child() as child:
        reader.child_started(child.pid, bytes(arena.touched), time.monotonic())
        reading = now(reader)
        assert (reading.shared, reading.copied, reading.private) == (PAGES, 0, 0)
        assert reading.newly_shared == [(0, PAGES - 1)]

        write(arena, 5, 9, 10)
        new = touch_new(arena)
        reading = now(reader)
        assert reading.newly_copied == [(5, 5), (9, 10)]
        assert reading.newly_new == [(new, new)]
        assert (reading.shared, reading.copied, reading.new) == (PAGES - 3, 3, 1)

        write(arena, 5)
        reading = now(reader)
        assert not reading.changed
        assert (reading.copied, reading.child, reading.at) == (3, child.pid, reading.smaps_at)
        assert reading.private_dirty_kb - reading.new_kb == 3 * page_kb
        assert reading.child_private_dirty_kb == 3 * page_kb
        assert reading.interpreter_kb > 0 and reading.child_interpreter_kb > 0
        states = reader.states()
        assert [states[5], states[6], states[new]] == [COPIED, SHARED, NEW]
        child.reap()
        reader.child_ended()
    reading = now(reader)
    assert (reading.private, reading.copied, reading.new) == (PAGES + 1, 0, 0)
    assert reading.private_dirty_kb == (PAGES + 1) * page_kb
    assert reading.new_kb == reading.child == 0


def test_a_page_that_the_child_writes_is_copied_too(reader_of: ReaderOf) -> None:
    arena = filled(PAGES)
    reader = reader_of(arena)
    with sharing_child(lambda: write(arena, 7)) as child:
        reader.child_started(child.pid, bytes(arena.touched), time.monotonic())
        now(reader)
        child.act()
        assert now(reader).newly_copied == [(7, 7)]


def test_memory_mapped_shared_is_never_copied(reader_of: ReaderOf) -> None:
    class SharedArena:
        def __init__(self) -> None:
            self.page_size = mmap.PAGESIZE
            self.pages = self.high_water = self.mapped_end = PAGES
            self.memory = mmap.mmap(-1, PAGES * mmap.PAGESIZE, flags=mmap.MAP_SHARED)
            self.base = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))

    arena = SharedArena()
    for page in range(PAGES):
        arena.memory[page * mmap.PAGESIZE] = 1
    reader = reader_of(arena)
    with sharing_child(lambda: arena.memory[: PAGES * mmap.PAGESIZE].count(b"\1")) as child:
        child.act()  # it has to read them once: a fork does not hand shared mappings' pages on
        reader.child_started(child.pid, b"\1" * PAGES, time.monotonic())
        for page in range(PAGES):
            arena.memory[page * mmap.PAGESIZE] = 2
        reading = now(reader)
    assert (reading.copied, reading.shared, reading.private_dirty_kb) == (0, PAGES, 0)


@pytest.mark.parametrize("how", ["ends", "is killed"])
def test_what_is_read_after_the_child_has_gone_is_thrown_away(
    how: str, reader_of: ReaderOf
) -> None:
    arena = filled(PAGES)
    reader = reader_of(arena)
    with sharing_child() as child:
        reader.child_started(child.pid, bytes(arena.touched), time.monotonic())
        write(arena, 3)
        now(reader)
        if how == "is killed":
            os.kill(child.pid, signal.SIGKILL)
        child.let_go()
        assert reader.read() is None
        assert reader.closed
        assert (reader.last_known().copied, reader.last_known().shared) == (1, PAGES - 1)
        assert reader.read() is None


def test_a_reading_that_a_fork_overtakes_is_thrown_away(
    reader_of: ReaderOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    arena = filled(PAGES)
    reader = reader_of(arena)
    with sharing_child() as child:
        read = reader._pagemap_status

        def fork_meanwhile() -> bytes:
            status = read()
            reader.child_started(child.pid, bytes(arena.touched), time.monotonic())
            return status

        monkeypatch.setattr(reader, "_pagemap_status", fork_meanwhile)
        assert reader.read() is None
        monkeypatch.undo()
        assert now(reader).shared == PAGES


def test_witnesses_of_two_moments_are_told_by_their_times(
    reader_of: ReaderOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    arena = filled(PAGES)
    reader = reader_of(arena)
    with sharing_child() as child:
        reader.child_started(child.pid, bytes(arena.touched), time.monotonic())
        now(reader)
        read = reader._read_smaps

        def write_after(*args: object) -> object:
            figures = read(*args)  # type: ignore[arg-type]
            write(arena, 1)
            return figures

        monkeypatch.setattr(reader, "_read_smaps", write_after)
        reading = now(reader)
        assert (reading.copied, reading.private_dirty_kb) == (1, 0)
        assert reading.smaps_at < reading.at
        assert reader.smaps_owed
        monkeypatch.undo()
        reading = now(reader)
        assert reading.smaps_at == reading.at
        assert not reader.smaps_owed


def test_a_reading_says_all_that_a_pages_event_does() -> None:
    own = set(Pages.__struct_fields__) - {"seq", "engine", "run", "source", "read_at"}
    assert own <= set(Reading.__struct_fields__)
