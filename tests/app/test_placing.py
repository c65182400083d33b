"""The screen in words: what it says stands there, and only that, at every size."""

from __future__ import annotations

import pytest

from app.driver import ever_in
from app.layout import TABS
from app.said import said
from tests.app.stepping import SCENES, moments, stage

SIZES = [(160, 48), (120, 36), (80, 24)]


@pytest.mark.parametrize("size", SIZES)
async def test_it_names_what_is_on_the_screen_and_nothing_else(size: tuple[int, int]) -> None:
    async with stage(size, "en") as shown:
        for scene in SCENES:
            async with shown.scene(scene) as screen:
                await shown.at(screen, moments(scene)[-1])
                told, _, later = screen.placed().partition("Later in this scene")
                named = {name for name in TABS if _named(name, told)}
                there = {name for name in TABS if name in screen.entered}
                if not screen.is_small:
                    there &= {one for one, panel in screen.panels().items() if panel.display}
                assert named == there, (scene, told)
                assert "hat happens" in told
                ever = ever_in(screen.driver.scene)
                assert not any(_named(name, later) for name in TABS if name not in ever)


def _named(panel: str, told: str) -> bool:
    words = said(f"tabs.{panel}")
    return any(f"{before}{words}{end}" in told for before in (": ", "; ", ", ", "beside ", "it ")
               for end in (".", ";", ",", " beside"))  # fmt: skip
