"""What a session's engines are started with, at the arena that was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.free_memory import default_arena_pages
from scenes.actions import Action
from scenes.directives import Directives
from scenes.errors import SceneError
from scenes.scene import Scene, Stage
from tests.scenes.stages import scene, stage

LEDGER = Path("/ledger")


def small(*stages: Stage, **engine: str) -> Scene:
    return replace(scene(*stages or (stage("a", 1),)), populate=100, arena_pages=256, engine=engine)


def test_the_population_grows_with_the_arena_and_each_key_delays_less() -> None:
    of = small(**{"rdb-key-save-delay": "1000"})
    assert Directives(of).of_scene()["rdb-key-save-delay"] == "1000"
    larger = Directives(of, arena_pages=1024)
    assert larger.population == 400 and larger.now(LEDGER)["arena-pages"] == "1024"
    assert larger.of_scene()["rdb-key-save-delay"] == "250"


def test_the_population_is_written_under_always_and_then_the_scene_is_as_it_says() -> None:
    found = Directives(small(appendfsync="no"))
    assert found.prepared(LEDGER)["appendfsync"] == "always"
    assert found.once_prepared() == {"appendfsync": "no", "rdb-key-save-delay": "0"}
    assert Directives(small()).once_prepared()["appendfsync"] == "everysec"


def test_one_of_several_engines_has_its_own_and_a_restart_changes_both() -> None:
    found = Directives(small(save=""), own={"appendfsync": "no", "appenddirname": "here"})
    assert found.now(LEDGER)["appendfsync"] == "no" and found.appenddirname == "here"
    found.change({"appendfsync": "always"})
    assert found.now(LEDGER)["appendfsync"] == "always"


@pytest.mark.parametrize(
    "stages",
    [
        [stage("a", 1, do=[Action(crash="power")])],
        [stage("a", 1, keys=["P"])],
    ],
)
def test_where_the_power_may_be_cut_the_disk_keeps_a_ledger(stages: list[Stage]) -> None:
    assert Directives(small(*stages)).now(LEDGER)["cowscope-disk-ledger"] == "/ledger"
    assert "cowscope-disk-ledger" not in Directives(small()).now(LEDGER)


def test_an_arena_of_x_is_the_sessions_own_so_many_times() -> None:
    found = Directives(small(), arena_pages=512)
    assert found.with_arena({"arena-pages": "x2"}) == {"arena-pages": "1024"}
    assert found.with_arena({"save": ""}) == {"save": ""}
    with pytest.raises(SceneError, match="half of this machine's free memory"):
        found.with_arena({"arena-pages": str(1 << 40)})


def test_an_arena_that_is_too_small_or_too_large_is_refused() -> None:
    with pytest.raises(SceneError, match="an arena of 16 pages is too small"):
        Directives(small(), arena_pages=16)
    with pytest.raises(SceneError, match="too large for this machine"):
        Directives(small(), arena_pages=2 * default_arena_pages() + 1)
