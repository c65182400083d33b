from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import events
from scenes.actions import Match
from scenes.fold import reduce
from scenes.scene import Card, Lights
from scenes.view import (
    COPIED,
    NEW,
    PAGE_STATES,
    PRIVATE,
    SHARED,
    TO_COME,
    WRITING,
    WRITTEN,
    View,
)
from tests.scenes.streams import any_stream, tale


def fold(stream: list[events.AnyEvent], upto: int | None = None) -> View:
    view = View()
    for event in stream[:upto]:
        view = reduce(view, event)
    return view


def after(kind: type[events.Event], nth: int = 1) -> View:
    """The view after the nth event of a kind in the tale."""
    stream = tale()
    places = [i for i, event in enumerate(stream) if isinstance(event, kind)]
    return fold(stream, places[nth - 1] + 1)


def test_a_state_is_where_the_picture_starts() -> None:
    view = after(events.State)
    assert view.engine.pid == 10 and view.engine.alive
    assert view.counts == (8, 8, 0, 0, 0)
    assert view.pages[:9] == bytes((PRIVATE,)) * 8 + b"\0"
    assert view.notes[4].keys == ("user:4",)
    assert view.config["appendfsync"] == "everysec"


def test_a_write_climbs_the_three_rungs() -> None:
    appended = after(events.AofAppend).tail
    assert (appended.unsafe, appended.rung(appended.entries[-1])) == (1, "buffer")
    written = after(events.AofWrite).tail
    assert (written.unsafe, written.rung(written.entries[-1])) == (1, "cache")
    synced = after(events.AofFsync).tail
    assert (synced.unsafe, synced.rung(synced.entries[-1])) == (0, "disk")
    assert synced.last_fsync_thread == "bio"


def test_the_fork_alone_changes_no_page_the_reading_does() -> None:
    forked = after(events.Fork)
    assert forked.counts == (8, 8, 0, 0, 0)
    assert forked.child is not None and forked.child.alive
    assert forked.child_pages[:9] == bytes((TO_COME,)) * 8 + b"\0"
    assert forked.gauge.full_copy_kb == 32
    assert after(events.Pages).counts == (8, 0, 8, 0, 0)


def test_a_hot_page_remembers_who_made_the_kernel_copy_it() -> None:
    note = after(events.Command, 3).notes[3]
    assert note.copied_by is not None and note.copied_by.command == "SET user:3 x"
    assert note.last_touch is not None and note.last_touch.command == "SET user:3 y"
    assert note.copied_at == 111.0


def test_a_page_first_touched_after_the_fork_is_new_and_nobody_copied_it() -> None:
    view = after(events.Pages, 3)
    assert view.pages[8] == NEW and view.pages[5] == COPIED and view.pages[0] == SHARED
    assert view.notes[8].copied_by is None and view.notes[8].copied_at == 0
    assert view.notes[8].last_touch is not None
    assert view.notes[8].last_touch.command == "SET new:1"


def test_with_the_childs_exit_every_page_is_the_parents_own() -> None:
    living, gone = after(events.Pages, 4), after(events.ChildExit)
    assert living.counts == counted(living) == (7, 0, 6, 2, 1)
    assert gone.counts == counted(gone) == (7, 9, 0, 0, 0)
    reading = tale()[17]
    assert isinstance(reading, events.Pages) and reading.last
    late = reduce(gone, replace(reading, newly_copied=[(3, 3)]))
    assert late.counts == counted(late) == (7, 9, 0, 0, 0)


def counted(view: View) -> tuple[int, ...]:
    return tuple(view.pages.count(state) for state in range(len(PAGE_STATES)))


def test_the_gauge_counts_copies_and_leaves_new_pages_out() -> None:
    gauge = after(events.Pages, 3).gauge
    assert (gauge.extra_kb, gauge.copied_kb, gauge.new_kb) == (8, 8, 4)
    assert [sample.extra_kb for sample in gauge.samples] == [0, 4, 8]


