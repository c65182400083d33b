"""The processes: engine and child as the system sees them, and why RSS may not be added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len

from app.covered import SIGN, covered_words
from app.exhibit import Exhibit
from app.lines import Line, grouped, led, line, padded
from app.said import said
from scenes.view import ProcessView, View

_NAME = 15
_FIGURE = 9


class ProcessesPanel(Exhibit):
    """Draws `View.processes` as a tree."""

    TITLE: ClassVar[tuple[str, ...]] = ("processes.title", "processes.short")
    EMPTY_WORDS: ClassVar[str] = "processes.empty"

    def picture(self, view: View, cells: int, rows: int) -> list[Line]:
        """A line a process, and what both are together."""
        return processes_lines(view, cells, self.covered.get("shares"))

    def source(self, view: View) -> str:
        """psutil reads /proc."""
        lives = view.child is not None and view.child.alive
        return said("processes.source" if lives else "processes.source_one")


def processes_lines(view: View, cells: int, asked_in: int | None = None) -> list[Line]:
    """The tree of the processes that live, and their sums.

    `asked_in`: a beat asks how they share; until its answer there is no word of it.
    """
    child = view.child
    engine = view.processes.get(view.engine.pid)
    if engine is None:
        return []
    shown = [engine]
    if child is not None and child.alive and child.pid in view.processes:
        shown.append(view.processes[child.pid])
    wide = cells >= 64
    head = f"{'pid':<12}"
    if wide:
        head += f"{led(said('processes.parent'), 9)}  {padded(said('processes.name'), _NAME)}"
    lines = [line((head + _figures("RSS", "PSS", "USS"), "dim"))]
    for depth, one in enumerate(shown):
        lines.append(_process(one, depth, wide, asked_in is None))
    if len(shown) > 1:
        lines.append(_sums(shown, cell_len(head), asked_in is None))
        told = said("processes.counts") if asked_in is None else covered_words(asked_in)
        lines.append(line((told, "dim")))
    elif child is not None and child.ended_at > engine.at:
        lines.append(line((said("processes.before"), "dim")))
    return lines


def _process(one: ProcessView, depth: int, wide: bool, shares: bool) -> Line:
    pid = f"{'+- ' * depth}{one.pid}"
    start = f"{pid:<12}"
    if wide:
        start += f"{one.ppid:>9}  {one.name[:_NAME]:<{_NAME}}"
    rss, pss, uss = map(grouped, (one.rss_kb, one.pss_kb, one.uss_kb))
    figures = _figures(rss, pss, uss) if shares else _figures(rss, SIGN, SIGN)
    return line((start, "child" if depth else "bold"), figures)


def _sums(shown: Sequence[ProcessView], width: int, shares: bool) -> Line:
    rss, pss = (sum(getattr(one, name) for one in shown) for name in ("rss_kb", "pss_kb"))
    uss = sum(one.uss_kb for one in shown)
    return line(
        (padded(said("processes.both"), width), "dim"),
        (f"{grouped(rss):>{_FIGURE}}", "faint"),
        (f"{grouped(pss) if shares else SIGN:>{_FIGURE}}", "bold"),
        (f"{grouped(uss) if shares else SIGN:>{_FIGURE}}", "dim"),
    )


def _figures(*words: str) -> str:
    return "".join(f"{word:>{_FIGURE}}" for word in words)
