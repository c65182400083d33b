"""Scenes on disk: found by number, slug or path, read, checked, and given their words."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec

from scenes.errors import SceneError
from scenes.places import in_scene, of_field
from scenes.sayings import remark
from scenes.scene import Scene
from scenes.words import Words, read_catalogue

LESSONS = Path(__file__).parent / "lessons"
SANDBOX = "sandbox"
PLAYGROUND = Path(__file__).parent / "playground"
"""The sandbox's folder: a scene, but none of the course."""
_ITEM = re.compile(r"\$\.(\w+)\[(\d+)\](?:\.(\w+))?")


class Lesson(msgspec.Struct, frozen=True):
    """A scene with its words, and where it came from."""

    scene: Scene
    words: Words
    folder: Path
    language: str = "en"


def load(name: str, language: str = "en") -> Lesson:
    """The lesson called `name`: a number, a slug or a path.

    Raises SceneError in one line: unknown scenes with the list of known ones, damaged ones with
    the file and, where it can be told, the line.
    """
    folder = find(name)
    scene = read_scene(folder / "scene.toml")
    lesson = Lesson(scene, read_words(folder, language), folder, language)
    if (
        folder.parent != LESSONS and folder != PLAYGROUND
    ):  # the scenes that ship are checked by the tests, not by each start
        check(lesson)
    return lesson


def read_words(folder: Path, language: str) -> Words:
    """A scene's words; what a language lacks (or all, without its catalogue) is in English."""
    english = read_catalogue(folder / "en.toml")
    path = folder / f"{language}.toml"
    if language == "en" or not path.exists():
        return Words(english)
    return Words(read_catalogue(path), fallback=english)


def check(lesson: Lesson) -> None:
    """Raise SceneError for the first thing that is wrong with a scene, with its file and line."""
    from scenes.validate import problems  # with all checks behind it: 20 ms that a frame waits for

    found = problems(lesson.scene, lesson.words)
    if found:
        first, more = found[0], len(found) - 1
        path = lesson.folder / "scene.toml"
        place = in_scene(path, first.table, first.index, first.text)
        raise SceneError(
            f"{place}: {first.text}"
            + ((" " + remark("loader.check", more=str(more))) if more else "")
        )


def known() -> list[Scene]:
    """The scenes that ship, by number."""
    files = sorted(LESSONS.glob("*/scene.toml"))
    return sorted((read_scene(file) for file in files), key=lambda scene: scene.number)


def find(name: str) -> Path:
    """The folder of the scene called `name`; raises SceneError listing the known ones."""
    path = Path(name)
    if path.name == "scene.toml" and path.is_file():
        return path.parent
    if (path / "scene.toml").is_file():
        return path
    by_number = LESSONS / name.zfill(2)
    if name.isdigit() and (by_number / "scene.toml").is_file():
        return by_number
    if name.lower() == SANDBOX:
        return PLAYGROUND
    scenes = known()
    for scene in scenes:
        if scene.slug == name.lower():
            return LESSONS / scene.number
    listed = ", ".join(f"{scene.number} ({scene.slug})" for scene in scenes)
    raise SceneError(remark("loader.find", name=str(name), listed=str(listed)))


def read_scene(path: Path) -> Scene:
    """The structure in one scene.toml; raises SceneError naming the file and the line."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Scene)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        raise SceneError(remark("loader.read_scene", path=str(path), err=str(err))) from err
    except msgspec.ValidationError as err:
        item = _ITEM.search(str(err))
        place = str(path)
        if item:
            place = of_field(path, item[1], int(item[2]), item[3] or item[1])
        raise SceneError(f"{place}: {err}") from err
