"""A key and a placeholder of a catalogue say what they are: none is numbered."""

from __future__ import annotations

from pathlib import Path

import pytest

import app
import scenes
from scenes.words import FIGURE, read_catalogue

CATALOGUES = sorted(
    path
    for package in (app, scenes)
    for language in ("en", "zh")
    for path in Path(*package.__path__).rglob(f"{language}.toml")
)
NEEDED = {"p99": "the 99th percentile"}
"""Names whose number is no count of namesakes."""


def numbered(catalogue: Path) -> list[str]:
    """Keys, and placeholders behind theirs, that end in a digit."""
    found = []
    for key, text in read_catalogue(catalogue).items():
        names = {key: key.rpartition(".")[2]}
        names |= {f"{key} {{{name}}}": name for name in FIGURE.findall(text)}
        found += [shown for shown, name in names.items() if _counts(name)]
    return found


def _counts(name: str) -> bool:
    return name[-1].isdigit() and name not in NEEDED


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: "/".join(path.parts[-3:]))
def test_no_name_is_numbered(catalogue: Path) -> None:
    assert numbered(catalogue) == []


def test_the_catalogues_of_the_program_and_of_the_lessons_are_walked() -> None:
    folders = {path.parent.name for path in CATALOGUES}
    assert {"phrases", "checks", "errors", "authoring", "10", "skeleton"} <= folders


def test_a_numbered_name_is_found(tmp_path: Path) -> None:
    catalogue = tmp_path / "en.toml"
    catalogue.write_text('[a]\nb = "{c} of {c2}"\nb_2 = "{p99}"\np99 = ""\n')
    assert numbered(catalogue) == ["a.b {c2}", "a.b_2"]
