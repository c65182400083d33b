"""All that opens over a scene, in both languages at both sizes: pages, questions, code, menu."""

from __future__ import annotations

import pytest

from app.keys import acts
from app.layout import TABS
from app.lines_panel import LinesPanel
from app.page_screen import ConfirmScreen, PageScreen
from app.predict_screen import PredictScreen
from app.said import said
from app.scenes_menu import choices
from scenes import phrases
from scenes.loader import SANDBOX
from tests.app.stepping import SCENES, Stage, moments, stage
from tests.app.whole import faults, scene_faults

SIZES = [(160, 48), (80, 24)]
PLACES = [(size, language) for size in SIZES for language in ("en", "zh")]
PAGES = ("i", "l", "g", "d", "r", "question_mark")
everywhere = pytest.mark.parametrize(("size", "language"), PLACES)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


@everywhere
async def test_every_page_of_every_scene_is_whole(size: tuple[int, int], language: str) -> None:
    wrong: list[str] = []
    async with stage(size, language) as shown:
        for scene in SCENES:
            async with shown.scene(scene) as screen:
                await shown.at(screen, moments(scene)[-1])
                for key in PAGES if scene == SCENES[0] else PAGES[:-1]:
                    await shown.pressed(key)
                    assert isinstance(shown.app.screen, PageScreen), key
                    wrong += [f"{scene} {key}: {one}" for one in await _leafed(shown)]
                    await shown.pilot.press("escape")
    assert wrong == []


async def _leafed(shown: Stage) -> list[str]:
    """The faults of all of a page, which says so where it can be scrolled."""
    page = shown.app.screen
    assert isinstance(page, PageScreen)
    columns, found = shown.app.size.width, []
    while True:
        rows = await shown.rows()
        found += faults(rows, columns)
        if page.panel.hidden_below and said("page.closes_scrolls") not in "".join(rows):
            found.append("more lies below, and nothing says so")
        if not page.panel.hidden_below:
            return found
        page.panel.scroll_lines(page.panel.size.height)


@everywhere
async def test_every_question_before_a_key_is_whole(size: tuple[int, int], language: str) -> None:
    wrong: list[str] = []
    asked: set[str] = set()
    async with stage(size, language) as shown:
        for scene in SCENES:
            async with shown.scene(scene) as screen:
                await shown.at(screen, moments(scene)[-1])
                for key in (key for key in "KPS" if acts(screen.driver, key)):
                    rows = await shown.pressed(key)
                    over = shown.app.screen
                    assert isinstance(over, PredictScreen | ConfirmScreen), (scene, key)
                    wrong += [f"{scene} {key}: {fault}" for fault in faults(rows, size[0])]
                    if over.panel.hidden_below:
                        wrong.append(f"{scene} {key}: {over.panel.hidden_below} lines are hidden")
                    asked.add(key)
                    await shown.pilot.press("escape")
    assert asked == set("KPS")
    assert wrong == []


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_card_is_whole_as_pseudo_code_and_as_source(language: str) -> None:
    """At 160x48, where the code has least cells."""
    wrong: list[str] = []
    async with stage((160, 48), language) as shown:
        for scene in SCENES:
            async with shown.scene(scene) as screen:
                last = moments(scene)[-1]
                await shown.at(screen, last)
                for card in screen.driver.scene.cards:
                    screen.card_panel.chosen = card.name
                    for real in (False, True) if card.real else (False,):
                        screen.card_panel.real = real
                        found = scene_faults(screen, await shown.rows(), last)
                        wrong += [f"{scene} {card.name}: {one}" for one in found]
    assert wrong == []


@everywhere
async def test_the_sandbox_is_whole_in_every_tab(size: tuple[int, int], language: str) -> None:
    wrong: list[str] = []
    async with stage(size, language) as shown, shown.scene(SANDBOX) as screen:
        rows = await shown.at(screen, moments(SANDBOX)[-1])
        tabs = [tab for tab in TABS if tab in screen.entered] if screen.is_small else [""]
        for tab in tabs:
            if tab:
                rows = await shown.tab(screen, tab)
            found = scene_faults(screen, rows, moments(SANDBOX)[-1])
            wrong += [f"{tab}: {fault}" for fault in found]
        assert "sliders" in screen.entered
    assert wrong == []


@everywhere
async def test_the_menu_is_whole_at_every_entry(size: tuple[int, int], language: str) -> None:
    phrases.use(language)
    entries = choices(language, "", None)
    wrong: list[str] = []
    async with stage(size, language, menu=entries) as shown:
        for place, entry in enumerate(entries):
            rows = await shown.rows()
            panel = shown.app.screen.query_one("#menu", LinesPanel)
            text = "".join("".join(rows).split())
            wrong += [f"{entry.number}: {fault}" for fault in faults(rows, size[0])]
            if panel.hidden_below:
                wrong.append(f"{entry.number}: {panel.hidden_below} lines are hidden")
            assert f">{entry.number}" in text, place
            await shown.pressed("down")
    assert wrong == []
