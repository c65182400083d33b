"""Progress: how far a learner has come in each scene, what was answered, and what was right.

One small JSON file in the platform's data folder (XDG_DATA_HOME on Linux), written anew and put in
place at once, so that two programs never read half of it. A file that cannot be read is none; one
that cannot be written costs the progress, not the scene.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

import msgspec
import platformdirs
from msgspec.structs import replace

from scenes.loader import LESSONS, Lesson

FILE = "progress.json"


class Answer(msgspec.Struct, frozen=True):
    """A question's answer: the choice made, and the one that the run proved right."""

    chosen: int
    right: int


class Replayed(msgspec.Struct, frozen=True):
    """What a learner has seen and answered in recordings of one scene, which no engine ran for."""

    steps_seen: int = 0
    """How many steps from the beginning were shown, at most."""
    finished: int = 0
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
    steps_seen: int = 0
    """How many steps from the beginning were reached, at most."""
    finished: int = 0
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
        self.scenes = _read(self.path)

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
        self.scenes = {**self.scenes, **_read(self.path), name_of(lesson): past}
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=FILE, dir=self.path.parent)
            try:
                with open(handle, "wb") as file:
                    file.write(msgspec.json.format(msgspec.json.encode(self.scenes)))
                os.replace(name, self.path)
            except OSError:
                os.unlink(name)


def name_of(lesson: Lesson) -> str:
    """What a scene is known by: its number, or its folder where it is somebody's own."""
    if lesson.folder.parent == LESSONS:
        return lesson.scene.number
    return str(lesson.folder.resolve())


def _read(path: Path) -> dict[str, ScenePast]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, ScenePast])
    except (OSError, msgspec.DecodeError):
        return {}
