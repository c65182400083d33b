"""The probe: readings come after writes, in order, and stop when nothing can be learned."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from engine.arena import Arena
from engine.errors import ProbeError
from engine.page_states import COPIED, PRIVATE, SHARED
from engine.probe import Probe, Reading, check_invariant
from tests.engine.page_watching import filled, needs_proc, sharing_child, touch_new, write

pytestmark = needs_proc
PAGES = 32
PATIENCE = 60.0


@pytest.fixture
def arena() -> Arena:
    return filled(PAGES)


@pytest.fixture
def probe(arena: Arena) -> Iterator[Probe]:
    probe = Probe(arena)
    yield probe
    probe.stop()


class Inbox:
    """Readings as they come."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Reading] = SimpleQueue()
        self.put = self._queue.put
        self.readings: list[Reading] = []

    def until(self, met: Callable[[Reading], bool]) -> Reading:
        """The first reading that is so; queue.Empty if none comes."""
        while True:
            reading = self._queue.get(timeout=PATIENCE)
            self.readings.append(reading)
            if met(reading):
                return reading


def test_a_write_beside_a_child_is_reported_with_its_page(arena: Arena, probe: Probe) -> None:
    inbox = Inbox()
    probe.start(inbox.put)
    inbox.until(lambda r: r.private == PAGES)
    with sharing_child() as child:
        probe.child_started(child.pid, bytes(arena.touched), time.monotonic())
        inbox.until(lambda r: r.newly_shared == [(0, PAGES - 1)])
        write(arena, 4)
        probe.kick()
        assert inbox.until(lambda r: bool(r.newly_copied)).newly_copied == [(4, 4)]
        new = touch_new(arena)
        probe.kick()
        assert inbox.until(lambda r: bool(r.newly_new)).newly_new == [(new, new)]
        settled = inbox.until(lambda r: r.smaps_at == r.at and r.private_dirty_kb > 0)
        assert settled.private_dirty_kb - settled.new_kb == arena.page_size // 1024
        child.reap()
        probe.child_ended()
        last = inbox.until(lambda r: r.private == PAGES + 1)
        assert (last.child, last.copied, last.new_kb) == (0, 0, 0)
    assert probe.problem == ""


def test_the_childs_own_writes_are_found_without_a_kick(arena: Arena, probe: Probe) -> None:
    inbox = Inbox()
    probe.start(inbox.put)
    with sharing_child(lambda: write(arena, 9)) as child:
        probe.child_started(child.pid, bytes(arena.touched), time.monotonic())
        inbox.until(lambda r: r.shared == PAGES)
        child.act()
        assert inbox.until(lambda r: bool(r.newly_copied)).newly_copied == [(9, 9)]


def test_unchanged_figures_are_told_again_each_second_while_a_child_lives(probe: Probe) -> None:
    def told(child: int, *moments: float) -> list[float]:
        counts = dict.fromkeys(("private", "shared", "copied", "new", "free"), 0)
        readings = [Reading(at=at, child=child, smaps_at=at, **counts) for at in moments]
        return [reading.at for reading in readings if probe._is_news(reading)]

    assert told(7, 10.0, 10.1, 10.5, 11.0, 11.1, 12.3) == [10.0, 11.0, 12.3]
    assert told(0, 13.0, 14.0, 99.0) == [13.0], "with no child nothing is told twice"


def test_every_change_is_reported_once(arena: Arena, probe: Probe) -> None:
    inbox = Inbox()
    probe.start(inbox.put)
    with sharing_child() as child:
        probe.child_started(child.pid, bytes(arena.touched), time.monotonic())
        for page in range(PAGES):
            write(arena, page)
            probe.kick()
        inbox.until(lambda r: r.copied == PAGES)
    copied = [
        page
        for reading in inbox.readings
        for first, last in reading.newly_copied
        for page in range(first, last + 1)
    ]
    assert sorted(copied) == list(range(PAGES))


