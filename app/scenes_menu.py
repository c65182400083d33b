"""The entries of the menu: every scene, live and as a recording, with what was done in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.assets import recording
from app.menu import Choice
from app.said import said
from scenes.loader import SANDBOX, known, load

if TYPE_CHECKING:
    from scenes.loader import Lesson
    from scenes.progress import Progress, ScenePast


def choices(language: str, missing: str, progress: Progress | None) -> list[Choice]:
    """The scenes by number; `missing` says why none can run live here, if so."""
    found = []
    for scene in known():
        lesson = load(scene.number, language)
        past = progress.of(lesson) if progress is not None and not missing else None
        notes = [said("menu.minutes", minutes=scene.minutes)]
        notes += [past_words(lesson, past)] if past is not None else []
        recorded = recording(scene.number) is not None
        if missing:
            notes = [said("menu.only_recording", why=missing) if recorded else missing]
        found.append(
            Choice(
                scene.number,
                scene.number,
                lesson.words.text(scene.title),
                lesson.words.text(scene.thesis),
                " · ".join(note for note in notes if note),
                live=not missing,
                recorded=recorded,
                resume=_resumable(lesson, past),
            )
        )
    if not missing:
        lesson = load(SANDBOX, language)
        words = lesson.words
        title, thesis = words.text(lesson.scene.title), words.text(lesson.scene.thesis)
        found.append(Choice(SANDBOX, lesson.scene.number, title, thesis, said("menu.as_long")))
    return found


def past_words(lesson: Lesson, past: ScenePast) -> str:
    """How far the learner has come, and how many answers were right; empty where nothing was."""
    words: list[str] = []
    if past.finished:
        key = "menu.finished" if past.finished == 1 else "menu.finished_often"
        words.append(said(key, times=past.finished))
    elif past.steps_seen:
        steps = len(lesson.scene.stages)
        words.append(said("menu.step", step=past.steps_seen, steps=steps))
    questions = [stage.question.id for stage in lesson.scene.stages if stage.question]
    if past.answers and questions:
        words.append(said("menu.predicted", right=past.right, asked=len(questions)))
    return ", ".join(words)


def _resumable(lesson: Lesson, past: ScenePast | None) -> str:
    """The step to go on with: one that the scene still has, and not its first."""
    steps = [stage.id for stage in lesson.scene.stages]
    return past.step if past is not None and past.step in steps[1:] else ""
