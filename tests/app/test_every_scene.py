"""Every step of every scene, in both languages: no word is cut, no border shifted, no choice lost.

What does not fit has to say so. `test_every_tab.py` asks the same of a small screen.
"""

from __future__ import annotations

import pytest

from tests.app.stepping import SCENES, moments, stage
from tests.app.whole import broken_borders, faults_of_every_step


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_step_is_whole_on_a_large_screen(language: str) -> None:
    assert await faults_of_every_step((160, 48), language) == []


async def test_ascii_draws_nothing_else_in_any_scene() -> None:
    found: dict[str, str] = {}
    async with stage((160, 48), ascii_only=True) as shown:
        for scene in SCENES:
            async with shown.scene(scene) as screen:
                for moment in moments(scene)[::2]:
                    text = "".join(await shown.at(screen, moment))
                    signs = "".join(sorted({sign for sign in text if not 32 <= ord(sign) <= 126}))
                    found |= {f"{scene} {moment}": signs} if signs else {}
    assert found == {}


def test_a_border_that_is_shifted_by_a_cell_is_seen() -> None:
    assert broken_borders(["╭──╮", "│堆│", "╰──╯"]) == []
    assert broken_borders(["╭──╮", "│堆 │", "╰──╯"]) != []
