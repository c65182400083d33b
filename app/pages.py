"""The pages of text that keys open over the scene."""

from __future__ import annotations

from collections.abc import Callable

from app.details import details_lines
from app.driver import Driver
from app.glossary import diagram_lines, glossary_lines
from app.glyphs import Glyphs
from app.help import help_lines
from app.ladder import ladder_lines
from app.log_panel import log_lines
from app.page_screen import Content
from app.said import said


def page(
    name: str, driver: Driver, glyphs: Glyphs, placed: Callable[[], str]
) -> tuple[str, Content]:
    """Title and content of a page by its name in the key table; `placed`: what stands where."""
    pages: dict[str, tuple[str, Content]] = {
        "details": (said("pages.details"), lambda cells: details_lines(driver.view, cells)),
        "ladder": (said("pages.ladder"), lambda cells: ladder_lines(driver.view, glyphs, cells)),
        "log": (said("pages.log"), lambda cells: log_lines(driver.view, cells)),
        "glossary": (said("pages.glossary"), lambda cells: glossary_lines(driver, cells)),
        "diagram": (
            said("pages.diagram"),
            lambda cells: diagram_lines(driver, cells, placed()),
        ),
        "help": (said("pages.help"), lambda cells: help_lines(glyphs, driver.offered, cells)),
    }
    return pages[name]
