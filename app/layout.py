"""Where the panels lie: a pure function of the terminal's size, so that it can be tested.

At 150x44 and more everything is on the screen. From 100x32 on the code goes behind a key. Below
that the panels become tabs and the words stay on top.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, TypeAlias

from textual.geometry import Region

Mode: TypeAlias = Literal["large", "middle", "small"]

EXHIBITS = ("sliders", "processes", "frames", "curve", "latency", "files")
"""What single lessons show: those that a scene has stand beside each other."""
PANELS = ("engines", "grid", "child", "gauge", *EXHIBITS, "tail", "code", "words")
TABS = ("engines", "grid", "child", "gauge", *EXHIBITS, "tail", "code")
LEFT = frozenset({"engines", "grid", "child", "gauge", "tail", *EXHIBITS})
"""The panels of the left column."""
_EXHIBIT = "exhibit"
HEADER_ROWS = 2
FOOTER_ROWS = 3
WORDS_ROWS_SMALL = 9
WORDS_ROWS_ASKING = 12
"""A question, its choices and its answer stand below each other without scrolling."""


def mode_of(columns: int, rows: int) -> Mode:
    """The arrangement for a terminal of this size."""
    if columns >= 150 and rows >= 44:
        return "large"
    return "middle" if columns >= 100 and rows >= 32 else "small"


def arranged(
    columns: int,
    rows: int,
    *,
    code: bool,
    tab: str,
    asking: bool = False,
    ever: frozenset[str] = frozenset(TABS) - {"engines", "sliders"},
) -> dict[str, Region]:
    """The regions of the panels that are on the screen, below the header and above the footer.

    `asking`: the words hold a question, all of whose choices must be seen. `ever`: the panels that
    the scene has at some time; what it never has leaves its room to the others.
    """
    height = rows - HEADER_ROWS - FOOTER_ROWS
    mode = mode_of(columns, rows)
    if mode == "small" and not ever & set(TABS):
        return {"words": Region(0, 0, columns, height)}
    if mode == "small":
        top = WORDS_ROWS_ASKING if asking else WORDS_ROWS_SMALL
        below = Region(0, top + 1, columns, height - top - 1)
        return {
            "words": Region(0, 0, columns, top),
            "tabs": Region(0, top, columns, 1),
            tab: below,
        }
    right = columns * 27 // 80 if mode == "large" else max(columns * 5 // 16, 38)
    left = (columns - right) // 2 * 2
    right = columns - left
    gauge, exhibit, tail = (5, 10, 8) if mode == "large" else (5, 9, 7)
    if "files" in ever:
        exhibit += 4  # all stages of a rewrite, at 160x48
    if not ever & LEFT:  # words and code have the screen
        if "code" not in ever or (mode == "middle" and not code):
            return {"words": Region(0, 0, columns, height)}
        half = columns // 2
        return {
            "words": Region(0, 0, half, height),
            "code": Region(half, 0, columns - half, height),
        }
    regions = _left(left, height, gauge, exhibit, tail, ever)
    if "code" not in ever or (mode == "middle" and not code):
        return regions | {"words": Region(left, 0, right, height)}
    split = height * 9 // 20 if mode == "large" else height // 2
    return regions | {
        "words": Region(left, 0, right, split),
        "code": Region(left, split, right, height - split),
    }


def _left(
    columns: int, height: int, gauge: int, exhibit: int, tail: int, ever: frozenset[str]
) -> dict[str, Region]:
    """The left column: the grids beside each other, below them gauge, exhibits and tail.

    The last of them that there is takes the rows that nobody else wants.
    """
    grids = [name for name in ("engines", "grid", "child") if name in ever]
    exhibits = [name for name in EXHIBITS if name in ever]
    heights = {"gauge": gauge, _EXHIBIT: exhibit if exhibits else 0, "tail": tail}
    below = {name: rows for name, rows in heights.items() if rows and name in {*ever, _EXHIBIT}}
    regions: dict[str, Region] = {}
    top = height - sum(below.values()) if grids else 0
    for name, (start, end) in zip(grids, _parts(columns, max(len(grids), 1)), strict=False):
        regions[name] = Region(start, 0, end - start, top)
    if not grids and below:
        # files and stages are long lists; else the last one gets what is left
        tallest = _EXHIBIT if "files" in exhibits else list(below)[-1]
        below[tallest] += height - sum(below.values())
    for panel, rows in below.items():
        names = exhibits if panel == _EXHIBIT else [panel]
        for part, (start, end) in zip(names, _parts(columns, len(names)), strict=True):
            regions[part] = Region(start, top, end - start, rows)
        top += rows
    return regions


def _parts(columns: int, count: int) -> list[tuple[int, int]]:
    """So many columns in parts beside each other, as (start, end)."""
    borders = [columns * place // count for place in range(count + 1)]
    return list(pairwise(borders))
