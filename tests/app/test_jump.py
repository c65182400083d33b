"""The list of steps: typing filters, Enter goes; what was played is looked at, the rest played."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator

import pytest
from textual.pilot import Pilot

from app.application import CowscopeApp
from app.glyphs import DRAWN
from app.help import GROUPS, help_lines
from app.jump_screen import JumpScreen, entries
from app.keys import TABLE
from app.lines import texts
from app.live_driver import LiveDriver
from app.said import said
from scenes import phrases
from scenes.loader import load
from scenes.refusals import played
from tests.app.fake import FakeDriver
from tests.app.seen import rows, settled
from tests.app.test_live_driver import until
from tests.app.test_replay_driver import RECORDED, passes, playing


@pytest.fixture
def chinese() -> Iterator[None]:
    phrases.use("zh")
    yield
    phrases.use("en")


def screen_of(pilot: Pilot[int]) -> JumpScreen:
    assert isinstance(pilot.app.screen, JumpScreen)
    return pilot.app.screen


def row_with(pilot: Pilot[int], text: str) -> str:
    """The list's row on the screen: between the borders of its box."""
    assert any(text in row and "|" in row for row in rows(pilot))
    return next(row for row in texts(screen_of(pilot).panel.lines) if text in row)


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
async def test_j_lists_the_steps_and_enter_goes_to_one(size: tuple[int, int]) -> None:
    driver = FakeDriver()
    async with CowscopeApp(driver, ascii_only=True).run_test(size=size) as pilot:
        await settled(pilot)
        await pilot.press("j")
        await settled(pilot)
        here = row_with(pilot, "The first write copies")
        assert here.startswith("> ") and here.endswith("on show")
        assert "played" in row_with(pilot, "BGSAVE")
        await pilot.press("up")
        await settled(pilot)
        assert "its finished picture" in "\n".join(rows(pilot))
        await pilot.press("enter")
        await pilot.pause()
    assert ("jump", "fork") in driver.asked


async def test_letters_filter_and_are_no_keys_of_the_scene() -> None:
    driver = FakeDriver()
    async with CowscopeApp(driver, ascii_only=True).run_test(size=(160, 48)) as pilot:
        await settled(pilot)
        await pilot.press("j", *"bw")
        await settled(pilot)
        assert "No step's title" in "\n".join(rows(pilot))
        await pilot.press("enter", "backspace", "backspace", *"always")
        await settled(pilot)
        found = screen_of(pilot).matching
        assert found and all("always" in e.title.lower() or "always" in e.step for e in found)
        assert len(found) < len(driver.scene.stages)
        await pilot.press("enter")
        await pilot.pause()
        assert driver.asked[-1] == ("jump", found[0].step)
        await pilot.press("j", "q", "escape")
        await settled(pilot)
        assert not isinstance(pilot.app.screen, JumpScreen)
    assert not [asked for asked in driver.asked if asked[0] == "key"]


async def test_it_is_told_in_chinese(chinese: None) -> None:
    async with CowscopeApp(FakeDriver(), ascii_only=True).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("j")
        text = "\n".join(await settled(pilot))
    for key in ("title", "filter", "here", "played"):
        assert said(f"jump.{key}") in text
    assert "Enter 前往" in text


def test_a_small_screen_shows_a_window_of_the_list_around_the_cursor() -> None:
    from app.jump_screen import jump_lines

    steps = entries(FakeDriver())
    for at in range(len(steps)):
        shown = texts(jump_lines(steps, at, "", 60, 12))
        assert f"{len(steps) - 7} more" in shown[-2] or f"{len(steps) - 7} more" in shown[-3]
        assert len(shown) <= 12 and any(row.startswith("> ") for row in shown)


def test_help_names_every_key() -> None:
    grouped = {action for _, actions in GROUPS for action in actions}
    assert {key.action.partition("(")[0] for key in TABLE} <= grouped
    told = "\n".join(texts(help_lines(DRAWN, frozenset(), 100)))
    assert all(key.long in told for key in TABLE if key.shown not in ("2", "3", "4"))


async def test_a_replay_goes_on_from_a_step_to_come_and_looks_at_one_behind() -> None:
    driver, clock = await playing()
    passes(driver, clock, 0.6)
    assert [e.place for e in entries(driver)][:2] == ["here", "ahead"]
    driver.jump("hot")
    assert not driver.is_past and driver.view.step == "hot" and not driver.refusal
    passes(driver, clock, 0.2)
    assert driver.view.question is not None  # it plays on, and waits for the answer
    driver.jump("hot")
    assert driver.refusal == said("refuse.here_already")
    driver.jump("tail")
    assert driver.is_past and driver.view.step == "tail"
    assert driver.cursor == driver.history.step_end("tail")
    driver.jump("hot")
    assert not driver.is_past and driver.view.step == "hot"
    driver.refusal = ""
    driver.jump("window")
    assert driver.refusal == said("refuse.not_recorded") and len(driver.recorded) == len(RECORDED)


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or not os.path.exists("/proc/self/pagemap"),
    reason="a live engine needs Linux and /proc",
)
async def test_live_it_plays_what_is_to_come_and_looks_at_what_was_played() -> None:
    driver = LiveDriver(load("04"), arena_pages=256)
    await driver.start()
    try:
        await until(driver, "view.commands > 5 and view.step == 'trickle'")
        driver.jump("copies")
        await until(driver, "driver.status == 'catching_up'")
        assert driver.notice.startswith("Catching up to 'copies': step 1 of 6, played quickly")
        driver.key("w")
        assert str(await driver.execute("PING")) == played("refuse.catching_up")
        await until(driver, "driver.refusal")
        assert "Esc stops here" in driver.refusal
        await until(driver, "view.step == 'copies' and view.hold == 'held'")
        assert driver.status == "live" and driver.pace_factor == 1.0
        assert [e.place for e in entries(driver) if e.step == "tail"] == ["played"]
        driver.jump("tail")
        assert driver.is_past and driver.view.step == "tail"
        driver.jump("trickle")
        assert driver.is_past and driver.view.step == "trickle"
        driver.jump("copies")
        async with asyncio.timeout(10):
            while driver.view.step != "copies":
                await asyncio.sleep(0.01)
        driver.jump("trickle")
        driver.jump("always")
        assert not driver.is_past
        await until(driver, "view.step == 'hot'")
        driver.stay()
        await until(driver, "driver.status == 'live'")
        assert driver.now_view.step == "hot"
    finally:
        await driver.stop()
