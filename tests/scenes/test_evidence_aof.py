"""The log's account: offsets that only grow, batches that wait for their fsync, policies."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import events
from scenes.evidence_aof import FASTEST_FSYNC_USEC, MOST_BROKEN, AofEvidence, Fsyncs
from tests.scenes.streams import tale

FILE = "appendonly.aof"


def append(start: int, end: int, at: float = 0.0) -> events.AofAppend:
    return events.AofAppend(file=FILE, start=start, end=end, text="", at=at)


def write(start: int, end: int) -> events.AofWrite:
    return events.AofWrite(file=FILE, start=start, end=end, usec=1)


def fsync(start: int, end: int, at: float = 0.0) -> events.AofFsync:
    return events.AofFsync(
        file=FILE, start=start, end=end, usec=9, thread="bio", policy="everysec",
        dirty_pages_after=0, at=at,
    )  # fmt: skip


def gathered(*stream: events.Event) -> AofEvidence:
    aof = AofEvidence()
    for event in stream:
        aof.add(event)
    return aof


def test_a_batch_is_unsafe_until_an_fsync_covers_it() -> None:
    aof = gathered(append(0, 10, at=1.0), append(10, 30, at=2.0), write(0, 30), fsync(0, 10, 2.5))
    assert (aof.appended, aof.written, aof.fsynced) == (30, 30, 10)
    assert list(aof.unsafe) == [(30, 1, 2.0)] and aof.longest_amber == 1.5
    assert aof.broken == []


def test_an_offset_that_goes_back_or_overtakes_is_put_down() -> None:
    aof = gathered(append(0, 10), write(0, 12), fsync(0, 4), fsync(0, 2))
    assert aof.broken == [
        f"{FILE}: write at 12 overtook 10",
        f"{FILE}: fsync went back from 4 to 2",
    ]
    for place in range(100, 100 + 2 * MOST_BROKEN):
        aof.add(append(2 * place, 2 * place))
    assert len(aof.broken) == MOST_BROKEN


def test_a_rewritten_file_begins_with_its_base_and_nothing_synced() -> None:
    switch = events.Rewrite(child=2, stage="switched", file="new.aof", bytes=50)
    aof = gathered(append(0, 10), write(0, 10), fsync(0, 10), switch)
    assert (aof.file, aof.appended, aof.written, aof.fsynced) == ("new.aof", 50, 50, 0)


def test_a_span_begins_with_each_policy() -> None:
    always = events.Config(name="appendfsync", old="everysec", new="always", at=3.0)
    aof = gathered(append(0, 10), always, append(10, 20), write(0, 20), append(20, 30))
    assert [(span.policy, span.appends) for span in aof.spans] == [("everysec", 1), ("always", 2)]
    assert aof.spans[-1].acknowledged_early == 1  # written and not synced when the next one began


def test_a_restart_begins_the_account_anew() -> None:
    state = tale()[0]
    assert isinstance(state, events.State)
    aof = gathered(append(0, state.aof_appended + 9))
    aof.state(state, restarted=True)
    assert (aof.appended, aof.fsynced) == (state.aof_appended, state.aof_fsynced)


def test_what_a_killed_engine_had_written_waits_for_the_next_ones_fsync() -> None:
    aof = gathered(append(0, 10), write(0, 10), append(10, 30), write(10, 30), append(30, 40))
    aof.add(fsync(0, 10))
    state = next(event for event in tale() if isinstance(event, events.State))
    found = replace(state, aof_file=FILE, aof_appended=30, aof_written=30, aof_fsynced=0, at=9.0)
    aof.state(found, restarted=True)
    assert list(aof.unsafe) == [(30, 1, 9.0)]
    cut = replace(found, aof_appended=10, aof_written=10)
    aof.state(cut, restarted=True)
    assert not aof.unsafe


def test_a_sync_of_the_file_before_is_none_of_what_a_span_promises() -> None:
    always = events.Config(name="appendfsync", old="everysec", new="always")
    late = replace(fsync(0, 90), policy="always")
    aof = gathered(append(0, 90), always, late, replace(append(0, 10), file="new.aof"))
    span = aof.spans[-1]
    assert (span.fsyncs, span.own_fsyncs, span.own_after_append, span.elsewhere) == (1, 1, 0, 0)
    aof.add(replace(late, file="new.aof", end=10, merged=3))
    assert (span.fsyncs, span.own_fsyncs, span.own_after_append, span.elsewhere) == (4, 4, 3, 1)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 4)), max_size=12))
def test_what_is_counted_of_fsyncs_is_their_median(made: list[tuple[int, int]]) -> None:
    fsyncs = Fsyncs()
    for usec, merged in made:
        fsyncs.add(replace(fsync(0, 10), usec=usec, merged=merged))
    usecs = sorted(usec // merged for usec, merged in made)
    median = usecs[len(usecs) // 2] if usecs else 0
    assert fsyncs.typical_usec == min(median, FASTEST_FSYNC_USEC)
    assert fsyncs.noted == len(made) and fsyncs.last_usec == (made[-1][0] if made else 0)
