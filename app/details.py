"""Details of a snapshot: both witnesses of the copies, the interpreter, page tables."""

from __future__ import annotations

from app.lines import EMPTY, Line, Span, cut, duration, grouped, line, paragraph, visible
from scenes.view import COPIED, NEW, View

COLUMN = 36
"""Cells of a name."""
FIGURE = 14
"""Cells of a figure; both and the source fit into the narrowest page."""


def details_lines(view: View, cells: int) -> list[Line]:
    """Every figure with its unit and where it comes from."""
    gauge, child, engine = view.gauge, view.child, view.engine
    lines: list[Line] = [line(("Extra memory: two witnesses of the same copies", "bold"))]
    lines += paragraph(
        "A copied page is private to the parent and, the old frame, to the child. The two figures"
        " count the same copies from both sides: do not add them.",
        cells,
        "dim",
    )
    if child is None:
        lines.append(line(("No snapshot has been taken yet.", "dim")))
    else:
        kib = engine.page_size // 1024

        def smaps(figure: int) -> str:
            return _kb(figure) if gauge.smaps_at else "not read yet"

        lines += [
            _row("parent, arena, private", smaps(gauge.private_dirty_kb), "smaps"),
            _row("  of it new pages, nothing copied", smaps(gauge.new_kb), "pagemap"),
            _row("  of it copies", smaps(gauge.extra_kb), "smaps less new", "copied text"),
            _row(f"copied pages x {kib} KiB", _kb(gauge.copied_kb), "pagemap", "copied text"),
            _row("child, arena, private", smaps(gauge.child_private_dirty_kb), "smaps", "child"),
            *_huge_rows(view),
            _row("pages copied / new now", f"{view.counts[COPIED]:,} / {view.counts[NEW]:,}",
                 "pagemap"),
            _row("what a full copy would cost", _kb(gauge.full_copy_kb), "modelled"),
            EMPTY,
            line(("The fork", "bold")),
            _row("fork(2) took", duration(child.fork_usec), "parent's clock"),
            _row("page tables to copy", _kb(gauge.page_table_kb or child.page_table_kb), "VmPTE"),
            _row("child's own count at its end", _kb(child.cow_kb) if child.ended_at else "to come",
                 "sent up a pipe"),
            EMPTY,
            line(("The interpreter's own pages (outside of the arena)", "bold")),
            _row("parent, private", smaps(gauge.interpreter_kb), "smaps"),
            _row("child, private", smaps(gauge.child_interpreter_kb), "smaps", "child"),
        ]  # fmt: skip
        lines += paragraph(
            "CPython writes reference counts into the objects it reads, so its own heap is copied"
            " too. Redis, written in C, has no such cost; the gauge keeps it apart.",
            cells,
            "dim",
        )
    lines += [EMPTY, line(("The engine", "bold"))]
    lines += [
        _row("process, port", f"{engine.pid}, {engine.port}", ""),
        _row("kernel", engine.kernel or "?", "uname"),
        _row("arena", f"{engine.arena_pages:,} pages", f"{engine.page_size // 1024} KiB each"),
        _row("transparent huge pages asked for", "yes" if engine.thp else "no", "madvise"),
        _row("  of the arena in such pages now", _kb(gauge.huge_kb), "AnonHugePages"),
        _row("keys, changes since the last save", f"{view.keys:,}, {view.dirty:,}", "INFO"),
    ]
    if view.latency_p99_usec:
        lines.append(_row("writers' p99 latency", duration(view.latency_p99_usec), "their clock"))
    for process in view.processes.values():
        name = cut(f"process {process.pid} {visible(process.name)}", COLUMN - len(": rss"))
        lines += [
            _row(f"{name}: rss", _kb(process.rss_kb), "psutil"),
            _row("  of it its own (uss)", _kb(process.uss_kb), "psutil"),
        ]
    return lines


def _huge_rows(view: View) -> list[Line]:
    """What the kernel has filled by 2 MiB, where it has."""
    gauge = view.gauge
    rows = (
        ("parent, arena, in huge pages", gauge.huge_kb, "bold"),
        ("child, arena, in huge pages", gauge.child_huge_kb, "child"),
    )
    return [_row(name, _kb(kib), "AnonHugePages", role) for name, kib, role in rows if kib]


def _kb(kib: int) -> str:
    return f"{grouped(kib)} KiB"


def _row(name: str, value: str, source: str, role: str = "bold") -> Line:
    spans: list[Span] = [(f"{name:<{COLUMN}}", "text"), (f"{value:>{FIGURE}}", role)]
    if source:
        spans.append((f"  {source}", "faint"))
    return line(*spans)
