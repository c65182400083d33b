"""Headings: a scene's number, minutes, title and thesis, read without the rest of its files.

A list of all scenes needs no more, and reading all of ten scenes is what a first frame would wait
for. These keys stand at the head of scene.toml and of the catalogues, before the first table.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from scenes.loader import LESSONS, PLAYGROUND, read_scene, read_words

_FIRST_TABLE = re.compile(r"^\[", re.MULTILINE)


class Heading(msgspec.Struct, frozen=True):
    """What a list says of a scene; `minutes` is the author's estimate."""

    number: str
    minutes: int
    title: str
    thesis: str
    folder: Path


def headings(language: str) -> list[Heading]:
    """Those of the course, by number; raises SceneError for a scene that cannot be read."""
    found = [heading(file.parent, language) for file in LESSONS.glob("*/scene.toml")]
    return sorted(found, key=lambda one: one.number)


def of_the_sandbox(language: str) -> Heading:
    """The sandbox's, which is none of the course."""
    return heading(PLAYGROUND, language)


def heading(folder: Path, language: str) -> Heading:
    """One scene's; of a scene whose head does not say it all, everything is read."""
    scene = _head(folder / "scene.toml")
    words = _head(folder / "en.toml") | _head(folder / f"{language}.toml")
    try:
        return Heading(
            scene["number"], scene["minutes"], words[scene["title"]].strip(),
            words[scene["thesis"]].strip(), folder,
        )  # fmt: skip
    except KeyError:
        whole, texts = read_scene(folder / "scene.toml"), read_words(folder, language)
        return Heading(
            whole.number, whole.minutes, texts.text(whole.title), texts.text(whole.thesis), folder
        )


def _head(path: Path) -> dict[str, Any]:
    """The keys before the first table; nothing where they cannot be read alone."""
    try:
        text = path.read_text(encoding="utf-8")
        first = _FIRST_TABLE.search(text)
        return tomllib.loads(text[: first.start()] if first else text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