def test_after_the_dump_only_what_the_fork_missed_is_changed_and_dirty() -> None:
    view = fold(tale())
    assert [page for page, bit in enumerate(view.changed) if bit] == [3, 5, 8]
    assert view.dirty == 4
    assert view.child is not None and not view.child.alive
    assert view.child.saved_path == "dump.rdb"
    assert view.child_pages[:8] == bytes((WRITTEN,)) * 8
    assert view.counts == (7, 9, 0, 0, 0)
    assert view.gauge.final and view.gauge.extra_kb == 8


def test_a_foreground_save_clears_the_overlay() -> None:
    stream = [*tale(), events.RdbSaved(path="dump.rdb", bytes=1, keys=9, usec=1)]
    view = fold(stream)
    assert not any(view.changed) and view.dirty == 0


def test_a_failed_child_saves_nothing() -> None:
    stream = tale()
    killed = [
        replace(e, signal=9) if isinstance(e, events.ChildExit) else e
        for e in stream
        if not isinstance(e, events.RdbSaved)
    ]
    view = fold(killed)
    assert view.dirty == 1 + 1 + 1 + 1 + 2
    assert view.changed[1] == 1


def test_a_restart_empties_the_memory_and_keeps_the_story() -> None:
    crash = events.Crash(kind="kill -9", acked=430, written=430, fsynced=430)
    again = events.EngineReady(
        run=2, pid=77, port=7000, version="7", kernel="6", page_size=4096, arena_pages=16, thp=False
    )
    dead = fold([*tale(), crash])
    assert not dead.engine.alive and dead.tail.entries
    view = fold([*tale(), crash, again])
    assert view.engine.alive and view.engine.pid == 77 and view.run == 2
    assert view.counts == (16, 0, 0, 0, 0) and not view.tail.entries
    assert view.crash is not None and view.commands == 5


def test_a_crash_takes_memory_child_and_aof_buf_and_leaves_what_was_written() -> None:
    def at(kind: type[events.Event], start: int, end: int) -> events.Event:
        more = {"usec": 1} if kind is events.AofWrite else {"text": "SET"}
        return kind(file="b.aof", start=start, end=end, **more)  # type: ignore[arg-type]

    alive = [e for e in tale() if not isinstance(e, (events.ChildExit, events.RdbSaved))]
    written = [
        at(events.AofAppend, 0, 10),
        at(events.AofWrite, 0, 10),
        at(events.AofAppend, 10, 25),
    ]
    crash = events.Crash(kind="kill -9", acked=25, written=10, fsynced=0, at=200.0)
    view = fold([*alive, *written, crash])  # type: ignore[list-item]
    tail = view.tail
    assert (tail.appended, tail.written, tail.fsynced, tail.unsafe) == (10, 10, 0, 1)
    assert [tail.rung(entry) for entry in tail.entries] == ["cache"]
    assert view.counts == (16, 0, 0, 0, 0) and not any(view.changed)
    assert view.child is not None and not view.child.alive and view.gauge.final
    assert not view.child_pages.count(WRITING)


@pytest.mark.parametrize(("kind", "unsafe"), [("kill -9", 2), ("power cut", 0)])
def test_what_no_fsync_had_covered_is_at_risk_until_one_does(kind: str, unsafe: int) -> None:
    """A kill -9 leaves it in the page cache: the next engine can still lose it."""
    state = next(e for e in tale() if isinstance(e, events.State))
    begun = replace(state, aof_file="b.aof", aof_appended=0, aof_written=0, aof_fsynced=0)
    ends = [(0, 10), (10, 20), (20, 30), (30, 40)]
    appends = [events.AofAppend(file="b.aof", start=a, end=b, text="SET") for a, b in ends]
    synced, later = (
        events.AofFsync(file="b.aof", start=start, end=end, usec=1, thread="bio",
                        policy="everysec", dirty_pages_after=0)
        for start, end in ((0, 10), (10, 30))
    )  # fmt: skip
    crash = events.Crash(kind=kind, acked=40, written=30, fsynced=10)
    again = events.EngineReady(
        run=2, pid=77, port=7, version="7", kernel="6", page_size=4096, arena_pages=16, thp=False
    )
    left = 30 if kind == "kill -9" else 10
    found = replace(state, aof_file="b.aof", aof_appended=left, aof_written=left, aof_fsynced=0)
    back = events.Recovered(
        source_file="b.aof", keys=3, truncated_bytes=0, survived=left, lost=40 - left, usec=1
    )
    view = fold([begun, *appends, synced, crash, again, found, back])
    assert view.tail.unsafe == unsafe
    assert fold([begun, *appends, synced, crash, again, found, back, later]).tail.unsafe == 0


