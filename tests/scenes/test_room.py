"""What a population takes is reckoned as the engine reckons it, before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.arena import Arena
from engine.errors import ArenaFullError
from engine.keyspace import Keyspace
from scenes import skeleton
from scenes.errors import SceneError
from scenes.headless import Run
from scenes.loader import load, read_scene
from scenes.room import ONE_VALUE_A_PAGE, pages_needed

SCENE = read_scene(skeleton.HERE / "scene.toml")


def filled(keys: int, value_bytes: int, one_a_page: bool) -> int:
    """Pages of a real arena that holds as much; raises ArenaFullError."""
    arena = Arena(2048, one_value_a_page=one_a_page)
    database = Keyspace(arena).databases[0]
    for number in range(keys):
        database.set(f"user:{number}".encode(), b"v" * value_bytes)
    return arena.high_water


@pytest.mark.parametrize("one_a_page", [False, True])
@pytest.mark.parametrize(
    ("keys", "value_bytes"),
    [(0, 12), (1, 1), (10, 12), (11, 12), (256, 12), (1500, 45), (1500, 46), (1101, 100),
     (300, 2600), (200, 4070), (200, 4079), (200, 4090), (150, 20_000)],
)  # fmt: skip
def test_as_many_pages_as_a_real_arena_takes(keys: int, value_bytes: int, one_a_page: bool) -> None:
    scene = replace(SCENE, populate=keys, value_bytes=value_bytes)
    directives = {ONE_VALUE_A_PAGE: "yes" if one_a_page else "no"}
    assert pages_needed(scene, directives) == filled(keys, value_bytes, one_a_page)


def test_huge_figures_are_reckoned_and_not_tried() -> None:
    scene = replace(SCENE, populate=10**12, value_bytes=10**12)
    assert (pages_needed(scene, {}) or 0) > 10**20


def test_other_commands_are_left_to_the_engine() -> None:
    with_list = replace(SCENE, populate_with=("RPUSH", "all", "{value}"))
    assert pages_needed(with_list, {}) is None
    literal = replace(SCENE, populate_with=("SET", "{key}", "100"), populate=300)
    assert pages_needed(literal, {ONE_VALUE_A_PAGE: "yes"}) == 300
    with pytest.raises(ArenaFullError):
        filled(2049, 3, True)


async def test_what_only_the_engine_finds_has_its_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = skeleton.make(str(tmp_path / "mine"))
    text = (folder / "scene.toml").read_text()
    text = text.replace(
        "populate = 100\n", 'populate = 9000\npopulate_with = ["RPUSH", "{key}", "1"]\n'
    )
    (folder / "scene.toml").write_text(text)
    line = text.partition("populate = ")[0].count("\n") + 1
    with pytest.raises(SceneError, match=rf"mine/scene.toml:{line}: the scene's 9000 keys cannot"):
        await Run(load(str(folder)), pace=100).play()
