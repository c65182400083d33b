"""Every key of every scene that ships is found on the line where it stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scenes.loader import LESSONS
from scenes.toml_lines import lines_of, nearest

TEXT = '''# a comment with = and [[x]]
a = "1 # no comment"
"b c".d = 2

[t]
long = """
[[no]]
x = 1 \\""" still
"""
list = [ # one
  1, "]",
  { k = "}", l = [
      3] },
]

[[s]]
id = 'x\\'
[s.q]
r = 1
[[s.c]]
[[s.c]]
v = 2
[[s]]
[s.q]
r = 3
'''


def paths(value: Any, path: str = "") -> Iterator[str]:
    if path:
        yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from paths(inner, f"{path}[{number}]")


def test_what_a_text_may_hold() -> None:
    assert set(paths(tomllib.loads(TEXT))) <= {*lines_of(TEXT), "s", "s[0].c"}
    found = lines_of(TEXT)
    assert (found["a"], found["b c.d"], found["t.long"], found["t.list[1]"]) == (2, 3, 6, 11)
    assert (found["t.list[2].k"], found["t.list[2].l[0]"]) == (12, 13)
    assert (found["s[0].q.r"], found["s[0].c[1].v"], found["s[1].q.r"]) == (19, 22, 25)


def test_what_stands_nowhere_is_near_what_it_lies_in() -> None:
    found = lines_of(TEXT)
    assert nearest(found, "t.list[2].none[4].x") == found["t.list[2]"]
    assert nearest(found, "none") == 1


@pytest.mark.parametrize("path", sorted(LESSONS.glob("*/*.toml")), ids=lambda p: p.parent.name)
def test_all_keys_of_all_scenes_are_found_on_their_lines(path: Path) -> None:
    text = path.read_text("utf-8")
    found, lines = lines_of(text), text.splitlines()
    for one in paths(tomllib.loads(text)):
        if one.endswith("]") or one not in found:
            assert one in found or f"{one}[0]" in found, one
            continue
        assert one.rpartition(".")[2] in lines[found[one] - 1], one
