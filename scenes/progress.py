"""Progress: how far a learner has come in each scene, what was answered, and what was right.

One small JSON file in the platform's data folder (XDG_DATA_HOME on Linux), written anew and put in
place at once, so that two programs never read half of it. A damaged file counts as none and is
kept (`scenes/progress_file.py`); one that cannot be written costs the progress, not the scene.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import msgspec
import platformdirs
from msgspec.structs import replace

from scenes.loader import LESSONS, Lesson
from scenes.progress_file import ProgressFile

FILE = "progress.json"
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
"""What nobody can have done so often, a damaged file says."""
Place: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=3)]
"""A choice, from 0; a question has four at most."""


class Answer(msgspec.Struct, frozen=True):
    """A question's answer: the choice made, and the one that the run proved right."""

    chosen: Place
    right: Place


class Replayed(msgspec.Struct, frozen=True):
    """What a learner has seen and answered in recordings of one scene, which no engine ran for."""

    steps_seen: Count = 0
    """How many steps from the beginning were shown, at most."""
    finished: Count = 0
    """How often one was watched to its end."""
    answers: dict[str, Answer] = {}
    """The last answer to each question; what was measured is the recording's."""

    @property
    def right(self) -> int:
        """Questions whose last answer was right."""
        return sum(answer.chosen == answer.right for answer in self.answers.values())


class ScenePast(msgspec.Struct, frozen=True):
    """What a learner has done in one scene."""

    step: str = ""
    """The step last entered; with it a scene is resumed."""
    steps_seen: Count = 0
    """How many steps from the beginning were reached, at most."""
    finished: Count = 0
    """How often the last step was passed."""
    answers: dict[str, Answer] = {}
    """The last answer to each question."""
    replayed: Replayed = Replayed()
    """The same of its recordings: told apart, and never where a live scene is resumed."""

    @property
    def right(self) -> int:
        """Questions whose last answer was right."""
        return sum(answer.chosen == answer.right for answer in self.answers.values())


class Progress:
    """The learner's past by scene; every change is kept at once."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path if path is not None else platformdirs.user_data_path("cowscope") / FILE
        self._file = ProgressFile(self.path, msgspec.json.Decoder(dict[str, ScenePast]))
        self.scenes = self._file.read()

    @property
    def trouble(self) -> str:
        """What is wrong with the file, in one line; empty where nothing is."""
        return self._file.trouble

    def of(self, lesson: Lesson) -> ScenePast:
        """What was done in a scene; empty where nothing was."""
        return self.scenes.get(name_of(lesson), ScenePast())

    def entered(self, lesson: Lesson, step: str) -> None:
        """A step began."""
        place = [stage.id for stage in lesson.scene.stages].index(step) + 1
        past = self.of(lesson)
        seen = max(past.steps_seen, place)
        self._keep(lesson, replace(past, step=step, steps_seen=seen))

    def answered(self, lesson: Lesson, question: str, chosen: int, right: int) -> None:
        """A question was answered, and the run has proved a choice right."""
        if chosen < 0:
            return  # the player has gone on, and no longer knows
        past = self.of(lesson)
        answers = {**past.answers, question: Answer(chosen, right)}
        self._keep(lesson, replace(past, answers=answers))

    def finished(self, lesson: Lesson) -> None:
        """The last step is over: the next time begins at the first one."""
        past = self.of(lesson)
        self._keep(lesson, replace(past, step="", finished=past.finished + 1))

    def shown(self, lesson: Lesson, step: str) -> None:
        """A recording came to a step; one that this edition of the scene lacks does not count."""
        steps = [stage.id for stage in lesson.scene.stages]
        past = self.of(lesson).replayed
        if step in steps and steps.index(step) + 1 > past.steps_seen:
            self._replayed(lesson, replace(past, steps_seen=steps.index(step) + 1))

    def answered_in_replay(self, lesson: Lesson, question: str, chosen: int, right: int) -> None:
        """The learner answered a recording's question; the recorded run proved a choice right."""
        past = self.of(lesson).replayed
        answers = {**past.answers, question: Answer(chosen, right)}
        self._replayed(lesson, replace(past, answers=answers))

    def watched(self, lesson: Lesson) -> None:
        """A recording came to its end."""
        past = self.of(lesson).replayed
        self._replayed(lesson, replace(past, finished=past.finished + 1))

    def _replayed(self, lesson: Lesson, past: Replayed) -> None:
        self._keep(lesson, replace(self.of(lesson), replayed=past))

    def _keep(self, lesson: Lesson, past: ScenePast) -> None:
        # Read again: another scene may be played beside this one.
        self.scenes = {**self.scenes, **self._file.read(), name_of(lesson): past}
        self._file.write(self.scenes)


def name_of(lesson: Lesson) -> str:
    """What a scene is known by: its number, or its folder where it is somebody's own."""
    if lesson.folder.parent == LESSONS:
        return lesson.scene.number
    return str(lesson.folder.resolve())
