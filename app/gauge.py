"""The gauge: the extra memory of one snapshot, as figure, bar and curve, beside a full copy."""

from __future__ import annotations

from rich.cells import cell_len

from app.glyphs import Glyphs
from app.lines import (
    EMPTY,
    Line,
    Span,
    duration,
    grouped,
    line,
    padded,
    paragraph,
    roomiest,
    spread,
    width,
)
from app.lines_panel import LinesPanel
from app.said import said
from scenes.view import COPIED, CowSample, View

FRESH = 1.5
"""Seconds up to which a reading of smaps (one a second at least) need not say its age."""
SOURCE = 16
"""Cells of a witness' name."""


class Gauge(LinesPanel, can_focus=False):
    """Draws `View.gauge`."""

    acting: frozenset[str] = frozenset()
    """The sandbox keys that act now: others are not named."""
    lesson = False
    """The scene's steps fork its children: no BGSAVE does."""

    def show(self, view: View, now: float | None = None) -> None:
        """Draw `view`; `now` in CLOCK_MONOTONIC seconds, None where time stands still."""
        self.title(gauge_title(view), gauge_title(view).partition(" · ")[0])
        if view.child is None:
            key = " (b)" if "b" in self.acting else ""
            none = said("gauge.none_lesson") if self.lesson else said("gauge.none", key=key)
            self.put(paragraph(none, self.size.width, "dim"))
        else:
            self.put(gauge_lines(view, self.glyphs, self.size.width, self.size.height, now))


def gauge_title(view: View) -> str:
    """What is measured, by what."""
    rises = view.child is None or (view.child.alive and view.engine.alive)
    title = said("gauge.title" if rises else "gauge.title_over")
    whose = f"{view.name}: " if view.others else ""
    return f"{whose}{title} · {said('gauge.source')}"


def gauge_lines(
    view: View, glyphs: Glyphs, cells: int, rows: int, now: float | None = None
) -> list[Line]:
    """The gauge's lines, at most `rows`; of a view with a child."""
    assert view.child is not None
    rising = view.child.alive and view.engine.alive
    at = view.at if now is None else now
    lines = _rising(view, glyphs, cells, at) if rising else _over(view, glyphs, cells)
    if view.gauge.huge_kb and rising:
        lines.append(_huge(view))
    if rows > len(lines):
        lines += curve_lines(view, glyphs, cells, rows - len(lines))
    return lines[:rows]


def _rising(view: View, glyphs: Glyphs, cells: int, now: float) -> list[Line]:
    """While the child lives: the two witnesses, each as of its own last reading."""
    assert view.child is not None
    gauge = view.gauge
    size = len(grouped(gauge.full_copy_kb or view.engine.arena_pages * 4))
    read = grouped(gauge.extra_kb, size) if gauge.smaps_at else f"{'-':>{size}}"
    figure = line(
        (f"{read} KiB ", "copied text" if gauge.extra_kb else "bold"),
        (padded(_smaps(view, now), SOURCE), "dim"),
    )
    copied = view.counts[COPIED]
    second = line(
        (f"{grouped(gauge.copied_kb, size)} KiB ", "copied text" if copied else "bold"),
        (f"{'pagemap':<{SOURCE}}", "dim"),
        said("gauge.copied_one" if copied == 1 else "gauge.copied", copied=copied, kib=_page(view)),
    )
    took = line(f"{said('gauge.fork_took')} ", (duration(view.child.fork_usec), "bold"))
    more: Line = (*took, (f" · {said('gauge.more')}", "dim"))
    right = more if width(second) + width(more) + 2 < cells else took
    if width(second) + width(right) >= cells:  # the copies' figures come before the fork's
        right = EMPTY
    below = spread(second, right, cells) if right else second
    return [_bar_line(figure, gauge.extra_kb, view, glyphs, cells), below]


def _huge(view: View) -> Line:
    """Why there may be copied and new pages that no command has written."""
    size = len(grouped(view.gauge.full_copy_kb or view.engine.arena_pages * 4))
    return line(
        (f"{grouped(view.gauge.huge_kb, size)} KiB ", "bold"),
        (f"{'AnonHugePages':<{SOURCE}}", "dim"),
        said("gauge.huge"),
    )


