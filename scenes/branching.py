"""Branching: what a fresh engine needs to go on from a moment of a run's past.

Recorded commands are made again, all clients' in their order; the processes of that moment are not:
a child that lived then is forked anew by the step that the scene goes on with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from engine.events import Command, State
from scenes.errors import SceneError
from scenes.history import History
from scenes.journal import Journal
from scenes.sayings import trouble


class Timeline(msgspec.Struct, frozen=True):
    """A run that was left by a branch: it can be looked at, and branched from again."""

    history: History
    journal: Journal


class Branch(msgspec.Struct, frozen=True):
    """How to come to the moment, and how to go on."""

    changes: Iterable[tuple[int, bytes]]
    """(database, RESP) of every change, in their order."""
    config: Mapping[str, str]
    """The directives as they were."""
    step: str


def planned(timeline: Timeline, index: int) -> Branch:
    """A branch from the moment after event `index`; raises SceneError where none is possible."""
    view = timeline.history.view_at(index)
    if not view.step:
        raise SceneError(trouble("branching.planned"))
    if view.run > 1 or view.crash is not None:
        raise SceneError(trouble("branching.planned_2"))
    if view.missed:
        raise SceneError(trouble("branching.planned_3"))
    changes = list(timeline.journal.until(_number(timeline.history, index)))
    return Branch(changes, dict(view.config), view.step)


def _number(history: History, index: int) -> int:
    """Of the last command whose change the moment shows."""
    for at in range(index, -1, -1):
        match history.event(at):
            case Command(number=number) | State(last_command=number):
                return number
            case _:
                pass
    return 0
