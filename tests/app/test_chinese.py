"""In Chinese nothing is cut, borders stay aligned, and no phrase is left in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from app.application import CowscopeApp
from app.layout import TABS
from app.said import said
from app.scene_screen import SceneScreen
from scenes import phrases
from scenes.loader import load, read_words
from scenes.words import Words
from tests.app.seen import rows, settled
from tests.app.test_every_step import cut_rows, turned_to
from tests.app.told import steps, told

SIZES = [(160, 48), (80, 24)]
APP = Path(__file__).parents[2] / "app"
SAYS = re.compile(r"""said\(\s*["']([a-z_]+\.\w+)["']""")
AMBIGUOUS = "“”‘’…—→×"
"""Signs that some terminals with a Chinese locale draw two cells wide."""


@pytest.fixture(autouse=True)
def _chinese(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    phrases.use("zh")
    yield
    phrases.use("en")


def by_cells(row: str) -> str:
    """A row with one sign a cell: behind a wide one stands a blank."""
    return "".join(sign + " " * (cell_len(sign) - 1) for sign in row)


def broken_borders(found: list[str]) -> list[str]:
    """Panels whose sides do not stand in one column from corner to corner."""
    cells = [by_cells(row) for row in found]
    broken = []
    for top, bottom in ("╭╰", "╮╯"):
        for y, row in enumerate(cells):
            for x in (x for x, sign in enumerate(row) if sign == top):
                below = "".join(one[x : x + 1] for one in cells[y + 1 :])
                if not re.match(f"│+{bottom}", below):
                    broken.append(f"row {y}, cell {x}: {below}")
    return broken


def test_a_border_that_is_shifted_by_a_cell_is_seen() -> None:
    assert broken_borders(["╭──╮", "│堆│", "╰──╯"]) == []
    assert broken_borders(["╭──╮", "│堆 │", "╰──╯"]) != []


def chinese_words() -> Words:
    return read_words(load("04").folder, "zh")


@pytest.mark.parametrize("size", SIZES)
async def test_every_step_is_whole_and_its_rows_are_as_wide_as_the_screen(
    size: tuple[int, int],
) -> None:
    wrong: list[str] = []
    first = told(steps()[0])
    first.words = chinese_words()
    app = CowscopeApp(first)
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        screen = app.screen
        assert isinstance(screen, SceneScreen)
        for step in steps():
            driver = told(step)
            driver.words = chinese_words()
            await turned_to(screen, pilot, driver)
            tabs = [tab for tab in TABS if tab in screen.entered] if screen.is_small else [""]
            for tab in tabs:
                if tab:
                    screen._pick_tab(tab)
                    await settled(pilot)
                found = rows(pilot)
                wrong += [f"{step} {tab}: {row}" for row in cut_rows(found)]
                wrong += [f"{step} {tab}: {row}" for row in found if cell_len(row) != size[0]]
                wrong += [f"{step} {tab}: {place}" for place in broken_borders(found)]
        for key in ("i", "l", "g", "d", "r", "question_mark", "c"):
            await pilot.press(key)
            found = await settled(pilot)
            wrong += [f"{key}: {row}" for row in cut_rows(found)]
            wrong += [f"{key}: {row}" for row in found if cell_len(row) != size[0]]
            if key != "c":
                await pilot.press("escape")
    assert wrong == []


def test_every_phrase_that_the_code_says_is_there() -> None:
    known = said.words("en").texts
    wanted = {key for path in APP.rglob("*.py") for key in SAYS.findall(path.read_text("utf-8"))}
    assert wanted and wanted - known.keys() == set()


@pytest.mark.parametrize("key", sorted(said.words("zh").texts))
def test_no_chinese_phrase_has_signs_of_ambiguous_width(key: str) -> None:
    assert not set(said.words("zh").texts[key]) & set(AMBIGUOUS)


def test_chinese_lacks_no_phrase() -> None:
    assert said.words("zh").missing() == []
