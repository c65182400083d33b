"""TOML that cannot be read: one line that says where and what, in whole words."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenes.errors import SceneError
from scenes.toml import tables_of


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[[stages]]\n[stages.question]\n[stages.question]",
            "a.toml:3: cannot be read as TOML: "
            "Cannot declare ('stages', 'question') twice in column 17",
        ),
        ("a = 1\nb =", "a.toml:2: cannot be read as TOML: Invalid value (at end of document)"),
    ],
)
def test_place_and_fault_are_words_of_their_own(text: str, said: str) -> None:
    with pytest.raises(SceneError) as raised:
        tables_of(text, Path("a.toml"))
    assert str(raised.value) == said
