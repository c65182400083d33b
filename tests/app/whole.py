"""What is wrong with a picture of the screen: what is cut, shifted, or hidden without a word."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len
from textual.geometry import Region

from app.layout import TABS
from app.lines_panel import LinesPanel
from app.said import said
from app.scene_screen import SceneScreen
from tests.app.stepping import SCENES, Moment, moments, stage

CLIENTS = re.compile(r"(?:[\d,]+ )?\b[BCD] \S.*?(?=│|\||$)")
"""A row of the tail, or of an engine, that shows what a client sent: as long as it made it, so it
may be cut."""
CUT = "…"


def by_cells(row: str) -> str:
    """A row with one sign a cell: behind a wide one stands a blank."""
    return "".join(sign + " " * (cell_len(sign) - 1) for sign in row)


def part(rows: Sequence[str], of: Region) -> list[str]:
    """What stands in a region of the screen, without the blanks behind wide signs."""
    found = []
    for row in rows[of.y : of.bottom]:
        place, kept = 0, ""
        for sign in row:
            kept += sign if of.x <= place < of.right else ""
            place += cell_len(sign)
        found.append(kept)
    return found


def broken_borders(rows: Sequence[str]) -> list[str]:
    """Panels whose sides do not stand in one column from corner to corner."""
    cells = [by_cells(row) for row in rows]
    broken = []
    for top, bottom in ("╭╰", "╮╯"):
        for y, row in enumerate(cells):
            for x in (x for x, sign in enumerate(row) if sign == top):
                below = "".join(one[x : x + 1] for one in cells[y + 1 :])
                if not re.match(f"│+{bottom}", below):
                    broken.append(f"row {y}, cell {x}: the border breaks: {below}")
    return broken


def faults(rows: Sequence[str], columns: int) -> list[str]:
    """What is wrong with any picture, whatever it shows."""
    found = [f"cut: {row.strip()}" for row in rows if CUT in row]
    found += [f"not {columns} cells: {row}" for row in rows if cell_len(row) != columns]
    return found + broken_borders(rows)


def scene_faults(screen: SceneScreen, rows: Sequence[str], moment: Moment) -> list[str]:
    """What is wrong with a picture of a scene."""
    bare = list(rows)
    for panel in (screen.tail, screen.exhibits["engines"]):
        if panel.display:
            for y in range(panel.region.y, panel.region.bottom):
                bare[y] = CLIENTS.sub(lambda found: "-" * cell_len(found[0]), bare[y])
    found = faults(bare, screen.size.width)
    for panel in screen.panels().values():
        if panel.display and isinstance(panel, LinesPanel) and panel.hidden_below:
            found += _below(panel)
    return found + _question_faults(screen, rows, moment)


def _below(panel: LinesPanel) -> list[str]:
    """A panel with more lines than rows that does not say so."""
    under = str(panel.border_subtitle)
    wanted = said("panel.more", count=panel.hidden_below), said("words.more")
    if any(words in under for words in wanted):
        return []
    return [f"{panel.id}: {panel.hidden_below} lines below the last row, and not a word of it"]


def _question_faults(screen: SceneScreen, rows: Sequence[str], moment: Moment) -> list[str]:
    """A question whose choices, or whose answer, are not on the screen."""
    question, asked = screen.driver.stage().question, screen.driver.view.question
    if question is None or asked is None:
        return []
    words = "\n".join(part(rows, screen.words.region))
    if moment.asks:
        numbers = range(1, len(question.choices) + 1)
        return [f"choice {n} is not on the screen" for n in numbers if f"{n}) " not in words]
    key = "words.modelled" if asked.source == "modelled" else "words.measured"
    lead = said(key, why="")
    return [] if lead in words else [f"the answer ({lead.strip()}) is not on the screen"]


async def faults_of_every_step(size: tuple[int, int], language: str) -> list[str]:
    """What is wrong in every step of every scene; on a small screen in all its tabs."""
    wrong: list[str] = []
    async with stage(size, language) as shown:
        for scene in SCENES:
            async with shown.scene(scene) as screen:
                for moment in moments(scene):
                    rows = await shown.at(screen, moment)
                    found = scene_faults(screen, rows, moment)
                    wrong += [f"{scene} {moment} {screen.tab}: {fault}" for fault in found]
                    if moment.asks or not screen.is_small:
                        continue  # the end of the step shows the other tabs
                    for tab in (tab for tab in TABS if tab in screen.entered - {screen.tab}):
                        rows = await shown.tab(screen, tab)
                        found = scene_faults(screen, rows, moment)
                        wrong += [f"{scene} {moment} {tab}: {fault}" for fault in found]
    return wrong
