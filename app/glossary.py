"""The words of a scene, each in a sentence; and the diagram in words."""

from __future__ import annotations

from collections.abc import Iterable

from app.driver import Driver
from app.lines import EMPTY, Line, line, paragraph
from app.said import said


def glossary_lines(driver: Driver, cells: int) -> list[Line]:
    """Term after term."""
    glossary = driver.scene.glossary
    if not glossary:
        return [line((said("glossary.none"), "dim"))]
    by_letters = sorted(glossary.items(), key=lambda item: item[0].lower())
    return term_lines([(term, "", driver.text(key)) for term, key in by_letters], cells)


def term_lines(terms: Iterable[tuple[str, str, str]], cells: int) -> list[Line]:
    """A term with a note beside it (empty: none), below it what it means."""
    lines: list[Line] = []
    for term, note, meaning in terms:
        lines.append(line((term, "bold"), *([(f"  {note}", "dim")] if note else [])))
        lines += [((("  "), "text"), *own) for own in paragraph(meaning, cells - 2)]
        lines.append(EMPTY)
    return lines[:-1]


def diagram_lines(driver: Driver, cells: int, placed: str) -> list[Line]:
    """Previously, the idea drawn in words, and `placed`: what the screen shows where."""
    scene = driver.scene
    return [
        line((said("words.previously"), "bold")),
        *paragraph(driver.text(scene.previously), cells),
        EMPTY,
        line((said("glossary.diagram"), "bold")),
        *paragraph(driver.text(scene.diagram), cells),
        EMPTY,
        *paragraph(placed, cells),
    ]
