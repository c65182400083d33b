from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from app.watch_driver import WatchDriver
from scenes import skeleton
from scenes.loader import load
from tests.app.test_live_driver import until

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not os.path.exists("/proc/self/pagemap"),
    reason="a live engine needs Linux and /proc",
)


def saved(path: Path, before: str, after: str) -> None:
    """Save a change as editors do: another file takes the name."""
    text = path.read_text()
    assert before in text
    other = path.with_suffix(".new")
    other.write_text(text.replace(before, after, 1))
    os.replace(other, path)


async def test_what_is_saved_plays_at_the_same_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = skeleton.make(str(tmp_path / "mine"))
    driver = WatchDriver(load(str(folder)))
    driver.look()
    await driver.start()
    try:
        await until(driver, "view.step == 'fork' and view.child is not None")
        await until(driver, "driver._live.player.phase == 'resting'")
        driver.next()
        await until(driver, "view.step == 'copy'")
        pid = driver.now_view.engine.pid

        saved(folder / "scene.toml", 'card = "write"', 'card = "wrote"')
        await until(driver, "driver._broken")
        assert "scene.toml:" in driver.notice and "no card is called 'wrote'" in driver.notice
        assert driver.now_view.engine.pid == pid, "the edition before plays on"

        saved(folder / "scene.toml", 'card = "wrote"', 'card = "write"')
        saved(folder / "en.toml", "The first write", "The very first write")
        await until(driver, f"not driver._broken and view.engine.pid not in (0, {pid})")
        await until(driver, "view.step == 'copy' and view.child is not None")
        assert driver.text("copy.title") == "The very first write"
    finally:
        await driver.stop()
