"""Copies against writes: what this run measured, and what chance predicts, on the same axes."""

from __future__ import annotations

from bisect import bisect_right
from typing import ClassVar

from rich.cells import cell_len

from app.exhibit import Exhibit
from app.lines import Line, Span, fold, grouped, line
from app.said import said
from scenes.view import ABSENT, View

_LEAST = (24, 4)
"""Columns and rows below which there is no room for a curve."""
MEASURED, MODELLED = "#", "."


class CurvePanel(Exhibit):
    """Draws the curve of `View.lesson`."""

    TITLE: ClassVar[tuple[str, ...]] = ("curve.title", "curve.short")
    EMPTY_WORDS: ClassVar[str] = "curve.empty"

    def picture(self, view: View, cells: int, rows: int) -> list[Line]:
        """Both curves and what they are."""
        held = len(view.child_pages) - view.child_pages.count(ABSENT)
        return curve_lines(view.lesson.curve, held, cells, rows)

    def source(self, view: View) -> str:
        """Two kinds of figures in one picture."""
        return f"{MEASURED} {said('source.measured')}  {MODELLED} {said('source.modelled')}"


def predicted(pages: int, writes: int) -> float:
    """Of so many pages those that are hit by random writes: N(1 - (1 - 1/N)^n)."""
    return pages * (1 - (1 - 1 / pages) ** writes)


def curve_lines(
    samples: tuple[tuple[int, int], ...], pages: int, cells: int, rows: int
) -> list[Line]:
    """`samples` are (writes, copied); `pages` had data at the fork."""
    if not samples or not pages or cells < _LEAST[0] or rows < _LEAST[1]:
        return []
    most = max(samples[-1][0], 20)
    ceiling = max(predicted(pages, most), max(copied for _, copied in samples), 1.0)
    margin = len(grouped(round(ceiling))) + 1
    now, copied = samples[-1]
    guess = round(predicted(pages, now))
    words = line(
        (said("curve.copied", copied=copied), "copied text"),
        f" {said('curve.by', writes=now)}",
        (said("curve.chance", guess=guess, pages=pages), "dim"),
    )
    told = fold(words, cells)
    width, height = cells - margin, max(rows - 1 - len(told), 2)
    grid = [[" "] * width for _ in range(height)]
    writes = [count for count, _ in samples]
    for column in range(width):
        count = most * column // max(1, width - 1)
        _dot(grid, column, predicted(pages, count) / ceiling, MODELLED)
        if count <= samples[-1][0]:
            copied = samples[bisect_right(writes, count) - 1][1]
            _dot(grid, column, copied / ceiling, MEASURED)
    lines = []
    for number, cells_of_row in enumerate(grid):
        label = grouped(round(ceiling)) if number == 0 else "0" if number == height - 1 else ""
        lines.append(line((f"{label:>{margin - 1}} ", "dim"), *_spans(cells_of_row)))
    return [*lines, _axis(most, margin, width), *told]


def _dot(grid: list[list[str]], column: int, share: float, sign: str) -> None:
    row = len(grid) - 1 - round(min(1.0, max(0.0, share)) * (len(grid) - 1))
    grid[row][column] = sign


def _spans(cells: list[str]) -> list[Span]:
    spans: list[Span] = []
    for sign in cells:
        role = "copied text" if sign == MEASURED else "dim"
        if spans and spans[-1][1] == role:
            spans[-1] = (spans[-1][0] + sign, role)
        else:
            spans.append((sign, role))
    return spans


def _axis(most: int, margin: int, width: int) -> Line:
    words = said("curve.writes", writes=most)
    return line((f"{' ' * margin}0{'-' * max(0, width - cell_len(words) - 3)}> {words}", "faint"))
