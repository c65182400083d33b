"""The words of a scene, each in a sentence; and the diagram in words."""

from __future__ import annotations

from app.driver import Driver
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


def diagram_lines(driver: Driver, cells: int) -> list[Line]:
    """Previously, and what the screen shows where."""
    scene = driver.scene
    return [
        line(("Previously", "bold")),
        *paragraph(driver.text(scene.previously), cells),
        EMPTY,
        line(("Diagram", "bold")),
        *paragraph(driver.text(scene.diagram), cells),
    ]
