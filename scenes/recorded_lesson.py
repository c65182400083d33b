"""The scene of a recording: one of the course by number, an author's own from the file itself."""

from __future__ import annotations

from pathlib import Path

from scenes.errors import SceneError
from scenes.language import ENGLISH
from scenes.loader import Lesson, load, of_files
from scenes.recording import Recording
from scenes.sayings import trouble


def lesson_of(recording: Recording, path: str, language: str = ENGLISH) -> Lesson:
    """What `recording`, which was read from `path`, is shown with.

    Raises SceneError where there is no such scene, or where this program does not know what an
    author's scene asks for.
    """
    files = recording.scene_files()
    if not files:
        return load(recording.header.scene, language)
    from scenes.validate import problems  # with all checks behind it: a shipped scene needs none

    try:
        lesson = of_files(files, Path(path), language)
    except KeyError as err:
        raise SceneError(
            trouble("recorded_lesson.file_missing", path=str(path), file=str(err.args[0]))
        ) from err
    found = problems(lesson.scene, lesson.words, to_play=False)
    if found:
        raise SceneError(trouble("recorded_lesson.cannot_show", path=path, problem=found[0].text))
    return lesson
