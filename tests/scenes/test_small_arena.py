"""What the smallest arena lacks is told of a scene, and is true of a run there."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from scenes import skeleton
from scenes.directives import Directives
from scenes.errors import SceneError
from scenes.loader import SANDBOX, known, load
from scenes.proofreading import Finding, read_over
from scenes.room import LEAST_ARENA_PAGES, least_arena, pages_needed, writers
from scenes.small_arena import lacks
from tests.scenes.authored import changed


def found(folder: Path, *changes: tuple[str, str]) -> list[Finding]:
    changed(folder, *changes)
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


BGSAVE = '{ send = ["BGSAVE"] }'
ALL_KEYS = 'start = { name = "all", rate = 40, count = 90, keys = 90, order = "sequential" }'


@pytest.mark.parametrize(
    ("start", "pages"),
    [
        (ALL_KEYS.replace("90", "200"), 200),
        (ALL_KEYS.replace("count = 90, keys = 90", "count = 150, keys = 200"), 150),
        (ALL_KEYS.replace(" }", ", value_bytes = 5000 }"), 180),
        (ALL_KEYS, 128),
        (ALL_KEYS.replace("count = 90, keys = 90", "count = 200"), 128),  # the population's keys
        (ALL_KEYS.replace("count = 90, keys = 90", "keys = 200"), 128),  # as long as it may
        (ALL_KEYS.replace("90", "200").replace("sequential", "random"), 128),
        (ALL_KEYS.replace("90", "200").replace(" }", ', commands = [["INCR", "n"]] }'), 128),
    ],
)
def test_what_a_client_writes_has_to_fit(folder: Path, start: str, pages: int) -> None:
    assert found(folder, (BGSAVE, f"{BGSAVE}, {{ {start} }}")) == []
    scene = load(str(folder)).scene
    assert least_arena(scene) == pages
    if pages > 128:
        with pytest.raises(SceneError, match=f"it needs at least {pages}"):
            Directives(scene, arena_pages=pages - 1)
    assert Directives(scene, arena_pages=pages).arena_pages == pages


def test_keys_are_asked_for_in_the_smallest_arena_that_a_run_is_given(folder: Path) -> None:
    more = (BGSAVE, f"{BGSAVE}, {{ {ALL_KEYS.replace('90', '200')} }}")
    assert found(folder, more, ('hot = "user:42"', 'hot = "user:77"')) == []
    changed = (folder / "scene.toml").read_text().replace("user:77", "user:78")
    (folder / "scene.toml").write_text(changed)
    told = [one.text for one in read_over(str(folder)) if "user:78" in one.text]
    assert told and told[0].startswith("--arena-pages 200 leaves 78 keys, and 'user:78' is none")


def test_a_client_that_the_scenes_own_arena_does_not_hold_is_wrong(folder: Path) -> None:
    assert found(folder, (BGSAVE, f"{BGSAVE}, {{ {ALL_KEYS.replace('90', '300')} }}")) == []
    (one,) = [one for one in read_over(str(folder)) if one.wrong]
    assert "its keys take 300 pages, and the arena has 256" in one.text
    line = (folder / "scene.toml").read_text().splitlines()[int(one.place.rpartition(":")[2]) - 1]
    assert ALL_KEYS.replace("90", "300") in line


def test_an_arena_of_its_own_is_not_reckoned_with(folder: Path) -> None:
    """Behind a restart with so many pages the run's arena says nothing; x2 is twice as many."""
    for pages, least in (("4096", 128), ("x2", 150)):
        restart = f'{{ restart = {{ arena-pages = "{pages}" }} }}'
        text = (folder / "scene.toml").read_text()
        start = f"{BGSAVE}, {restart}, {{ {ALL_KEYS.replace('90', '300')} }}"
        found(folder, (BGSAVE, start))
        assert least_arena(load(str(folder)).scene) == least
        (folder / "scene.toml").write_text(text)


def test_the_bill_needs_what_its_heavy_step_writes() -> None:
    scene = load("10").scene
    assert list(writers(scene)) == [("stages[6].question.reveal[0].start", 400)]
    with pytest.raises(SceneError, match="128 pages is too small for scene 10: it needs at least"):
        Directives(scene, arena_pages=128)


def test_the_scenes_that_ship_lack_nothing() -> None:
    for scene in (*known(), load(SANDBOX).scene):
        assert list(lacks(scene)) == []


def test_a_session_shrinks_the_population_as_it_is_reckoned() -> None:
    scene = load(str(skeleton.HERE)).scene
    assert Directives(scene, arena_pages=LEAST_ARENA_PAGES).population == 50
