"""Scenes as their authors have them: copies of the skeleton, which has nothing wrong with it."""

from __future__ import annotations

import shutil
from pathlib import Path

from scenes import skeleton


def copied(folder: Path) -> Path:
    """The skeleton's files in a folder that is not there yet."""
    shutil.copytree(skeleton.HERE, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return folder


def changed(folder: Path, *changes: tuple[str, str], file: str = "scene.toml") -> None:
    """Put the second text of each pair in place of the first, where that stands first."""
    text = (folder / file).read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    (folder / file).write_text(text)
