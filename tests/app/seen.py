"""What the screen shows once it is drawn: tests await a state of it, and never a time."""

from __future__ import annotations

from time import monotonic
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from app.page_screen import PageScreen
from app.scene_screen import SceneScreen

DEADLINE = 60.0
"""Seconds after which a test fails that awaits what does not come; a loaded machine is slow."""
STILL = 3
"""Drawings in a row that are the same, after which nothing more is on its way."""


def rows(pilot: Pilot[Any]) -> list[str]:
    """The screen as text, row by row."""
    strips = pilot.app.screen._compositor.render_strips(pilot.app.size)
    return ["".join(segment.text for segment in strip) for strip in strips]


def frame(app: App[Any]) -> None:
    """What the screen's timers would do now."""
    screen = app.screen
    if isinstance(screen, SceneScreen):
        screen.clock_at = float("-inf")
        screen.frame()
    elif isinstance(screen, PageScreen):
        screen._fill()


async def drawn(pilot: Pilot[Any]) -> list[str]:
    """One more drawing, with all that hangs on the clock, after what was queued for it."""
    frame(pilot.app)
    await pilot.pause(0)
    return rows(pilot)


async def settled(pilot: Pilot[Any]) -> list[str]:
    """The rows when nothing is left to lay out and one drawing is like the other."""
    until, before, same = monotonic() + DEADLINE, [""], 0
    while same < STILL:
        assert monotonic() < until, "the screen does not come to rest"
        after = await drawn(pilot)
        idle = not pilot.app.screen._layout_required
        same = same + 1 if idle and after == before else 0
        before = after
    return before


async def seen(pilot: Pilot[Any], *wanted: str, gone: str = "") -> str:
    """The screen's text once it has all that is `wanted`, and no longer what is to be `gone`."""
    until = monotonic() + DEADLINE
    while True:
        text = "\n".join(await drawn(pilot))
        missing = [words for words in wanted if words not in text]
        if not missing and not (gone and gone in text):
            return text
        assert monotonic() < until, f"awaited {missing or f'the end of {gone!r}'} in:\n{text}"
