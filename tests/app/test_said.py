from __future__ import annotations

import re

import pytest

from app.said import said


def test_no_language_has_phrases_that_english_lacks() -> None:
    assert set(said.words("zh").texts) <= set(said.words("en").texts)


@pytest.mark.parametrize("key", sorted(said.words("en").texts))
def test_a_translation_has_the_figures_of_the_original(key: str) -> None:
    figures = [sorted(re.findall(r"\{\w+\}", said.words(one).text(key))) for one in ("en", "zh")]
    assert figures[0] == figures[1]
