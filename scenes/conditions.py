"""Conditions under which a step's words would not be true any more, by name, over the view.

A learner may end at any moment what a step speaks of: by a key, at the prompt, from another
terminal. What was said as a fact is then said otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from scenes.scene import Choice, Scene, Stage
from scenes.topics import Registry
from scenes.view import QuestionView, View

LEAST_READINGS = 4
"""Readings with more memory than the one before, under which no curve has a shape."""


def _child_lives(view: View) -> bool:
    return view.child is not None and view.child.alive


def _child_gone(view: View) -> bool:
    """The child went during the step on show."""
    child = view.child
    return child is not None and not child.alive and child.ended_at >= view.step_at


def _child_failed(view: View) -> bool:
    child = view.child
    return _child_gone(view) and child is not None and bool(child.exit_signal or child.exit_status)


def _straight(view: View) -> bool:
    """Whether the extra memory of the step on show has not (yet) grown ever more slowly."""
    readings = [sample for sample in view.gauge.samples if sample.at >= view.step_at]
    grown = [now for before, now in pairwise(readings) if now.extra_kb > before.extra_kb]
    if len(grown) < LEAST_READINGS:
        return True
    first, last = readings[0], grown[-1]
    half = first.at + (last.at - first.at) / 2
    middle = max(s.extra_kb for s in readings if s.at <= half)
    return middle - first.extra_kb <= last.extra_kb - middle


_BUILTIN: Mapping[str, Callable[[View], bool]] = {
    "engine_gone": lambda view: view.crash is not None and not view.engine.alive,
    "child_lives": _child_lives,
    "child_gone": _child_gone,
    "child_failed": _child_failed,
    "not_everysec": lambda view: view.tail.policy != "everysec",
    "not_always": lambda view: view.tail.policy != "always",
    "not_no": lambda view: view.tail.policy != "no",
    "straight": _straight,
    "aof_off": lambda view: not view.tail.enabled,
}
CONDITIONS = Registry("CONDITIONS", _BUILTIN)
"""Those that stand here and those of the topics."""


def text_of(scene: Scene, stage: Stage, view: View) -> str:
    """The catalogue key of what is true to say in `stage` where the view is `view`."""
    for other in (*scene.otherwise, *stage.otherwise):
        if CONDITIONS[other.when](view):
            return other.text
    return stage.text


def why_of(choice: Choice, question: QuestionView) -> str:
    """The catalogue key of why `choice` is right in this run."""
    return choice.why if question.with_child or not choice.alone else choice.alone