def test_the_last_reading_has_final_figures_and_nothing_comes_after_it(
    arena: Arena, probe: Probe
) -> None:
    inbox = Inbox()
    probe.start(inbox.put)
    page_kb = arena.page_size // 1024
    with sharing_child() as child:
        probe.child_started(child.pid, bytes(arena.touched), time.monotonic())
        inbox.until(lambda r: r.shared == PAGES)
        write(arena, 1, 2)
        last = probe.last_reading()
        assert last.last
        assert (last.copied, last.private_dirty_kb, last.at) == (2, 2 * page_kb, last.smaps_at)
        assert last.child_private_dirty_kb == 2 * page_kb
        child.let_go()
        write(arena, 3)
        probe.kick()
        assert probe.last_reading().copied == 2
        child.reap()
        probe.child_ended()
    after = inbox.until(lambda r: r.child == 0 and r.private == PAGES)
    assert after.copied == 0
    assert all(reading.copied <= 2 for reading in inbox.readings)


def test_the_main_threads_own_readings_come_after_those_in_flight(
    arena: Arena, probe: Probe
) -> None:
    posted: SimpleQueue[Callable[[], None]] = SimpleQueue()
    got: list[Reading] = []
    probe.start(got.append, posted.put)
    posted.get(timeout=PATIENCE)()
    assert got[0].private == PAGES
    with sharing_child() as child:
        probe.child_started(child.pid, bytes(arena.touched), time.monotonic())
        in_flight = posted.get(timeout=PATIENCE)
        last = probe.last_reading()
        assert sum(bool(r.newly_shared) for r in [*got, last]) == 1
        count = len(got)
        in_flight()
        assert len(got) == count
    assert [r.at for r in got] == sorted(r.at for r in got)


def test_without_a_thread_the_pages_can_be_read_on_the_spot(arena: Arena) -> None:
    probe = Probe(arena)
    reading, states = probe.read_now()
    assert states == bytes((PRIVATE,)) * PAGES
    assert reading.page_table_kb > 0
    with sharing_child() as child:
        write(arena, 6)
        late = Probe(arena)
        late.child_started(child.pid, bytes(arena.touched), time.monotonic())
        reading, states = late.read_now()
    assert (reading.copied, states[6], states[7]) == (1, COPIED, SHARED)


def test_where_pages_cannot_be_read_the_reason_is_told_once(arena: Arena, tmp_path: Path) -> None:
    problems: SimpleQueue[str] = SimpleQueue()
    probe = Probe(arena, proc=str(tmp_path))
    probe.start(lambda reading: None, on_problem=problems.put)
    assert "does not offer it" in problems.get(timeout=PATIENCE)
    probe.kick()
    with pytest.raises(ProbeError, match="does not offer it"):
        probe.read_now()
    probe.stop()
    assert problems.empty()
    assert "does not offer it" in probe.problem


def test_a_stopped_probe_reports_nothing_and_can_start_again(arena: Arena, probe: Probe) -> None:
    inbox = Inbox()
    probe.start(inbox.put)
    inbox.until(lambda r: r.private == PAGES)
    probe.stop()
    touch_new(arena)
    probe.kick()
    probe.start(inbox.put)
    assert inbox.until(lambda r: r.private > PAGES).newly_private == [(PAGES, PAGES)]


def test_nothing_is_read_while_paused(arena: Arena, probe: Probe) -> None:
    inbox = Inbox()
    with probe.paused():
        probe.start(inbox.put)
        probe.kick()
        touch_new(arena)
    assert inbox.until(lambda r: True).private == PAGES + 1


def test_the_witnesses_agree_in_every_situation(arena: Arena) -> None:
    assert check_invariant(arena) is None
    with sharing_child():
        assert check_invariant(arena) is None
        write(arena, 0, 5, 31)
        touch_new(arena)
        assert check_invariant(arena) is None
    arena.reset()
    assert check_invariant(arena) is None


def test_a_broken_invariant_is_one_sentence_with_both_figures(
    arena: Arena, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.probe.count_exclusive", lambda status: 1)
    page_kb = arena.page_size // 1024
    found = check_invariant(arena)
    assert found is not None
    assert f"pagemap counts {page_kb} KiB" in found
    assert f"smaps {PAGES * page_kb:,} KiB" in found


def test_memory_that_changed_between_the_readings_breaks_no_invariant(
    arena: Arena, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = iter([400, 400 + 4 * PAGES])
    monkeypatch.setattr("engine.probe.count_exclusive", lambda status: 1)
    monkeypatch.setattr("engine.smaps.Sums.private_kb", property(lambda _self: next(figures)))
    assert check_invariant(arena) is None
