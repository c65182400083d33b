"""Seeking in a recording that stands still: panels that enter are drawn, though no event comes."""

from __future__ import annotations

import pytest

from app.application import CowscopeApp
from app.replay_driver import ReplayDriver
from scenes.loader import load
from tests.app.seen import settled
from tests.app.stepping import moments, recorded

ENTER = [("02", "Page tables", "---> "), ("02", "Copied pages against writes", "by chance")]


@pytest.mark.parametrize(("scene", "title", "content"), ENTER)
async def test_panels_that_enter_have_content(scene: str, title: str, content: str) -> None:
    driver = ReplayDriver(load(scene), recorded(scene), autoplay=True, clock=lambda: 0.0)
    app = CowscopeApp(driver)
    async with app.run_test(size=(160, 48)) as pilot:
        before = "\n".join(await settled(pilot))
        assert title not in before
        last = moments(scene)[-1].index
        driver.show_to(last)
        driver.seek(last)
        after = "\n".join(await settled(pilot))
    assert title in after and content in after
