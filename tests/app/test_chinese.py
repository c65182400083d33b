"""No phrase lacks its Chinese, and none has signs that some terminals draw two cells wide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.said import said
from scenes import phrases

APP = Path(__file__).parents[2] / "app"
SAYS = re.compile(r"""said\(\s*["']([a-z_]+\.\w+)["']""")
AMBIGUOUS = "“”‘’…—→×"
"""Signs that some terminals with a Chinese locale draw two cells wide."""


@pytest.fixture(autouse=True)
def _chinese(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    phrases.use("zh")
    yield
    phrases.use("en")


def test_every_phrase_that_the_code_says_is_there() -> None:
    known = said.words("en").texts
    wanted = {key for path in APP.rglob("*.py") for key in SAYS.findall(path.read_text("utf-8"))}
    assert wanted and wanted - known.keys() == set()


@pytest.mark.parametrize("key", sorted(said.words("zh").texts))
def test_no_chinese_phrase_has_signs_of_ambiguous_width(key: str) -> None:
    assert not set(said.words("zh").texts[key]) & set(AMBIGUOUS)


def test_chinese_lacks_no_phrase() -> None:
    assert said.words("zh").missing() == []
