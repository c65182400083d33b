"""The pages of text that keys open over the scene."""

from __future__ import annotations

from app.details import details_lines
from app.driver import Driver
from app.glossary import diagram_lines, glossary_lines
from app.glyphs import Glyphs
from app.help import help_lines
from app.ladder import ladder_lines
from app.layout import Mode
from app.log_panel import log_lines
from app.page_screen import Content


def page(name: str, driver: Driver, glyphs: Glyphs, mode: Mode) -> tuple[str, Content]:
    """Title and content of a page by its name in the key table."""
    pages: dict[str, tuple[str, Content]] = {
        "details": ("Details", lambda cells: details_lines(driver.view, cells)),
        "ladder": ("The ladder", lambda cells: ladder_lines(driver.view, glyphs, cells)),
        "log": ("Redis' log", lambda cells: log_lines(driver.view, cells)),
        "glossary": ("Glossary", lambda cells: glossary_lines(driver, cells)),
        "diagram": (
            "Previously, and the diagram",
            lambda cells: diagram_lines(driver, cells, mode),
        ),
        "help": ("Keys and glyphs", lambda cells: help_lines(glyphs, driver.offered, cells)),
    }
    return pages[name]
