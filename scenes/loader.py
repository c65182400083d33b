"""Scenes on disk: found by number, slug or path, read, checked, and given their words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from scenes.errors import SceneError
from scenes.foreign import spoken
from scenes.language import ENGLISH, LANGUAGES
from scenes.places import of_path
from scenes.sayings import remark
from scenes.scene import Scene
from scenes.toml import tables_of, text_of
from scenes.words import Words, catalogue_of, read_catalogue

LESSONS = Path(__file__).parent / "lessons"
SANDBOX = "sandbox"
PLAYGROUND = Path(__file__).parent / "playground"
"""The sandbox's folder: a scene, but none of the course."""
_UNKNOWN = re.compile(r"unknown field `([^`]+)`")


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


def own_files(lesson: Lesson) -> dict[str, str]:
    """The texts of a scene that does not ship, by the files' names; none of one that does."""
    if lesson.folder.parent == LESSONS or lesson.folder == PLAYGROUND:
        return {}
    names = ("scene.toml", *(f"{language}.toml" for language in LANGUAGES))
    paths = [lesson.folder / name for name in names]
    return {path.name: text_of(path) for path in paths if path.exists()}


def of_files(files: Mapping[str, str], folder: Path, language: str = ENGLISH) -> Lesson:
    """The lesson in such texts, which lie in no folder; raises SceneError as `load` does."""
    scene = scene_of(files["scene.toml"], folder / "scene.toml")
    english = catalogue_of(files["en.toml"], folder / "en.toml")
    words = Words(english)
    if language != ENGLISH and f"{language}.toml" in files:
        path = folder / f"{language}.toml"
        words = Words(catalogue_of(files[path.name], path), fallback=english)
    return Lesson(scene, words, folder, language)


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
        raise SceneError(
            f"{first.place(path)}: {first.text}"
            + ((" " + remark("loader.and_more", more=str(more))) if more else "")
        )


def known() -> list[Scene]:
    """The scenes that ship, by number."""
    files = sorted(LESSONS.glob("*/scene.toml"))
    return sorted((read_scene(file) for file in files), key=lambda scene: scene.number)


def find(name: str) -> Path:
    """The folder of the scene called `name`; raises SceneError listing the known ones."""
    by_number = LESSONS / name.zfill(2)
    if name.isdigit() and (by_number / "scene.toml").is_file():
        return by_number  # also where the working folder has one of that name: that is ./07
    path = Path(name)
    if path.name == "scene.toml" and path.is_file():
        return path.parent
    if (path / "scene.toml").is_file():
        return path
    if name.lower() == SANDBOX:
        return PLAYGROUND
    scenes = known()
    for scene in scenes:
        if scene.slug == name.lower():
            return LESSONS / scene.number
    listed = ", ".join(f"{scene.number} ({scene.slug})" for scene in scenes)
    raise SceneError(remark("loader.no_scene", name=name, scenes=listed))


def read_scene(path: Path) -> Scene:
    """The structure in one scene.toml; raises SceneError naming the file and the line."""
    try:
        text = text_of(path)
    except FileNotFoundError as err:
        raise SceneError(remark("loader.no_file", path=f"{path}:1")) from err
    return scene_of(text, path)


def scene_of(text: str, path: Path) -> Scene:
    """The same of a text that stands, or once stood, in the file `path`."""
    tables = tables_of(text, path)
    try:
        return msgspec.convert(tables, Scene)
    except msgspec.ValidationError as err:
        said, _, inner = str(err).partition(" - at `$")
        inner = inner.rstrip("`").lstrip(".")
        if field := _UNKNOWN.search(said):
            inner = f"{inner}.{field[1]}".lstrip(".")
        raise SceneError(f"{of_path(path, text, inner)}: {spoken(str(err))}") from err
