"""What the smallest arena lacks is told of a scene, and is true of a run there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from scenes import skeleton
from scenes.directives import LEAST_ARENA_PAGES, Directives
from scenes.loader import SANDBOX, known, load
from scenes.proofreading import Finding, read_over
from scenes.room import pages_needed
from scenes.small_arena import lacks


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the skeleton, which has nothing wrong with it."""
    copy = tmp_path / "copy"
    shutil.copytree(skeleton.HERE, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return copy


def found(folder: Path, *changes: tuple[str, str]) -> list[Finding]:
    path = folder / "scene.toml"
    text = path.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    path.write_text(text)
    return [one for one in read_over(str(folder)) if "--arena-pages 128" in one.text]


@pytest.mark.parametrize(
    ("before", "after", "at", "says"),
    [
        ('hot = "user:42"', 'hot = "user:50"', 'hot = "user:50"', "leaves 50 keys, and 'user:50'"),
        ('key = "user:42" }', 'key = "user:99" }', '"user:99"', "'user:99' is none of them"),
        ('"SET", "{hot}"', '"SET", "user:77"', '"user:77"', "'user:77' is none of them"),
        ("populate = 100", "populate = 1", "populate = 1", "leaves no key of the population"),
    ],
)
def test_what_is_lacking_has_its_line_and_keeps_nobody_from_playing(
    folder: Path, before: str, after: str, at: str, says: str
) -> None:
    (one,) = [one for one in found(folder, (before, after)) if says in one.text]
    line = (folder / "scene.toml").read_text().splitlines()[int(one.place.rpartition(":")[2]) - 1]
    assert at in line and not one.wrong


@pytest.mark.parametrize(
    "changes",
    [
        [('hot = "user:42"', 'hot = "user:49"')],
        [('hot = "user:42"', 'hot = "user:100"')],  # in no arena is it one of them
        [('hot = "user:42"', 'hot = "guest:60"')],
        [("arena_pages = 256", "arena_pages = 128"), ('hot = "user:42"', 'hot = "user:99"')],
    ],
)
def test_nothing_is_told_that_is_not_so(folder: Path, changes: list[tuple[str, str]]) -> None:
    assert found(folder, *changes) == []


@pytest.mark.parametrize("value_bytes", [12, 1000, 2600, 9000])
@pytest.mark.parametrize("pages", [129, 200, 256, 1000])
def test_what_its_own_arena_holds_a_small_one_holds_in_part(pages: int, value_bytes: int) -> None:
    """Which is why nothing is said of it."""
    scene = replace(load(str(skeleton.HERE)).scene, value_bytes=value_bytes, arena_pages=pages)
    for populate in range(1, pages, pages // 20):
        if (pages_needed(replace(scene, populate=populate), {}) or 0) <= pages:
            keys = populate * LEAST_ARENA_PAGES // pages
            needed = pages_needed(replace(scene, populate=keys), {})
            assert needed is not None and needed <= LEAST_ARENA_PAGES


def test_the_scenes_that_ship_lack_nothing() -> None:
    for scene in (*known(), load(SANDBOX).scene):
        assert list(lacks(scene)) == []


def test_a_session_shrinks_the_population_as_it_is_reckoned() -> None:
    scene = load(str(skeleton.HERE)).scene
    assert Directives(scene, arena_pages=LEAST_ARENA_PAGES).population == 50
