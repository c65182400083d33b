"""The gauge: the extra memory of one snapshot, as figure, bar and curve, beside a full copy."""

from __future__ import annotations

from app.glyphs import Glyphs
from app.lines import Line, Span, duration, grouped, line, spread, width
from app.lines_panel import LinesPanel
from scenes.view import COPIED, CowSample, View

NO_SNAPSHOT = (
    "No snapshot yet. After a BGSAVE (b) its extra memory appears here: 4 KiB a copied page."
)


class Gauge(LinesPanel, can_focus=False):
    """Draws `View.gauge`."""

    def show(self, view: View) -> None:
        """Draw `view`."""
        self.title(gauge_title(view))
        self.put(gauge_lines(view, self.glyphs, self.size.width, self.size.height))


def gauge_title(view: View) -> str:
    """What is measured, by what."""
    over = "" if view.child is None or view.child.alive else " (over)"
    return f"Extra memory of this snapshot{over} · measured: smaps, pagemap"


def gauge_lines(view: View, glyphs: Glyphs, cells: int, rows: int) -> list[Line]:
    """The gauge's lines, at most `rows`."""
    if view.child is None:
        return [line((NO_SNAPSHOT, "dim"))]
    lines = _rising(view, glyphs, cells) if view.child.alive else _over(view, glyphs, cells)
    if rows >= 3:
        lines += curve_lines(view, glyphs, cells, rows - 2)
    return lines[:rows]


def _rising(view: View, glyphs: Glyphs, cells: int) -> list[Line]:
    """While the child lives: the two witnesses, each as of its own last reading."""
    assert view.child is not None
    gauge = view.gauge
    size = len(grouped(gauge.full_copy_kb or view.engine.arena_pages * 4))
    age = f"smaps {max(view.at - gauge.smaps_at, 0):.1f} s ago " if gauge.smaps_at else "smaps "
    figure = line(
        (f"{grouped(gauge.extra_kb, size)} KiB ", "copied text" if gauge.extra_kb else "bold"),
        (f"{age:<15}", "dim"),
    )
    copied = view.counts[COPIED]
    second = line(
        (f"{grouped(gauge.copied_kb, size)} KiB ", "copied text" if copied else "bold"),
        ("pagemap        ", "dim"),
        f"= {grouped(copied)} copied pages of {_page(view)}",
    )
    took = line("fork took ", (duration(view.child.fork_usec), "bold"), (" · i: more", "dim"))
    return [_bar_line(figure, gauge.extra_kb, view, glyphs, cells), spread(second, took, cells)]


def _over(view: View, glyphs: Glyphs, cells: int) -> list[Line]:
    """With no child there is nothing to copy for: 0, and what it was at the end."""
    gauge = view.gauge
    size = len(grouped(gauge.full_copy_kb or view.engine.arena_pages * 4))
    figure = line((f"{grouped(0, size)} KiB ", "bold"), (f"{'no child':<15}", "dim"))
    pages = gauge.copied_kb * 1024 // max(view.engine.page_size, 1)
    last = line(
        ("the last reading while it lived: ", "dim"),
        (f"{grouped(gauge.extra_kb)} KiB", "copied text"),
        (" smaps, ", "dim"),
        (f"{grouped(gauge.copied_kb)} KiB", "copied text"),
        (f" pagemap ({grouped(pages)} pages)", "dim"),
    )
    return [_bar_line(figure, 0, view, glyphs, cells), last]


def _bar_line(figure: Line, value: int, view: View, glyphs: Glyphs, cells: int) -> Line:
    full = view.gauge.full_copy_kb
    beside = line((f" a full copy: {grouped(full)} KiB", "dim"))
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
    head = "KiB over time "
    if not samples:
        return [line((head, "dim"), ("the first reading follows", "faint"))]
    end = view.child.ended_at or view.at
    span = max(end - view.child.forked_at, 0.1)
    peak = max(sample.extra_kb for sample in samples)
    tail = f" {span:.1f} s, peak {grouped(peak)} KiB"
    room = max(cells - len(head) - len(tail) - 1, 8)
    heights = curve(samples, view.child.forked_at, span, room, rows * len(glyphs.curve))
    lines: list[Line] = []
    for row in range(rows):
        floor = (rows - 1 - row) * len(glyphs.curve)
        drawn = "".join(_eighth(height - floor, glyphs) for height in heights)
        last = row == rows - 1
        left: Span = (head if last else " " * len(head), "dim")
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
