"""A name that is there twice is reported where it stands for the second time."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenes.proofreading import read_over
from tests.scenes.authored import copied

CARD = '[[cards]]\nname = "write"\ntitle = "again"\nsubtitle = "card.subtitle"\ncode = "x"\n\n'
ENGINE = '[[engines]]\nname = "{}"\n\n'


@pytest.mark.parametrize(
    ("before", "after", "says", "line"),
    [
        ('id = "copy"', 'id = "fork"', "steps are called 'fork'", 'id = "fork"'),
        ('id = "second"', 'id = "first"', "questions are called 'first'", 'id = "first"'),
        ("[[stages]]", f"{CARD}[[stages]]", "cards are called 'write'", 'name = "write"'),
        (
            "[[cards]]",
            f"{ENGINE.format('a') * 2}[[cards]]",
            "engines are called 'a'",
            'name = "a"',
        ),
    ],
)
def test_the_second_one_is_named(
    tmp_path: Path, before: str, after: str, says: str, line: str
) -> None:
    folder = copied(tmp_path / "copy")
    text = (folder / "scene.toml").read_text().replace(before, after, 1)
    (folder / "scene.toml").write_text(text)
    lines = [number for number, one in enumerate(text.splitlines(), 1) if one == line]
    found = next(finding for finding in read_over(str(folder)) if says in finding.text)
    assert found.place == f"{folder}/scene.toml:{lines[1]}"
