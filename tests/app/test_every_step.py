"""Every step of scene 04: whole at the middle size too, figures add up, ASCII is ASCII.

The large and the small size are asked of every scene, in `test_every_scene.py` and its like.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from app.application import CowscopeApp
from app.crash_words import crash_lines
from app.driver import Driver
from app.lines import texts
from app.menu import Choice
from app.scene_screen import SceneScreen
from app.words_panel import closing_lines
from scenes.view import COPIED
from tests.app.seen import rows, seen, settled
from tests.app.told import steps, told

SIZES = [(160, 48), (120, 36), (80, 24)]
MIDDLE = (120, 36)
COMMAND = re.compile(r"[\d,]+ [BCD] \S.*?(?=│|\||$)")
"""A row of the tail that shows what clients sent: as long as they made it, so it may be cut."""


@asynccontextmanager
async def playing(
    size: tuple[int, int], *, ascii_only: bool = False
) -> AsyncIterator[tuple[SceneScreen, Pilot[int]]]:
    app = CowscopeApp(told(steps()[0]), ascii_only=ascii_only)
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        assert isinstance(app.screen, SceneScreen)
        yield app.screen, pilot


async def turned_to(screen: SceneScreen, pilot: Pilot[int], driver: Driver) -> None:
    """Show another moment on the same screen."""
    screen.driver = driver
    screen.seen_before = None
    screen.entered = frozenset()
    screen._stage = ""
    await settled(pilot)


def cut_rows(found: list[str], sign: str = "…") -> list[str]:
    return [row for row in found if sign in COMMAND.sub("", row)]


async def test_no_word_is_cut_at_any_step() -> None:
    cut: list[str] = []
    async with playing(MIDDLE) as (screen, pilot):
        for step in steps():
            await turned_to(screen, pilot, told(step))
            cut += [f"{step}: {row}" for row in cut_rows(rows(pilot))]
    assert cut == []


async def test_no_word_is_cut_in_code_and_pages() -> None:
    cut: list[str] = []
    async with playing(MIDDLE) as (screen, pilot):
        await turned_to(screen, pilot, told("crash"))
        for key in ("c", "C", "C", "C", "c", "C", "C", "C"):
            await pilot.press(key)
            await settled(pilot)
            cut += [f"code: {row}" for row in cut_rows(rows(pilot))]
        for key in ("i", "l", "g", "d", "question_mark", "K"):
            await pilot.press(key)
            await settled(pilot)
            cut += [f"{key}: {row}" for row in cut_rows(rows(pilot))]
            await pilot.press("escape")
    assert cut == []


@pytest.mark.parametrize("size", SIZES[1:])
async def test_ascii_draws_nothing_else(size: tuple[int, int]) -> None:
    found: set[str] = set()
    async with playing(size, ascii_only=True) as (screen, pilot):
        for step in steps():
            await turned_to(screen, pilot, told(step))
            found |= set("".join(rows(pilot)))
        for key in ("i", "l", "g", "d", "question_mark", "K", "colon", "c", "c"):
            await pilot.press(key)
            await settled(pilot)
            found |= set("".join(rows(pilot)))
            await pilot.press("escape")
    assert {sign for sign in found if not 32 <= ord(sign) <= 126} == set()


async def test_the_menu_draws_ascii() -> None:
    choice = Choice("04", "04", "Persistence — fork", "It says “so” · …", "8 min · live")
    app = CowscopeApp(menu=[choice], ascii_only=True)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.notify("It is ‘gone’ · try —", severity="error")
        text = await seen(pilot, "gone", "Persistence")
    found = set(text.replace("\n", ""))
    assert {sign for sign in found if not 32 <= ord(sign) <= 126} == set()


@pytest.mark.parametrize("step", steps())
async def test_figures_add_up(step: str) -> None:
    driver = told(step)
    view = driver.view
    assert sum(view.counts) == len(view.pages) == view.engine.arena_pages
    assert list(view.counts) == [view.pages.count(state) for state in range(5)]
    if view.child is not None and view.child.alive:
        assert view.gauge.copied_kb == view.counts[COPIED] * view.engine.page_size // 1024


async def test_legends_name_every_state_at_every_size() -> None:
    for size in SIZES:
        async with playing(size) as (screen, pilot):
            await turned_to(screen, pilot, told("new"))
            for grid, names in (
                (screen.grid, ("shared", "copied", "new", "private", "free", "= 1,024 pages")),
                (screen.child_grid, ("written", "being written", "to come", "absent")),
            ):
                if screen.is_small:
                    screen._pick_tab(str(grid.id))
                    await settled(pilot)
                words = "\n".join(texts(grid.foot()))
                assert all(name in words for name in names), (size, words)


async def test_a_small_screen_turns_to_what_the_words_speak_of() -> None:
    spoken_of = {
        "spreading": "Heap",
        "tail": "AOF tail",
        "everysec": "AOF tail",
        "fork": "Heap",
        "gauge": "Cost",
        "walk": "Child",
        "after": "Heap",
        "always": "AOF tail",
    }
    async with playing((80, 24)) as (screen, pilot):
        for step, tab in spoken_of.items():
            await turned_to(screen, pilot, told(step))
            assert f"[{tab}]" in "\n".join(rows(pilot)), step


async def test_a_large_screen_shows_all_words_of_every_step() -> None:
    """The report on a crash, and what is said at the end of the scene, may be scrolled to."""
    last = steps()[-1]
    async with playing((160, 48)) as (screen, pilot):
        for step in steps():
            await turned_to(screen, pilot, told(step))
            words, cells = screen.driver.words, screen.words.size.width - 1
            end = crash_lines(screen.driver.view, cells)
            end += closing_lines(screen.driver.scene, words.text, cells) if step == last else []
            assert screen.words.hidden_below <= len(end), step


async def test_a_question_shows_all_its_choices_at_every_size() -> None:
    for size in SIZES:
        async with playing(size) as (screen, pilot):
            await turned_to(screen, pilot, told("hot"))
            shown = "\n".join(rows(pilot))
            assert "1)" in shown and "2)" in shown and "3)" in shown and "Measured:" in shown
            assert not screen.words.hidden_below
