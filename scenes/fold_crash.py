"""The fold of a crash: the rungs at its moment, what the engine found, what is left."""

from __future__ import annotations

import immutables
from msgspec.structs import replace

from engine.events import Answer, Census, Crash, Question, Recovered
from scenes import cells, fold_rewrite
from scenes.fold_tail import at_risk, died
from scenes.view import (
    TO_COME,
    WRITING,
    CensusView,
    CrashView,
    QuestionView,
    RungView,
    TailView,
    View,
)

POWER_CUT = "power cut"
"""The kind of a crash that takes the page cache, too."""


def crash(view: View, event: Crash) -> View:
    """The engine is gone, its memory, its child and aof_buf with it; the file stays."""
    child, size = view.child, len(view.pages)
    # An engine that was started after a crash tells of its own fsyncs only.
    before = view.tail.fsynced if view.crash is not None else 0
    fsynced = max(event.fsynced, min(before, event.written))
    if child is not None and child.alive:
        child = replace(child, alive=False, hold="released", ended_at=event.at)
    return replace(
        view,
        engine=replace(view.engine, alive=False),
        child=child,
        pages=bytes(size),
        counts=(size, 0, 0, 0, 0),
        changed=bytes(size),
        changed_since_fork=b"",
        child_pages=cells.replaced(view.child_pages, WRITING, TO_COME),
        gauge=replace(view.gauge, final=bool(view.gauge.samples)),
        tail=died(view.tail, event.written),
        rewrite=fold_rewrite.died(view.rewrite),
        hold="released",
        processes=immutables.Map(),
        crash=CrashView(
            kind=event.kind,
            at=event.at,
            acked=event.acked,
            written=event.written,
            fsynced=fsynced,
            source=event.source,
            rungs=rungs(view.tail, event.acked, event.written, fsynced),
            has_log=view.tail.enabled,
            unsaved=view.dirty,
            keys=view.keys,
        ),
    )


def rungs(tail: TailView, appended: int, written: int, fsynced: int) -> tuple[RungView, ...]:
    """aof_buf, page cache, disk: commands and bytes on each; commands as far as they were seen."""
    buffered = sum(commands for end, commands in tail.pending if end > written)
    cached = sum(commands for end, commands in tail.pending if fsynced < end <= written)
    return (
        RungView(buffered, max(appended - written, 0)),
        RungView(cached, max(written - fsynced, 0)),
        RungView(max(tail.seen - buffered - cached, 0), fsynced),
    )


def recovered(view: View, event: Recovered) -> View:
    """A restarted engine has loaded what was left."""
    view = replace(view, keys=event.keys)
    if view.crash is None:
        return view
    return replace(
        view,
        tail=_safe_before(view.tail, view.crash, event.survived),
        crash=replace(
            view.crash,
            recovered_at=event.at,
            recovered_keys=event.keys,
            recovered_from=event.source_file,
            load_usec=event.usec,
            survived=event.survived,
            lost=event.lost,
            truncated_bytes=event.truncated_bytes,
        ),
    )


def _safe_before(tail: TailView, crash: CrashView, survived: int) -> TailView:
    """A new engine knows of no fsync before it; what had been synced is on the disk all the same.

    After a power cut that is all that is left.
    """
    safe = survived if crash.kind == POWER_CUT else min(crash.fsynced, survived)
    fsynced = max(tail.fsynced, min(safe, tail.written))
    return replace(at_risk(tail, fsynced, survived), fsynced=fsynced)


def census(view: View, event: Census) -> View:
    """What is left of the writes that were sent before the crash."""
    if view.crash is None:
        return view
    counted = CensusView(
        acknowledged=event.acknowledged,
        survived=event.survived,
        lost=event.lost,
        in_flight=event.in_flight,
        in_flight_survived=event.in_flight_survived,
        left_out=event.left_out,
        lost_names=tuple(event.lost_names),
        in_flight_names=tuple(event.in_flight_names),
        survivors=tuple(event.survivors),
        usec=event.usec,
        source=event.source,
    )
    return replace(view, crash=replace(view.crash, census=counted))


def predicted(view: View, event: Question) -> View:
    """What will a crash take? Asked with `right` -1; the same again brings what was counted."""
    asked = view.prediction
    if event.right >= 0 and asked is not None and asked.id == event.id:
        return replace(view, prediction=replace(asked, right=event.right, source=event.source))
    return replace(
        view,
        prediction=QuestionView(
            id=event.id, choices=tuple(event.choices), right=event.right, at=event.at
        ),
    )


def prediction_made(view: View, event: Answer) -> View:
    """The learner predicts."""
    if view.prediction is None or view.prediction.id != event.id:
        return view
    prediction = replace(view.prediction, chosen=event.choice, answered_at=event.at)
    return replace(view, prediction=prediction)
