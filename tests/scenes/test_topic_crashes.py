"""What the crashes' topic knows of a crash: from the log's bytes alone, whatever comes after it."""

from __future__ import annotations

from engine import events
from scenes.evidence import KEPT, Evidence
from scenes.measures import MEASURES
from scenes.topics.crashes import LastCrash


def append(start: int, commands: int = 1) -> events.AnyEvent:
    return events.AofAppend(file="a", start=start, end=start + 10, text="x", merged=commands)


def fsync(end: int) -> events.AnyEvent:
    return events.AofFsync(
        file="a", start=0, end=end, usec=9, policy="no", thread="main", dirty_pages_after=0
    )


def crash(written: int, fsynced: int) -> events.AnyEvent:
    return events.Crash(kind="kill -9", acked=40, written=written, fsynced=fsynced)


def recovered(survived: int) -> events.AnyEvent:
    return events.Recovered(
        source_file="a", keys=1, truncated_bytes=0, survived=survived, lost=40 - survived, usec=1
    )


def census(lost: int) -> events.AnyEvent:
    return events.Census(acknowledged=9, survived=9 - lost, lost=lost)


def told(*stream: events.AnyEvent) -> dict[str, object]:
    evidence = Evidence(topics=["crashes"])
    for event in stream:
        evidence.add(event)
    names = ("crash_took", "unsynced_at_crash", "buffered_at_crash")
    return {name: MEASURES[name](evidence) for name in names}


WRITTEN = [append(0), append(10), fsync(20), append(20, 2), append(30)]


def test_a_kill_takes_nothing_though_much_was_unsynced() -> None:
    said = told(*WRITTEN, crash(40, 20), recovered(40), census(0))
    assert said == {"crash_took": "nothing", "unsynced_at_crash": 3, "buffered_at_crash": 0}


def test_what_the_next_engine_syncs_was_unsynced_at_the_crash() -> None:
    assert told(*WRITTEN, crash(40, 20), recovered(40), fsync(40), census(0)) == told(
        *WRITTEN, crash(40, 20), recovered(40), census(0)
    )


def test_more_than_the_unsynced_may_be_gone() -> None:
    assert told(*WRITTEN, crash(30, 20), census(3))["crash_took"] == "unsynced"
    assert told(*WRITTEN, crash(30, 20), census(4))["crash_took"] == "more"
    assert told(*WRITTEN, crash(30, 20))["crash_took"] is None
    assert told(*WRITTEN, crash(30, 20))["buffered_at_crash"] == 10


def test_only_what_no_fsync_covers_is_kept() -> None:
    last = LastCrash()
    for n in range(3 * KEPT):
        last.add(append(n * 10))
    last.add(crash(0, 0))
    assert (len(last.appends), last.unsynced) == (KEPT, 3 * KEPT)
    last.add(recovered(0))
    last.add(append(0))
    last.add(fsync(10))
    assert not last.appends
