"""How long clients wait: the longest wait of each interval, on a scale of powers of ten."""

from __future__ import annotations

import math
from typing import ClassVar

from rich.cells import cell_len

from app.exhibit import Exhibit
from app.lines import Line, Span, duration, line, roomiest
from app.said import said
from scenes.view import View, Wait

SECONDS = 40.0
"""What the strip shows of the past."""
_LEAST, _MOST = 100, 10_000_000
"""Microseconds at the bottom and at the top."""
SLOW = 100_000
"""A wait from here on, in microseconds, is one that a person notices."""
BAR = "#"


class LatencyPanel(Exhibit):
    """Draws the waits of `View.lesson`."""

    TITLE: ClassVar[tuple[str, ...]] = (
        "latency.title",
        "latency.short",
    )
    EMPTY_WORDS: ClassVar[str] = "latency.empty"

    def picture(self, view: View, cells: int, rows: int) -> list[Line]:
        """Bars over time, and what happened when."""
        lesson = view.lesson
        return latency_lines(lesson.waits, lesson.marks, view.at, cells, rows)

    def source(self, view: View) -> str:
        """By those who wait."""
        return said("latency.source")


def latency_lines(
    waits: tuple[Wait, ...], marks: tuple[tuple[float, str], ...], now: float, cells: int, rows: int
) -> list[Line]:
    """A column a slice of time, `now` (CLOCK_MONOTONIC seconds) at the right."""
    if not waits or rows < 3 or cells < 30:
        return []
    margin, height = 9, rows - 2
    width = cells - margin
    columns = [0] * width
    for wait in waits:
        place = _column(wait.at, now, width)
        if 0 <= place < width:
            columns[place] = max(columns[place], wait.usec)
    lines = [_row(columns, level, height, margin) for level in range(height, 0, -1)]
    lines.append(line((f"{'':>{margin}}{_marks(marks, now, width)}", "child")))
    seen = [wait.usec for wait in waits if _column(wait.at, now, width) >= 0] or [waits[-1].usec]
    last = waits[-1]
    lines.append(_told(last, max(seen), cells))
    return lines


def _told(last: Wait, longest: int, cells: int) -> Line:
    """The last wait and the longest one; words give way, so that neither figure is cut off."""
    role = "lost" if longest >= SLOW else "bold"
    ends = f"{said('latency.last', wait=duration(last.usec), client=last.client)} "
    short = f"{said('latency.last_short', wait=duration(last.usec))} "
    most: Span = (said("latency.longest", wait=duration(longest)), role)
    least: Span = (said("latency.longest_short", wait=duration(longest)), role)
    seconds: Span = (said("latency.seconds", seconds=f"{SECONDS:.0f}"), "dim")
    return roomiest(
        [
            line(ends, most, seconds),
            line(ends, most),
            line(short, most),
            line(short, least),
            line(least),
        ],
        cells,
    )


def _column(at: float, now: float, width: int) -> int:
    return width - 1 - int((now - at) / SECONDS * width)


def _height(usec: int, height: int) -> int:
    """Rows of a bar: a logarithm."""
    if usec <= 0:
        return 0
    share = math.log(max(usec, _LEAST) / _LEAST) / math.log(_MOST / _LEAST)
    return max(1, min(height, round(share * height)))


def _row(columns: list[int], level: int, height: int, margin: int) -> Line:
    at = _LEAST * (_MOST / _LEAST) ** (level / height)
    spans: list[Span] = [(f"{duration(round(at)):>{margin - 1}} ", "faint")]
    for usec in columns:
        sign = BAR if _height(usec, height) >= level else " "
        role = "lost" if usec >= SLOW else "text"
        if spans[-1][1] == role and len(spans) > 1:
            spans[-1] = (spans[-1][0] + sign, role)
        else:
            spans.append((sign, role))
    return tuple(spans)


def _marks(marks: tuple[tuple[float, str], ...], now: float, width: int) -> str:
    row, free = "", 0
    for at, mark in marks:
        word = said(f"latency.{mark}")
        column = _column(at, now, width)
        place = min(column, width - cell_len(word))
        if free <= place and 0 <= column < width:
            row += " " * (place - cell_len(row)) + word
            free = cell_len(row) + 1
    return row
