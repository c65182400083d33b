"""The entries of the menu: every scene, live and as a recording, with what was done in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.assets import recording
from app.menu import Choice
from scenes.loader import SANDBOX, known, load

if TYPE_CHECKING:
    from scenes.loader import Lesson
    from scenes.progress import Progress, ScenePast


def choices(language: str, missing: str, progress: Progress | None) -> list[Choice]:
    """The scenes by number; `missing` says why none can run live here, if so."""
    found = []
    for scene in known():
        lesson = load(scene.number, language)
        title, thesis = lesson.words.text(scene.title), lesson.words.text(scene.thesis)
        if not missing:
            past = progress.of(lesson) if progress is not None else None
            note = f"about {scene.minutes} minutes, live"
            said = past_words(lesson, past) if past is not None else ""
            resume = _resumable(lesson, past)
            note += f" · {said}" if said else ""
            found.append(Choice(scene.number, scene.number, title, thesis, note, resume=resume))
        if recording(scene.number) is not None:
            note = f"a recording, needs no engine{f' ({missing})' if missing else ''}"
            replay = Choice(scene.number, scene.number, f"{title} (replay)", thesis, note, True)
            found.append(replay)
    if not missing:
        lesson = load(SANDBOX, language)
        title, thesis = (
            lesson.words.text(lesson.scene.title),
            lesson.words.text(lesson.scene.thesis),
        )
        found.append(
            Choice(SANDBOX, lesson.scene.number, title, thesis, "as long as you like, live")
        )
    return found


def past_words(lesson: Lesson, past: ScenePast) -> str:
    """How far the learner has come, and how many answers were right; empty where nothing was."""
    said = []
    if past.finished:
        said.append("played to the end" + (f" {past.finished} times" if past.finished > 1 else ""))
    elif past.steps_seen:
        said.append(f"step {past.steps_seen} of {len(lesson.scene.stages)}")
    questions = [stage.question.id for stage in lesson.scene.stages if stage.question]
    if past.answers and questions:
        said.append(f"{past.right} of {len(questions)} predicted right")
    return ", ".join(said)


def _resumable(lesson: Lesson, past: ScenePast | None) -> str:
    """The step to go on with: one that the scene still has, and not its first."""
    steps = [stage.id for stage in lesson.scene.stages]
    return past.step if past is not None and past.step in steps[1:] else ""
