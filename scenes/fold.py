"""The fold: `reduce(view, event) -> view`, pure; all that a screen shows comes from here.

Live play, stepping back, seeking, replay on another system and headless runs differ only in where
the events come from. An event that refers to something the fold has not seen (events can be lost)
changes what it can and never raises.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace

from engine import events
from engine.events import Event
from scenes import fold_crash, fold_engine, fold_lesson, fold_pages, fold_rewrite, fold_tail
from scenes.cards import light
from scenes.prediction import PREDICTION
from scenes.scene import Card
from scenes.view import QuestionView, View


def _step(view: View, event: events.Step) -> View:
    return replace(view, step=event.step, step_at=event.at)


def _question(view: View, event: events.Question) -> View:
    """Asked with `right` -1; the same event again brings the measured answer."""
    if event.id.startswith(PREDICTION):
        return fold_crash.predicted(view, event)
    asked = view.question
    known = asked is not None and asked.id == event.id
    question = QuestionView(
        id=event.id,
        choices=tuple(event.choices),
        right=event.right,
        chosen=asked.chosen if known and asked is not None and event.right >= 0 else -1,
        by=asked.by if known and asked is not None and event.right >= 0 else "",
        at=asked.at if known and asked is not None else event.at,
        answered_at=asked.answered_at if known and asked is not None else 0.0,
        source=event.source,
        with_child=event.right < 0 or _lived_since(view, asked.answered_at if asked else 0.0),
    )
    return replace(view, question=question)


def _lived_since(view: View, at: float) -> bool:
    return view.child is not None and view.child.alive and view.child.forked_at <= at


def _answer(view: View, event: events.Answer) -> View:
    if event.id.startswith(PREDICTION):
        return fold_crash.prediction_made(view, event)
    if view.question is None or view.question.id != event.id:
        return view
    answered = replace(view.question, chosen=event.choice, by=event.by, answered_at=event.at)
    return replace(view, question=answered)


def _unchanged(view: View, event: Event) -> View:
    """Kinds that only light code lines."""
    return view


def _both(
    first: Callable[[View, Any], View], second: Callable[[View, Any], View]
) -> Callable[[View, Any], View]:
    return lambda view, event: second(first(view, event), event)


_FOLDS: dict[type[Event], Callable[[View, Any], View]] = {
    events.EngineReady: fold_engine.ready,
    events.Config: fold_engine.config,
    events.State: _both(fold_engine.state, fold_rewrite.state),
    events.Fault: fold_engine.fault,
    events.Latency: _both(fold_engine.latency, fold_lesson.latency),
    events.Process: fold_engine.process,
    events.SavePoint: fold_engine.savepoint,
    events.Crash: fold_crash.crash,
    events.Recovered: fold_crash.recovered,
    events.Census: fold_crash.census,
    events.Log: fold_engine.log,
    events.Gap: fold_engine.gap,
    events.Command: fold_pages.command,
    events.Fork: _both(fold_pages.fork, fold_lesson.fork),
    events.Pages: _both(fold_pages.pages, fold_lesson.pages),
    events.Hold: fold_pages.hold,
    events.SnapshotProgress: _both(fold_pages.progress, fold_rewrite.progress),
    events.ChildExit: fold_pages.child_exit,
    events.RdbSaved: _both(fold_pages.rdb_saved, fold_lesson.saved),
    events.AofAppend: _both(fold_tail.append, fold_rewrite.append),
    events.AofWrite: _both(fold_tail.write, fold_rewrite.write),
    events.AofFsync: fold_tail.fsync,
    events.AofDelayed: fold_tail.delayed,
    events.AofDirty: fold_tail.dirty,
    events.Rewrite: _both(fold_tail.rewrite, fold_rewrite.rewrite),
    events.Clock: fold_engine.clock,
    events.LessonSide: fold_lesson.side,
    events.LessonValue: _unchanged,
    events.LessonPages: _unchanged,
    events.Frames: fold_lesson.frames,
    events.Walk: fold_lesson.walk,
    events.Contents: _unchanged,
    events.Step: _step,
    events.Question: _question,
    events.Answer: _answer,
    events.Reply: _unchanged,
}


def reduce(view: View, event: Event, cards: Sequence[Card] = ()) -> View:
    """The view after `event`; `cards` are the scene's, whose lines the events light."""
    if event.engine != view.name and view.name:
        return _of_another(view, event, cards)
    child = view.child
    view = _FOLDS[type(event)](view, event)
    return replace(
        view,
        name=event.engine,
        seq=event.seq,
        at=event.at,
        run=max(view.run, event.run),
        lights=light(view.lights, event, cards, child),
    )


def _of_another(view: View, event: Event, cards: Sequence[Card]) -> View:
    """An event of an engine beside the one on show changes its own view, and may light a line."""
    other = view.others.get(event.engine, View())
    return replace(
        view,
        others=view.others.set(event.engine, reduce(other, event)),
        lights=light(view.lights, event, cards, other.child),
        seq=event.seq,
        at=event.at,
    )
