"""The pages that keys open over the menu: its keys and those of a scene, and all scenes' words."""

from __future__ import annotations

from app.glossary import term_lines
from app.glyphs import Glyphs
from app.help import help_lines
from app.keys import OFFERED
from app.lines import EMPTY, Line, line, padded
from app.page_screen import Content
from app.said import said
from scenes import phrases
from scenes.loader import LESSONS, known, read_words

KEYS = (
    ("arrows", "choose"),
    ("Enter", "start"),
    ("1-9 0", "number"),
    ("r", "resume"),
    ("v", "view"),
    ("?", "help"),
    ("g", "glossary"),
    ("q", "leave"),
)
"""What is printed on a key, and the phrase for what it does: `menu_help.NAME`."""


def page(name: str, glyphs: Glyphs) -> tuple[str, Content]:
    """Title and content of the page `help` or `glossary`; raises SceneError for a broken scene."""
    if name == "help":
        return said("pages.help"), lambda cells: menu_help_lines(glyphs, cells)
    terms = course_terms()
    return said("pages.glossary"), lambda cells: term_lines(terms, cells)


def menu_help_lines(glyphs: Glyphs, cells: int) -> list[Line]:
    """The menu's keys, then all that a scene may offer, then the legend."""
    lines = [line((said("help.menu"), "bold"))]
    for shown, name in KEYS:
        label = said("menu_help.arrows") if shown == "arrows" else shown
        lines.append(line("  ", (padded(label, 12), "bold"), said(f"menu_help.{name}")))
    return [*lines, EMPTY, *help_lines(glyphs, OFFERED, cells)]


def course_terms() -> list[tuple[str, str, str]]:
    """Every term of the scenes that ship, by its letters: the term, the scenes' numbers, the words.

    Scenes that explain a term in the same words share an entry.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for scene in known():
        words = read_words(LESSONS / scene.number, phrases.language())
        for term, key in scene.glossary.items():
            found.setdefault((term, words.text(key, scene.values)), []).append(scene.number)
    by_letters = sorted(found.items(), key=lambda one: (one[0][0].lower(), one[1]))
    return [(term, " ".join(numbers), text) for (term, text), numbers in by_letters]
