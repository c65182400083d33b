"""A bug in the playing ends a run and a screen: one clear line, exit code 1, nothing left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.application import CowscopeApp
from app.live_driver import LiveDriver
from scenes.live import Live
from scenes.loader import load

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)

PLANTED = """
import sys
from engine.events import Fork
from scenes import live
from scenes.player import Player

def planted(self, *arguments):
    raise RuntimeError("planted in the playing")

where = sys.argv[1]
if where == "clock":
    Player.feed_clock = planted
elif where == "event":
    heard = Player.feed_event
    Player.feed_event = lambda self, event: (
        planted(self) if isinstance(event, Fork) else heard(self, event)
    )
elif where == "watch":
    Player.feed_busy = planted
from app.cli import main
sys.exit(main(["run", "04", "--arena-pages", "256"]))
"""


@pytest.mark.parametrize("where", ["clock", "event", "watch"])
def test_a_run_ends_with_one_line(where: str, tmp_path: Path) -> None:
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path), "COWSCOPE_TRACEBACK": ""}
    done = subprocess.run(
        [sys.executable, "-c", PLANTED, where],
        capture_output=True,
        text=True,
        timeout=90,
        env=environment,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "RuntimeError: planted in the playing" in done.stderr
    assert not any((tmp_path / "cowscope").iterdir())


async def test_a_screen_ends_with_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("COWSCOPE_TRACEBACK", raising=False)
    driver = LiveDriver(load("04"), arena_pages=256)
    app = CowscopeApp(driver, ascii_only=True)

    def planted(live: Live) -> None:
        raise RuntimeError("planted in the playing")

    with pytest.raises(RuntimeError, match="planted in the playing"):
        async with app.run_test(size=(120, 36)) as pilot:
            monkeypatch.setattr(Live, "_feed_busy", planted)
            for _ in range(300):
                await pilot.pause(0.1)
                if app.bug:
                    break
    assert app.return_code == 1 and "RuntimeError: planted in the playing" in app.bug
    assert not any((tmp_path / "cowscope").iterdir())
