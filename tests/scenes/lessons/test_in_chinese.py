"""All ten scenes headless in Chinese, with another seed and arena than the golden runs."""

from __future__ import annotations

import sys

import pytest

from scenes.loader import load
from tests.scenes.test_headless import Done, together

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)
PACE = 20.0
SEED = 78
ARENA_PAGES = 2048
GROUPS = (("04", "07", "09"), ("01", "02", "03", "05"), ("06", "08", "10"))
"""As many at once as two cores can play without a step of one waiting for the others."""
SAYS_ZH = "__import__('scenes.phrases', fromlist=['']).use('zh')"


def in_chinese(scene: str) -> str:
    """The call that plays a scene in Chinese; it is run in a process of its own."""
    played = f"run({scene!r}, language='zh', pace={PACE}, seed={SEED}, arena_pages={ARENA_PAGES})"
    return f"({SAYS_ZH}, {played})[1]"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    folder = tmp_path_factory.mktemp("in-chinese")
    found: dict[str, Done] = {}
    for group in GROUPS:
        found |= together(folder, {scene: in_chinese(scene) for scene in group})
    return found


@pytest.mark.parametrize("scene", sorted(scene for group in GROUPS for scene in group))
def test_every_expectation_holds_at_another_seed_and_arena(
    done: dict[str, Done], scene: str
) -> None:
    run = done[scene]
    assert (run.code, run.err, run.left) == (0, "", [])
    loaded = load(scene, "zh")
    assert run.out.startswith(f"{scene} · {loaded.words.text(loaded.scene.title)}\n")
    assert "0 项不成立" in run.out.splitlines()[-1]


def test_the_arena_and_the_seed_are_others_than_the_scenes_own(done: dict[str, Done]) -> None:
    for scene, run in done.items():
        own = load(scene).scene
        assert own.seed != SEED and own.arena_pages != ARENA_PAGES
        assert f"：{ARENA_PAGES:,} 个 " in run.out, scene
