"""The entries of the menu: every scene, live and as a recording, with what was done in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.assets import recording
from app.menu import Choice
from app.said import said
from scenes.headings import headings, of_the_sandbox
from scenes.loader import SANDBOX, load

if TYPE_CHECKING:
    from scenes.loader import Lesson
    from scenes.progress import Progress, Replayed, ScenePast


def choices(language: str, missing: str, progress: Progress | None) -> list[Choice]:
    """The scenes by number; `missing` says why none can run live here, if so."""
    found = []
    for scene in headings(language):
        past = progress.scenes.get(scene.number) if progress is not None else None
        # A scene is read whole only where something was done in it: the menu is up sooner.
        lesson = load(scene.number, language) if past is not None else None
        recorded = recording(scene.number) is not None
        if missing:
            notes = [said("menu.only_recording", why=missing) if recorded else missing]
        else:
            notes = [said("menu.minutes", minutes=scene.minutes)]
        if lesson is not None and past is not None:
            notes.append(past_words(lesson, past))
        found.append(
            Choice(
                scene.number,
                scene.number,
                scene.title,
                scene.thesis,
                " · ".join(note for note in notes if note),
                live=not missing,
                recorded=recorded,
                resume=_resumable(lesson, past) if not missing else "",
            )
        )
    if not missing:
        scene = of_the_sandbox(language)
        found.append(Choice(SANDBOX, scene.number, scene.title, scene.thesis, said("menu.as_long")))
    return found


def past_words(lesson: Lesson, past: ScenePast) -> str:
    """How far the learner has come, and how many answers were right; empty where nothing was."""
    words: list[str] = []
    questions = sum(stage.question is not None for stage in lesson.scene.stages)
    if past.finished:
        key = "menu.finished" if past.finished == 1 else "menu.finished_often"
        words.append(said(key, times=past.finished))
    elif past.steps_seen:
        words.append(_place_words(lesson, past))
    if past.answers and questions:
        words.append(said("menu.predicted", right=past.right, asked=questions))
    live = ", ".join(words)
    return " · ".join(part for part in (live, _replayed_words(lesson, past.replayed)) if part)


def _place_words(lesson: Lesson, past: ScenePast) -> str:
    """The step that resuming goes to, and the furthest one where that is another."""
    steps = [stage.id for stage in lesson.scene.stages]
    furthest = min(past.steps_seen, len(steps))
    place = steps.index(past.step) + 1 if past.step in steps else furthest
    key = "menu.step" if place == furthest else "menu.step_furthest"
    return said(key, step=place, steps=len(steps), furthest=furthest)


def _replayed_words(lesson: Lesson, past: Replayed) -> str:
    """The same of its recordings, called so."""
    words: list[str] = []
    questions = sum(stage.question is not None for stage in lesson.scene.stages)
    if past.finished:
        words.append(said("menu.watched"))
    elif past.steps_seen:
        steps = len(lesson.scene.stages)
        words.append(said("menu.step", step=min(past.steps_seen, steps), steps=steps))
    if past.answers and questions:
        words.append(said("menu.predicted", right=past.right, asked=questions))
    return said("menu.replayed", what=", ".join(words)) if words else ""


def _resumable(lesson: Lesson | None, past: ScenePast | None) -> str:
    """The step to go on with: one that the scene still has, and not its first."""
    if lesson is None or past is None:
        return ""
    steps = [stage.id for stage in lesson.scene.stages]
    return past.step if past.step in steps[1:] else ""
