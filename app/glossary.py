"""The words of a scene, each in a sentence; and the diagram in words."""

from __future__ import annotations

from app.driver import Driver
from app.layout import Mode
from app.lines import EMPTY, Line, line, paragraph


def glossary_lines(driver: Driver, cells: int) -> list[Line]:
    """Term after term."""
    glossary = driver.scene.glossary
    if not glossary:
        return [line(("This scene explains its words as it goes.", "dim"))]
    lines: list[Line] = []
    for term, key in sorted(glossary.items(), key=lambda item: item[0].lower()):
        lines.append(line((term, "bold")))
        lines += [((("  "), "text"), *own) for own in paragraph(driver.text(key), cells - 2)]
        lines.append(EMPTY)
    return lines[:-1]


PLACES: dict[Mode, str] = {
    "large": "On this screen: heap and child at the top left, below them the cost, below that the"
    " log's tail; on the right what happens and the code.",
    "middle": "On this screen: heap and child at the top left, below them the cost, below that the"
    " log's tail; on the right what happens. c brings the code.",
    "small": "On this screen: what happens stands at the top. Below it one panel at a time, and Tab"
    " goes on to the next: Heap, Child, Cost, AOF tail, Code.",
}
"""Where the parts are; panels that the scene has not brought yet are missing."""


def diagram_lines(driver: Driver, cells: int, mode: Mode) -> list[Line]:
    """Previously, and what the screen shows where."""
    scene = driver.scene
    return [
        line(("Previously", "bold")),
        *paragraph(driver.text(scene.previously), cells),
        EMPTY,
        line(("Diagram", "bold")),
        *paragraph(driver.text(scene.diagram), cells),
        EMPTY,
        *paragraph(PLACES[mode], cells),
    ]
