"""What the crashes' topic knows of a crash: from the log's bytes alone, whatever comes after it."""

from __future__ import annotations

import pytest

from engine import events
from scenes.conditions import text_of
from scenes.evidence import Evidence
from scenes.evidence_aof import KEPT
from scenes.fold import reduce
from scenes.loader import load
from scenes.measures import MEASURES
from scenes.topics.crashes import LastCrash
from scenes.view import View


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


@pytest.mark.parametrize(
    ("kind", "words", "gave_up"),
    [
        ("exit code 1", "Can't recover from AOF write error when the AOF fsync policy is 'always'. "
         "Exiting...", True),
        ("exit code 1", "Fatal error loading the DB", False),
        ("kill -9", "the AOF fsync policy is 'always'", False),
    ],
)  # fmt: skip
def test_why_an_engine_ended_itself_under_always_is_said(
    kind: str, words: str, gave_up: bool
) -> None:
    view = reduce(View(), events.Log(level="#", text=f"The engine is gone: {words}"))
    view = reduce(view, events.Crash(kind=kind, acked=40, written=0, fsynced=0))
    scene = load("04").scene
    said = text_of(scene, scene.stages[-1], view)
    assert (said == "gone.always") is gave_up
    assert gave_up or said == "gone.engine"