@pytest.mark.parametrize(("kind", "on_disk"), [("kill -9", 40), ("power cut", 70)])
def test_what_was_on_the_disk_before_a_crash_is_on_it_afterwards(kind: str, on_disk: int) -> None:
    """The new engine has synced nothing yet; a power cut leaves nothing but what is on the disk."""
    state = next(e for e in tale() if isinstance(e, events.State))
    found = replace(state, aof_file="b.aof", aof_appended=70, aof_written=70, aof_fsynced=0)
    crash = events.Crash(kind=kind, acked=90, written=90, fsynced=40)
    back = events.Recovered(
        source_file="b.aof", keys=3, truncated_bytes=0, survived=70, lost=20, usec=1
    )
    assert fold([state, crash, found, back]).tail.fsynced == on_disk
    again = events.Crash(kind="kill -9", acked=70, written=70, fsynced=0)
    twice = fold([state, crash, found, back, again, found, back])
    assert twice.tail.fsynced == on_disk, "the second engine has synced nothing itself"
    assert twice.crash is not None and twice.crash.fsynced == on_disk


def test_events_light_lines_and_modelled_ones_say_so() -> None:
    card = Card(
        name="kernel.pageWrite",
        title="t",
        code="",
        lights=[
            Lights(2, Match("command", nonzero=["pages"])),
            Lights(3, Match("pages", nonzero=["newly_copied"]), modelled=True),
            Lights(9, Match("aof.fsync", where={"policy": "always"})),
        ],
    )
    view, cards = View(), (card,)
    for event in tale():
        view = reduce(view, event, cards)
        if event.seq == 12:
            assert view.lights["kernel.pageWrite"].line == 3
            assert view.lights["kernel.pageWrite"].source == "modelled"
    assert view.lights["kernel.pageWrite"].line == 3


def test_a_question_is_asked_answered_and_then_resolved() -> None:
    view = View()
    asked = events.Question(id="q", choices=["none", "one"], right=-1)
    for event in (asked, events.Answer(id="q", choice=1), replace(asked, right=0)):
        view = reduce(view, event)
    assert view.question is not None
    assert (view.question.chosen, view.question.right) == (1, 0)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(any_stream)
