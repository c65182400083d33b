"""Makes the README's pictures from the real screen, live: `python -m app.pictures FOLDER`.

The app runs without a terminal but with a real engine behind it; each picture waits for its beat.
SVG files are written; where Chromium is installed they become PNG files too.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from app.application import CowscopeApp
from app.live_driver import LiveDriver
from app.screenshot import svg
from scenes.errors import SceneError
from scenes.loader import load


@dataclass(frozen=True)
class Picture:
    """A still of scene 04."""

    name: str
    size: tuple[int, int]
    step: str
    """The step at which it is taken."""
    settle: float
    """Seconds that the step may play before."""
    dark: bool = True
    begins: str = ""
    """The step to begin with; "" is the first."""
    crash: str = ""
    """A crash key, pressed there: then the picture is of the ladder."""


PICTURES = (
    Picture("scene04", (160, 48), "gauge", 2.5),
    Picture("scene04-light", (160, 48), "spreading", 5.0, dark=False),
    Picture("scene04-120x36", (120, 36), "copies", 3.0),
    Picture("scene04-80x24", (80, 24), "copies", 3.0),
    Picture("ladder", (160, 48), "crash", 1.0, begins="always", crash="P"),
)


async def take(picture: Picture, folder: Path) -> Path:
    """Play to the picture's step and draw it; raises SceneError when the step never comes."""
    driver = LiveDriver(load("04"), autoplay=True, start_at=picture.begins)
    app = CowscopeApp(driver, dark=picture.dark)
    async with app.run_test(size=picture.size) as pilot:
        await _until(pilot, driver, picture.step)
        asked = driver.stage().question
        if asked is not None and not picture.crash:
            await _true(pilot, "nothing was asked", lambda: driver.now_view.question is not None)
            driver.answer(asked.scripted)
        await pilot.pause(picture.settle)
        if picture.crash:
            await _crash(pilot, driver, picture)
        path = folder / f"{picture.name}.svg"
        path.write_text(svg(app, title="cowscope play 04"))
    return path


async def _crash(pilot: Pilot[Any], driver: LiveDriver, picture: Picture) -> None:
    """Predict and crash, and wait until what is left has been counted."""
    await pilot.press(picture.crash, "2")
    await _true(pilot, "no census came", lambda: _counted(driver))
    await pilot.pause(picture.settle)


def _counted(driver: LiveDriver) -> bool:
    prediction = driver.now_view.prediction
    return prediction is not None and prediction.right >= 0


async def _until(pilot: Pilot[Any], driver: LiveDriver, step: str) -> None:
    await _true(pilot, f"the step {step} did not come", lambda: driver.now_view.step == step)


async def _true(pilot: Pilot[Any], otherwise: str, wanted: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not wanted():
        if time.monotonic() > deadline:
            raise SceneError(f"no picture: {otherwise} within 120 s")
        await pilot.pause(0.1)


def to_png(drawing: Path, size: tuple[int, int]) -> Path | None:
    """The drawing as PNG beside it; None where there is no Chromium."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        return None
    picture = drawing.with_suffix(".png")
    width, height = int(size[0] * 12.2) + 22, int(size[1] * 24.4) + 54
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                "--no-first-run", "--disable-background-networking", "--disable-sync",
                "--disable-component-update", "--disable-quic", f"--user-data-dir={profile}",
                f"--window-size={width},{height}", f"--screenshot={picture}", drawing.as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )  # fmt: skip
    return picture


def main(arguments: list[str]) -> int:
    """Take all pictures, or those named after the folder."""
    folder = Path(arguments[0] if arguments else "assets/pictures").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for picture in PICTURES:
        if not arguments[1:] or picture.name in arguments[1:]:
            drawing = asyncio.run(take(picture, folder))
            print(to_png(drawing, picture.size) or drawing)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
