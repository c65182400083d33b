"""Kept of a live scene is what the learner did, not what was played on the way or by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.learner import Learner
from scenes.effects import Answered, Ask, CaughtUp, Enter, Finished
from scenes.loader import load
from scenes.progress import Answer, Progress

LESSON = load("04")
STEPS = [stage.id for stage in LESSON.scene.stages]


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress(tmp_path / "progress.json")


def test_a_learners_answer_is_kept_once_it_was_measured(progress: Progress) -> None:
    learner = Learner(LESSON, progress)
    learner.hear(Ask("hot-page", ("a", "b")))
    learner.hear(Answered("hot-page", 1))
    assert not progress.of(LESSON).answers and learner.earlier("hot-page") == -1
    learner.hear(Ask("hot-page", ("a", "b"), right=0, source="measured"))
    assert progress.of(LESSON).answers == {"hot-page": Answer(1, 0)}
    assert Learner(LESSON, progress).earlier("hot-page") == 1


@pytest.mark.parametrize("by", ["script", "earlier"])
def test_what_the_script_answers_changes_nothing(progress: Progress, by: str) -> None:
    progress.answered(LESSON, "hot-page", 2, 0)
    learner = Learner(LESSON, progress)
    learner.hear(Answered("hot-page", 2 if by == "earlier" else 1, by))  # type: ignore[arg-type]
    learner.hear(Ask("hot-page", ("a", "b"), right=1, source="measured"))
    assert progress.of(LESSON).answers == {"hot-page": Answer(2, 0)}


def test_an_answer_is_not_taken_for_that_of_the_next_play(progress: Progress) -> None:
    learner = Learner(LESSON, progress)
    learner.hear(Answered("hot-page", 1))  # then the learner starts again
    learner.hear(Ask("hot-page", ("a", "b")))
    learner.hear(Answered("hot-page", 0, "script"))
    learner.hear(Ask("hot-page", ("a", "b"), right=0, source="measured"))
    assert not progress.of(LESSON).answers


def test_steps_on_the_way_are_not_where_the_learner_is(progress: Progress) -> None:
    learner = Learner(LESSON, progress)
    learner.hear(Enter(STEPS[0]))
    learner.hear(Enter(STEPS[3], passing=True))
    assert (progress.of(LESSON).step, progress.of(LESSON).steps_seen) == (STEPS[0], 1)
    learner.hear(CaughtUp(STEPS[3]))
    assert (progress.of(LESSON).step, progress.of(LESSON).steps_seen) == (STEPS[3], 4)
    learner.hear(Finished())
    assert (progress.of(LESSON).step, progress.of(LESSON).finished) == ("", 1)


def test_without_progress_nothing_is_known() -> None:
    learner = Learner(LESSON, None)
    learner.hear(Enter(STEPS[0]))
    assert learner.earlier("hot-page") == -1
