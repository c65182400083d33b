"""Every step of every scene, in both languages: no word is cut, no border shifted, no choice lost.

On a small screen that is asked of every tab. What does not fit has to say so.
"""

from __future__ import annotations

import pytest

from app.layout import TABS
from tests.app.stepping import SCENES, moments, stage
from tests.app.whole import broken_borders, scene_faults


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_step_is_whole_on_a_large_screen(language: str) -> None:
    wrong: list[str] = []
    async with stage((160, 48), language) as shown:
        for scene in SCENES:
            async with shown.scene(scene) as screen:
                for moment in moments(scene):
                    rows = await shown.at(screen, moment)
                    found = scene_faults(screen, rows, moment)
                    wrong += [f"{scene} {moment}: {fault}" for fault in found]
    assert wrong == []


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_step_is_whole_in_every_tab(language: str) -> None:
    wrong: list[str] = []
    async with stage((80, 24), language) as shown:
        for scene in SCENES:
            async with shown.scene(scene) as screen:
                for moment in moments(scene):
                    rows = await shown.at(screen, moment)
                    found = scene_faults(screen, rows, moment)
                    wrong += [f"{scene} {moment} {screen.tab}: {fault}" for fault in found]
                    if moment.asks:  # the end of the step shows the other tabs
                        continue
                    for tab in (tab for tab in TABS if tab in screen.entered - {screen.tab}):
                        rows = await shown.tab(screen, tab)
                        found = scene_faults(screen, rows, moment)
                        wrong += [f"{scene} {moment} {tab}: {fault}" for fault in found]
    assert wrong == []


async def test_ascii_draws_nothing_else_in_any_scene() -> None:
    found: dict[str, str] = {}
    async with stage((80, 24), ascii_only=True) as shown:
        for scene in SCENES:
            async with shown.scene(scene) as screen:
                for moment in (moment for moment in moments(scene) if not moment.asks):
                    text = "".join(await shown.at(screen, moment))
                    signs = "".join(sorted({sign for sign in text if not 32 <= ord(sign) <= 126}))
                    found |= {f"{scene} {moment}": signs} if signs else {}
    assert found == {}


def test_a_border_that_is_shifted_by_a_cell_is_seen() -> None:
    assert broken_borders(["╭──╮", "│堆│", "╰──╯"]) == []
    assert broken_borders(["╭──╮", "│堆 │", "╰──╯"]) != []
