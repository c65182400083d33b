"""Details of a snapshot: both witnesses of the copies, the interpreter, page tables."""

from __future__ import annotations

from app.lines import (
    EMPTY,
    Line,
    Span,
    cut,
    duration,
    grouped,
    led,
    line,
    padded,
    paragraph,
    visible,
)
from app.said import said
from scenes.view import COPIED, NEW, View

COLUMN = 36
"""Cells of a name."""
FIGURE = 14
"""Cells of a figure; both and the source fit into the narrowest page."""


def details_lines(view: View, cells: int) -> list[Line]:
    """Every figure with its unit and where it comes from."""
    gauge, child, engine = view.gauge, view.child, view.engine
    lines: list[Line] = [line((said("details.title"), "bold"))]
    lines += paragraph(
        said("details.witnesses"),
        cells,
        "dim",
    )
    if child is None:
        lines.append(line((said("details.none"), "dim")))
    else:
        kib = engine.page_size // 1024

        def smaps(figure: int) -> str:
            return _kb(figure) if gauge.smaps_at else said("details.unread")

        lines += [
            _row(said("details.parent_private"), smaps(gauge.private_dirty_kb), "smaps"),
            _row(f"  {said('details.of_new')}", smaps(gauge.new_kb), "pagemap"),
            _row(
                f"  {said('details.of_copies')}",
                smaps(gauge.extra_kb),
                said("details.less_new"),
                "copied text",
            ),
            _row(said("details.copied", kib=kib), _kb(gauge.copied_kb), "pagemap", "copied text"),
            _row(
                said("details.child_private"), smaps(gauge.child_private_dirty_kb), "smaps", "child"
            ),
            *_huge_rows(view),
            _row(said("details.now"), f"{view.counts[COPIED]:,} / {view.counts[NEW]:,}", "pagemap"),
            _row(said("details.full"), _kb(gauge.full_copy_kb), said("source.modelled")),
            EMPTY,
            line((said("details.fork"), "bold")),
            _row(said("details.took"), duration(child.fork_usec), said("details.parents_clock")),
            _row(said("details.tables"), _kb(gauge.page_table_kb or child.page_table_kb), "VmPTE"),
            _row(
                said("details.own_count"),
                _kb(child.cow_kb) if child.ended_at else said("details.to_come"),
                said("details.by_pipe"),
            ),
            EMPTY,
            line((said("details.interpreter"), "bold")),
            _row(said("details.parent"), smaps(gauge.interpreter_kb), "smaps"),
            _row(said("details.child"), smaps(gauge.child_interpreter_kb), "smaps", "child"),
        ]
        lines += paragraph(
            said("details.counts"),
            cells,
            "dim",
        )
    lines += [EMPTY, line((said("details.engine"), "bold"))]
    lines += [
        _row(said("details.process"), f"{engine.pid}, {engine.port}", ""),
        _row(said("details.kernel"), engine.kernel or "?", "uname"),
        _row(
            "arena",
            said("grid.pages", pages=engine.arena_pages),
            said("details.each", kib=engine.page_size // 1024),
        ),
        _row(said("details.thp"), said("details.yes" if engine.thp else "details.no"), "madvise"),
        _row(f"  {said('details.in_huge')}", _kb(gauge.huge_kb), "AnonHugePages"),
        _row(said("details.keys"), f"{view.keys:,}, {view.dirty:,}", "INFO"),
    ]
    if view.latency_p99_usec:
        lines.append(
            _row(said("details.p99"), duration(view.latency_p99_usec), said("details.their_clock"))
        )
    for process in view.processes.values():
        name = cut(
            f"{said('details.one')} {process.pid} {visible(process.name)}", COLUMN - len(": rss")
        )
        lines += [
            _row(f"{name}: rss", _kb(process.rss_kb), "psutil"),
            _row(f"  {said('details.own')}", _kb(process.uss_kb), "psutil"),
        ]
    return lines


def _huge_rows(view: View) -> list[Line]:
    """What the kernel has filled by 2 MiB, where it has."""
    gauge = view.gauge
    rows = (
        (said("details.parent_huge"), gauge.huge_kb, "bold"),
        (said("details.child_huge"), gauge.child_huge_kb, "child"),
    )
    return [_row(name, _kb(kib), "AnonHugePages", role) for name, kib, role in rows if kib]


def _kb(kib: int) -> str:
    return f"{grouped(kib)} KiB"


def _row(name: str, value: str, source: str, role: str = "bold") -> Line:
    spans: list[Span] = [(padded(name, COLUMN), "text"), (led(value, FIGURE), role)]
    if source:
        spans.append((f"  {source}", "faint"))
    return line(*spans)
