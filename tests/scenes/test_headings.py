"""Headings say what the whole scene says, and are read without it."""

from __future__ import annotations

from pathlib import Path

import pytest

import scenes.headings as headings_module
from scenes.headings import heading, headings, of_the_sandbox
from scenes.language import LANGUAGES
from scenes.loader import PLAYGROUND, known, load


@pytest.mark.parametrize("language", LANGUAGES)
def test_they_are_those_of_the_whole_scenes(language: str) -> None:
    found = headings(language)
    assert [one.number for one in found] == [scene.number for scene in known()]
    for one in [*found, of_the_sandbox(language)]:
        lesson = load(str(one.folder), language)
        assert one.minutes == lesson.scene.minutes
        assert one.title == lesson.words.text(lesson.scene.title)
        assert one.thesis == lesson.words.text(lesson.scene.thesis)


def test_none_that_ships_needs_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(headings_module, "read_scene")
    assert len(headings("zh")) == 10
    assert of_the_sandbox("zh").folder == PLAYGROUND


def test_a_head_that_does_not_say_it_all_costs_the_whole(tmp_path: Path) -> None:
    whole = load("04")
    for name in ("scene.toml", "en.toml"):
        text = (whole.folder / name).read_text(encoding="utf-8")
        if name == "en.toml":  # a line of words that looks like a table: the head ends in them
            text = text.replace('previously = """', 'previously = """\n[not a table]')
        (tmp_path / name).write_text(text, encoding="utf-8")
    one = heading(tmp_path, "en")
    assert (one.number, one.title) == ("04", whole.words.text(whole.scene.title))
