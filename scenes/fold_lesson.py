"""The fold of the first lessons' panels: frames, copies against writes, clients' waits."""

from __future__ import annotations

from msgspec.structs import replace

from engine.events import Fork, Frames, Latency, LessonSide, Pages, RdbSaved, Walk
from scenes.view import COPIED, LessonView, View, Wait

SAMPLES = 300
"""Points kept of one child's curve, and waits of clients."""


def side(view: View, event: LessonSide) -> View:
    """One side of a lesson's fork speaks."""
    return replace(view, lesson=replace(view.lesson, address=event.address))


def fork(view: View, event: Fork) -> View:
    """A child: its curve begins, and nobody has looked at its frames."""
    lesson = replace(
        view.lesson,
        before=(),
        parent_frames=(),
        child_frames=(),
        commands_at_fork=view.commands,
        curve=((0, 0),),
    )
    if event.purpose == "rdb":
        lesson = _marked(lesson, event.at, "fork")
    return replace(view, lesson=lesson)


def frames(view: View, event: Frames) -> View:
    """The frames behind some pages, in both."""
    lesson = view.lesson
    same = lesson.before and lesson.frames_first == event.first
    return replace(
        view,
        lesson=replace(
            lesson,
            frames_first=event.first,
            frames_source=event.source,
            before=lesson.before if same else tuple(event.parent_frames),
            parent_frames=tuple(event.parent_frames),
            child_frames=tuple(event.child_frames),
        ),
    )


def pages(view: View, event: Pages) -> View:
    """A reading while a child lives: another point of its curve."""
    lesson, child = view.lesson, view.child
    if child is None or not child.alive or event.child != child.pid:
        return view
    point = (view.commands - lesson.commands_at_fork, view.counts[COPIED])
    if lesson.curve and lesson.curve[-1] == point:
        return view
    curve = (*lesson.curve, point)
    if len(curve) > SAMPLES:
        curve = (*curve[:-1:2], point)
    return replace(view, lesson=replace(lesson, curve=curve))


def latency(view: View, event: Latency) -> View:
    """How long a client waited at most, in the last interval."""
    if not event.count:
        return view
    waits = (*view.lesson.waits, Wait(at=event.at, usec=event.max_usec, client=event.client))
    return replace(view, lesson=replace(view.lesson, waits=waits[-SAMPLES:]))


def saved(view: View, event: RdbSaved) -> View:
    """A dump is complete."""
    return replace(view, lesson=_marked(view.lesson, event.at, "saved"))


def walk(view: View, event: Walk) -> View:
    """The naive walk's beginning and end."""
    word = {"begun": "walk", "ended": "walked"}.get(event.stage, "")
    return replace(view, lesson=_marked(view.lesson, event.at, word)) if word else view


def _marked(lesson: LessonView, at: float, word: str) -> LessonView:
    return replace(lesson, marks=(*lesson.marks, (at, word))[-24:])
