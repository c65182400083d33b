"""Help and glossary are one key away in the menu, too."""

from __future__ import annotations

import pytest

from app.glyphs import DRAWN
from app.lines import plain
from app.menu import MenuScreen
from app.menu_pages import KEYS, course_terms, menu_help_lines
from app.said import said
from app.scenes_menu import choices
from scenes import phrases
from scenes.loader import known
from tests.app.stepping import stage
from tests.app.test_every_page import everywhere, page_faults
from tests.app.test_keys import keys_of

NAMES = {"arrows": "up", "Enter": "enter", "1-9 0": "1", "?": "question_mark"}
"""What is printed on a key, where Textual calls it otherwise."""


@everywhere
@pytest.mark.parametrize(("key", "title"), [("question_mark", "help"), ("g", "glossary")])
async def test_a_key_opens_the_page_and_closes_it(
    size: tuple[int, int], language: str, key: str, title: str
) -> None:
    phrases.use(language)
    async with stage(size, language, menu=choices(language, "", None)) as shown:
        menu = "".join(await shown.rows())
        assert said("menu.keys") in menu
        rows = await shown.pressed(key)
        assert said(f"pages.{title}") in "".join(rows)
        assert await page_faults(shown) == []
        await shown.pressed(key)
        assert "".join(await shown.pressed(key)) == menu


def test_the_help_names_the_keys_that_the_menu_has() -> None:
    bound = keys_of(MenuScreen)
    assert [shown for shown, _ in KEYS if NAMES.get(shown, shown) not in bound] == []
    rows = [plain(one) for one in menu_help_lines(DRAWN, 80)]
    assert rows[0] == "The menu" and "The scene" in rows
    assert not any(said("help.not_yet") in row or said("help.not_offered") in row for row in rows)


def test_the_glossary_has_each_term_of_each_scene_once() -> None:
    terms = course_terms()
    told = {(term, number) for term, numbers, _ in terms for number in numbers.split()}
    assert told == {(term, scene.number) for scene in known() for term in scene.glossary}
    assert ("copy-on-write", "02 04") in {(term, numbers) for term, numbers, _ in terms}
    assert len({(term, text) for term, _, text in terms}) == len(terms)