def test_no_sequence_of_events_breaks_the_fold(stream: list[events.AnyEvent]) -> None:
    view = View()
    for event in stream:
        before, view = view, reduce(view, event)
        assert sum(view.counts) == len(view.pages)
        assert view.counts == tuple(view.pages.count(s) for s in range(len(PAGE_STATES)))
        tail, old = view.tail, before.tail
        assert tail.unsafe == sum(n for _, n in tail.pending)
        if isinstance(event, (events.AofAppend, events.AofWrite, events.AofFsync)):
            sane = old.fsynced <= old.written <= old.appended  # a made-up state may not be
            assert tail.fsynced <= tail.written <= tail.appended or not sane
            if tail.file == old.file:
                assert tail.appended >= old.appended
                assert tail.written >= old.written
                assert tail.fsynced >= old.fsynced


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=2000))
def test_unsafe_never_undercounts_however_long_nobody_syncs(batches: list[int]) -> None:
    view, end = View(), 0
    for merged in batches:
        view = reduce(
            view, events.AofAppend(file="a", start=end, end=end + 10, text="", merged=merged)
        )
        end += 10
    assert view.tail.unsafe == sum(batches)
    half = end // 20 * 10
    fsync = events.AofFsync(
        file="a", start=0, end=half, usec=1, policy="no", thread="bio", dirty_pages_after=0
    )
    view = reduce(view, fsync)
    assert view.tail.unsafe >= sum(batches[half // 10 :])


def collapsed() -> View:
    """In the tale, pages 1 and 9 become part of a huge page beside the child; nobody wrote."""
    stream = tale()
    place = next(n for n, event in enumerate(stream) if isinstance(event, events.Pages)) + 1
    told = events.Pages(
        at=120.0, child=11, shared=7, copied=1, new=1, free=7, newly_copied=[(1, 1)],
        newly_new=[(9, 9)], private_dirty_kb=8, new_kb=4, huge_kb=2048, smaps_at=119.9,
    )  # fmt: skip
    written = events.Command(
        at=121.0, client="me", argv=["SET", "user:1", "z"], usec=9, dirty=1, pages=[(1, "user:1")]
    )
    return fold([*stream[:place], told, written])


def test_what_a_huge_page_copied_is_not_laid_to_the_write_that_came_after_it() -> None:
    view = collapsed()
    note = view.notes[1]
    assert view.pages[1] == COPIED and note.copied_at == 120.0
    assert note.copied_by is None
    assert note.last_touch is not None and note.last_touch.command == "SET user:1 z"


def test_huge_pages_are_counted_also_when_the_child_has_gone() -> None:
    view = collapsed()
    assert (view.gauge.huge_kb, view.gauge.extra_kb, view.gauge.new_kb) == (2048, 4, 4)
    at_rest = events.Pages(child=0, shared=0, copied=0, new=0, private=9, free=7)
    assert reduce(view, at_rest).gauge.huge_kb == 2048, "smaps was not asked"
    assert reduce(view, replace(at_rest, smaps_at=130.0)).gauge.huge_kb == 0


def test_the_key_for_huge_pages_turns_them_on_and_off() -> None:
    on = reduce(View(), events.Config(name="arena-thp", old="no", new="yes"))
    assert on.engine.thp
    assert not reduce(on, events.Config(name="arena-thp", old="yes", new="no")).engine.thp


def test_the_kernels_count_moves_no_byte_to_another_rung() -> None:
    before = after(events.AofFsync)
    counted = events.AofDirty(at=140.0, file="a.aof", dirty_pages=3)
    tail = reduce(before, counted).tail
    assert (tail.dirty_pages, tail.dirty_at) == (3, 140.0)
    assert (tail.fsynced, tail.written) == (before.tail.fsynced, before.tail.written)
    assert reduce(before, replace(counted, file="b.aof")).tail.dirty_at == 0.0


def test_a_rewrite_moves_the_tail_to_its_empty_file_before_anything_is_written() -> None:
    view = after(events.AofFsync)
    moved = reduce(view, events.Rewrite(stage="switch-increment", child=0, bytes=0, file="next"))
    assert (moved.tail.file, moved.tail.appended, moved.tail.fsynced) == ("next", 0, 0)
    later = events.Rewrite(stage="fork", child=7, bytes=0)
    assert reduce(moved, later).tail == moved.tail


def test_the_disks_faults_are_known_until_they_are_off_or_the_engine_is_another() -> None:
    view = reduce(after(events.AofFsync), events.Fault(kind="full", value="100"))
    view = reduce(view, events.Fault(kind="fsync-error", value="2"))
    view = reduce(view, events.Fault(kind="full", value="40", struck=1))
    assert dict(view.faults) == {"full": "40", "fsync-error": "2"}
    assert dict(reduce(view, events.Fault(kind="full", value="off")).faults) == {"fsync-error": "2"}
    restarted = events.EngineReady(
        run=view.run + 1, pid=2, port=1, version="", kernel="", page_size=4096,
        arena_pages=len(view.pages), thp=False,
    )  # fmt: skip
    assert not reduce(view, restarted).faults


def test_a_rewrite_under_way_dies_with_its_engine_and_one_that_has_ended_stays() -> None:
    crash = events.Crash(kind="kill -9", acked=0, written=0, fsynced=0)
    begun, forked, finished = (
        events.Rewrite(stage=stage, child=7, bytes=0)
        for stage in ("create-increment", "fork", "finished")
    )
    assert fold([begun, forked, crash]).rewrite.stages == ()
    ended = fold([begun, forked, finished, crash]).rewrite
    assert [stage.name for stage in ended.stages] == ["create-increment", "fork", "finished"]
