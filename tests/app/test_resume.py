"""A scene that is resumed has the learner's choices, and keeps nothing that nobody answered."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from app.live_driver import LiveDriver
from scenes.conditions import text_of
from scenes.loader import load
from scenes.progress import Answer, Progress
from tests.app.test_live_driver import until
from tests.scenes.lessons.test_10 import capstone

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not os.path.exists("/proc/self/pagemap"),
    reason="a live engine needs Linux and /proc",
)
SNAPSHOTS, LOG = 2, 1


async def test_a_resumed_capstone_keeps_the_learners_choices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three choices one was made; the second question was never answered, the third is put."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    lesson = load(capstone(tmp_path / "capstone", (0, 0, 1)))
    progress = Progress(tmp_path / "progress.json")
    progress.answered(lesson, "cache", SNAPSHOTS, SNAPSHOTS)
    driver = LiveDriver(lesson, progress=progress, start_at="sessions")
    await driver.start()
    try:
        await until(driver, "driver.status == 'catching_up'")
        assert not progress.of(lesson).step, "nothing on the way is where the learner was"
        await until(driver, "view.step == 'sessions' and view.question", seconds=180)
        await until(driver, "driver._live.player.phase == 'asking'")
        assert driver.status == "live"
        judged = answered(driver, "cache-judged")
        assert judged == (SNAPSHOTS, "earlier", "cache.judged.snapshots")
        assert answered(driver, "orders-judged") == (0, "script", "orders.judged.everysec")
        past = progress.of(lesson)
        assert past.answers == {"cache": Answer(SNAPSHOTS, SNAPSHOTS)}
        assert past.step == "sessions"
        driver.answer(LOG)
        await until(driver, "view.question.right >= 0", seconds=180)
        await until(driver, "driver._learner.earlier('sessions') >= 0")
        assert progress.of(lesson).answers["sessions"].chosen == LOG
    finally:
        await driver.stop()


def answered(driver: LiveDriver, step: str) -> tuple[int, str, str]:
    """As a step ended: the choice on show, whose it is, and the words of the verdict."""
    end = driver.history.step_end(step)
    assert end is not None
    view = driver.history.view_at(end)
    stage = next(one for one in driver.scene.stages if one.id == step)
    assert view.question is not None
    return view.question.chosen, view.question.by, text_of(driver.scene, stage, view)
