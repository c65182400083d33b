"""Branching: what fresh engines need to go on from a moment of a run's past.

1. each engine begins on what the run of that moment began on: the population, or the files that a
   crash or a restart left (`scenes/beginnings.py`)
2. the recorded commands of that run are made again, all clients' in their order
3. the directives are set as they were

The processes of that moment are not made again: a child that lived then is forked anew by the step
that the scene goes on with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from engine.events import Command, State
from scenes.beginnings import Beginning
from scenes.errors import SceneError
from scenes.history import History
from scenes.refusals import played
from scenes.view import View

Beginnings = Mapping[int, Beginning]
"""Of one engine, by its runs."""


class Timeline(msgspec.Struct, frozen=True):
    """A run that was left by a branch: it can be looked at, and branched from again."""

    history: History
    beginnings: Mapping[str, Beginnings]
    """By engine."""


class Again(msgspec.Struct, frozen=True):
    """What brings one fresh engine to the moment."""

    beginning: Beginning
    changes: Iterable[tuple[int, bytes]]
    """(database, RESP) of every change since, in their order."""
    config: Mapping[str, str]
    """The directives as they were."""


class Branch(msgspec.Struct, frozen=True):
    """How to come to the moment, and how to go on."""

    engines: Mapping[str, Again]
    step: str


def planned(timeline: Timeline, index: int) -> Branch:
    """A branch from the moment after event `index`; raises SceneError where none is possible."""
    view = timeline.history.view_at(index)
    if not view.step:
        raise SceneError(played("branch.not_begun"))
    views = {view.name: view, **view.others}
    engines = {
        name: _again(timeline, index, name, views.get(name, View())) for name in timeline.beginnings
    }
    return Branch(engines, view.step)


def _again(timeline: Timeline, index: int, name: str, view: View) -> Again:
    if not view.engine.alive:
        raise SceneError(played("branch.down", engine=name))
    if view.missed:
        raise SceneError(played("branch.missed"))
    beginning = timeline.beginnings[name].get(view.run)
    if beginning is None or beginning.too_large:
        raise SceneError(played("branch.too_large"))
    number = _number(timeline.history, index, name, view.run)
    return Again(beginning, list(beginning.journal.until(number)), dict(view.config))


def _number(history: History, index: int, name: str, run: int) -> int:
    """Of an engine's last command, in this run of it, whose change the moment shows."""
    for at in range(index, -1, -1):
        event = history.event(at)
        if event.engine != name:
            continue
        if event.run < run:
            break
        match event:
            case Command(number=number) | State(last_command=number):
                return number
            case _:
                pass
    return 0
