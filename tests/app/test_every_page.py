"""All that opens over a scene, in both languages at both sizes: pages, questions, code, menu."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from app.keys import acts
from app.layout import TABS
from app.lines import plain, strip_of
from app.lines_panel import LinesPanel
from app.said import said
from app.scenes_menu import choices
from scenes import phrases
from scenes.loader import SANDBOX
from tests.app.stepping import SCENES, Stage, moments, stage
from tests.app.whole import CUT, faults, part, scene_faults

SIZES = [(160, 48), (80, 24)]
PLACES = [(size, language) for size in SIZES for language in ("en", "zh")]
PAGES = ("details", "diagram", "glossary", "ladder", "log")
everywhere = pytest.mark.parametrize(("size", "language"), PLACES)


@everywhere
async def test_all_that_opens_over_a_scene_is_whole(size: tuple[int, int], language: str) -> None:
    wrong: list[str] = []
    asked: set[str] = set()
    async with stage(size, language) as shown:
        for scene in SCENES:
            async with shown.scene(scene) as screen:
                await shown.at(screen, moments(scene)[-1])
                for name in PAGES if scene != SCENES[0] else (*PAGES, "help"):
                    screen.action_page(name)
                    wrong += [f"{scene} {name}: {one}" for one in await page_faults(shown)]
                screen.action_jump()
                wrong += [f"{scene} jump: {one}" for one in await _box_faults(shown, "#jump")]
                for key in (key for key in "KPS" if acts(screen.driver, key)):
                    asked.add(key)
                    (screen.action_confirm if key == "S" else screen.action_crash)(key)
                    box = "#confirm" if key == "S" else "#predict"
                    wrong += [f"{scene} {key}: {one}" for one in await _box_faults(shown, box)]
    assert asked == set("KPS")
    assert wrong == []


async def page_faults(shown: Stage) -> list[str]:
    """What is wrong with a page from its first line to its last; it says where it scrolls."""
    rows = await shown.rows()
    panel = shown.app.screen.query_one("#page", LinesPanel)
    drawn = [strip_of(one, panel.size.width, panel.palette, False).text for one in panel.lines]
    found = [f"cut: {row}" for row in drawn if CUT in row]
    if panel.hidden_below and said("page.closes_scrolls") not in "".join(rows):
        found.append("more lies below, and nothing says so")
    return found + await _box_faults(shown, "#page", scrolls=True)


async def _box_faults(shown: Stage, name: str, *, scrolls: bool = False) -> list[str]:
    """What is wrong with a box over the scene; then it is closed."""
    rows = await shown.rows()
    panel = shown.app.screen.query_one(name, LinesPanel)
    box = panel.region
    found = faults(part(rows, box), box.width)
    found += [
        f"not as wide as the screen: {row}" for row in rows if cell_len(row) != shown.app.size.width
    ]
    if not any(plain(one).strip() for one in panel.lines):
        found.append("it is empty")
    if panel.hidden_below and not scrolls:
        found.append(f"{panel.hidden_below} lines are hidden")
    shown.closed()
    return found


@everywhere
async def test_every_card_is_whole_as_pseudo_code_and_as_source(
    size: tuple[int, int], language: str
) -> None:
    wrong: list[str] = []
    async with stage(size, language) as shown:
        for scene in SCENES:
            async with shown.scene(scene) as screen:
                last = moments(scene)[-1]
                await shown.at(screen, last)
                if screen.is_small:
                    await shown.tab(screen, "code")
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
