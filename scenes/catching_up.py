"""Catching up: the steps before a later one are played first, fast and without waiting for keys.

What a step says, counts and finds right rests on what the steps before it have brought about. So
whoever goes to a later step has all of them played on the way: what they do, wait for, ask and
expect, with the scripted pace of runs without a screen. Questions on the way are answered as the
learner has answered them before, else by the script; nobody is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from engine.events import AnsweredBy
from scenes import effects
from scenes.effects import CaughtUp, Effect
from scenes.scene import Question, Scene
from scenes.stagehand import Stagehand

PACE = 20.0
"""The fastest at which runs without a screen are tested; a faster one stays as it is."""

Earlier: TypeAlias = Callable[[str], int]
"""A question's id -> the choice that the learner made in an earlier play, from 0; -1: none."""


def never(question: str) -> int:
    """Where nobody knows of an earlier play."""
    return -1


class Way(msgspec.Struct, frozen=True):
    """From where to where; pace and autoplay are the learner's own, which wait for the end."""

    step: str
    first: int
    """The position of the first step that is played on the way."""
    place: int
    """That of `step`."""
    pace: float
    autoplay: bool

    @property
    def steps(self) -> int:
        """How many are played before `step` is entered."""
        return self.place - self.first

    def number(self, position: int) -> int:
        """Which of them plays at `position`, from 1."""
        return min(max(position - self.first + 1, 1), self.steps)


class CatchingUp:
    """Has the stagehand hurry towards a step; `way` is None where it does not."""

    def __init__(self, scene: Scene, hand: Stagehand, earlier: Earlier = never) -> None:
        self.way: Way | None = None
        self._scene = scene
        self._hand = hand
        self._earlier = earlier

    def begin(self, first: int, place: int) -> list[Effect]:
        """Hurry from the step at `first` to the one at `place`; also when on a way already."""
        hand, before = self._hand, self.way
        self.way = Way(
            step=self._scene.stages[place].id,
            first=before.first if before else first,
            place=place,
            pace=before.pace if before else hand.pace,
            autoplay=before.autoplay if before else hand.autoplay,
        )
        hand.pace, hand.autoplay, hand.paused = max(PACE, hand.pace), True, False
        return [effects.CatchingUp(self.way.step, self.way.steps), *hand.start_all()]

    def end(self, step: str) -> list[Effect]:
        """From `step` on the pace is the learner's own again; nothing where it was all along."""
        if self.way is None:
            return []
        self.forget()
        return [CaughtUp(step), *self._hand.start_all()]

    def forget(self) -> None:
        """The scene begins anew: pace and autoplay are the learner's."""
        if self.way is not None:
            self._hand.pace, self._hand.autoplay = self.way.pace, self.way.autoplay
            self.way = None

    def answer(self, question: Question) -> tuple[int, AnsweredBy]:
        """What is answered to a question that nobody is asked: the choice, and whose it is."""
        if self.way is not None:
            earlier = self._earlier(str(question.id))
            if 0 <= earlier < len(question.choices):  # it may be another edition's
                return earlier, "earlier"
        return question.scripted, "script"
