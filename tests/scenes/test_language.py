from __future__ import annotations

from pathlib import Path

import pytest

from scenes.language import of_locale
from scenes.loader import load, read_words
from scenes.phrases import PhraseBook, use


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LC_ALL": "", "LANG": "zh"}, "zh"),
        ({"LANG": "xx_YY.UTF-8"}, "en"),
    ],
)
def test_the_locale_chooses_the_language(environment: dict[str, str], wanted: str) -> None:
    assert of_locale(environment) == wanted


def test_a_phrase_book_speaks_the_language_in_use(tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_text('[a]\nx = "{n} pages"\ny = "only English"\n')
    (tmp_path / "zh.toml").write_text('[a]\nx = "{n} 页"\n')
    book = PhraseBook(tmp_path)
    try:
        use("zh")
        assert (book("a.x", n=1234), book("a.y")) == ("1,234 页", "only English")
    finally:
        use("en")
    assert book("a.x", n=1) == "1 pages"
    assert book.words("zh").missing() == ["a.y"]


def test_a_scene_without_a_translation_is_told_in_english(tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_text('title = "Fork"\n')
    assert read_words(tmp_path, "zh").text("title") == "Fork"
    assert load("04", "zh").language == "zh"