def _smaps(view: View, now: float) -> str:
    """The slower witness, with its age where it is old or not of one moment with the other."""
    gauge = view.gauge
    if not gauge.smaps_at:
        return said("gauge.to_come")
    age = max(now - gauge.smaps_at, 0.0)
    if age <= FRESH and gauge.extra_kb == gauge.copied_kb:
        return "smaps"
    return said("gauge.ago", age=f"{age:.1f}" if age < 100 else f"{age:,.0f}")


def _over(view: View, glyphs: Glyphs, cells: int) -> list[Line]:
    """With no child there is nothing to copy for: 0, and what it was at the end."""
    gauge = view.gauge
    size = len(grouped(gauge.full_copy_kb or view.engine.arena_pages * 4))
    why = said("gauge.no_child" if view.engine.alive else "gauge.no_engine")
    figure = line((f"{grouped(0, size)} KiB ", "bold"), (padded(why, SOURCE), "dim"))
    pages = gauge.copied_kb * 1024 // max(view.engine.page_size, 1)
    figures = line(
        (f"{grouped(gauge.extra_kb)} KiB", "copied text"),
        (" smaps, ", "dim"),
        (f"{grouped(gauge.copied_kb)} KiB", "copied text"),
    )
    head: Span = (f"{said('gauge.last')} ", "dim")
    witness: Span = (f" pagemap {said('gauge.pages', pages=pages)}", "dim")
    wordings = [(head, *figures, witness), (*figures, witness), (*figures, (" pagemap", "dim"))]
    last = roomiest(wordings, cells)
    return [_bar_line(figure, 0, view, glyphs, cells), last]


def _bar_line(figure: Line, value: int, view: View, glyphs: Glyphs, cells: int) -> Line:
    full = view.gauge.full_copy_kb
    beside = line((f" {said('gauge.full', kib=full)}", "dim"))
    room = max(cells - width(figure) - width(beside), 8)
    return (*figure, *bar(value, full, room, glyphs, "copied text"), *beside)


def _page(view: View) -> str:
    return f"{view.engine.page_size // 1024} KiB"


def bar(value: int, full: int, cells: int, glyphs: Glyphs, role: str) -> Line:
    """A bar of `cells` cells between brackets; any value above 0 shows."""
    inner = max(cells - 2, 1)
    filled = 0 if not value or not full else max(1, min(inner, round(inner * value / full)))
    return line(
        ("[", "dim"),
        (glyphs.bar * filled, role),
        (glyphs.bar_rest * (inner - filled), "rule"),
        ("]", "dim"),
    )


def curve_lines(view: View, glyphs: Glyphs, cells: int, rows: int) -> list[Line]:
    """The parent's witness over time, `rows` rows high, from the fork to the last reading."""
    assert view.child is not None
    samples = view.gauge.samples
    head = f"{said('gauge.over_time')} "
    if not samples:
        return [line((head, "dim"), (said("gauge.first"), "faint"))]
    end = view.child.ended_at or view.at
    span = max(end - view.child.forked_at, 0.1)
    peak = max(sample.extra_kb for sample in samples)
    tail = f" {said('gauge.peak', seconds=f'{span:.1f}', kib=peak)}"
    room = max(cells - cell_len(head) - cell_len(tail) - 1, 8)
    heights = curve(samples, view.child.forked_at, span, room, rows * len(glyphs.curve))
    lines: list[Line] = []
    for row in range(rows):
        floor = (rows - 1 - row) * len(glyphs.curve)
        drawn = "".join(_eighth(height - floor, glyphs) for height in heights)
        last = row == rows - 1
        left: Span = (head if last else " " * cell_len(head), "dim")
        lines.append(line(left, (drawn, "copied text"), (tail if last else "", "dim")))
    return lines


def _eighth(height: int, glyphs: Glyphs) -> str:
    if height <= 0:
        return " "
    return glyphs.curve[min(height, len(glyphs.curve)) - 1]


def curve(
    samples: tuple[CowSample, ...], start: float, span: float, cells: int, top: int
) -> list[int]:
    """Heights from 0 to `top` for `cells` columns of time; a column keeps the last value known."""
    peak = max(sample.extra_kb for sample in samples)
    heights, value, place = [], 0, 0
    for column in range(cells):
        until = start + span * (column + 1) / cells
        while place < len(samples) and samples[place].at <= until:
            value = samples[place].extra_kb
            place += 1
        heights.append(0 if not value else max(1, -(-top * value // peak)))
    return heights
