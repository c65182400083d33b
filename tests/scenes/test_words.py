from __future__ import annotations

from pathlib import Path

import pytest

from scenes.errors import SceneError
from scenes.words import Words, fill, read_catalogue


def test_figures_are_grouped_and_unknown_ones_say_so() -> None:
    words = Words({"a": "{copied} of {held}, {name}"})
    assert words.text("a", {"copied": 12345, "name": "x"}) == "12,345 of …, x"
    assert words.figures_in("a") == {"copied", "held", "name"}
    assert fill("{not a figure} {}", {}) == "{not a figure} {}"


def test_a_translation_falls_back_to_english() -> None:
    words = Words({"a": "eins"}, fallback={"a": "one", "b": "two"})
    assert (words.text("a"), words.text("b"), words.missing()) == ("eins", "two", ["b"])
    with pytest.raises(SceneError, match="no words for 'c'"):
        words.text("c")


def test_tables_become_dotted_keys(tmp_path: Path) -> None:
    path = tmp_path / "en.toml"
    path.write_text('a = " x "\n[b.c]\nd = "y"\n')
    assert read_catalogue(path) == {"a": "x", "b.c.d": "y"}


def test_damage_is_named_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "en.toml"
    with pytest.raises(SceneError, match="no such catalogue"):
        read_catalogue(path)
    path.write_text('a = "x"\nb = \n')
    with pytest.raises(SceneError, match=r"en\.toml:2: cannot be read as TOML: "):
        read_catalogue(path)
    path.write_text("a = 3\n")
    with pytest.raises(SceneError, match="'a' must be words, not 3"):
        read_catalogue(path)
