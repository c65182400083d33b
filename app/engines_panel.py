"""Several engines side by side: how fast, how safe, and after a crash what is left of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len, set_cell_size

from app.covered import SIGN, covered_words
from app.crash_words import kind_name
from app.exhibit import Exhibit
from app.figures import brief, counted_in, exact, rounded, rounded_count
from app.glyphs import RUNGS, Glyphs
from app.lines import (
    EMPTY,
    Line,
    Span,
    cut,
    duration,
    fitting,
    fold,
    grouped,
    line,
    padded,
    roomiest,
    shortened,
    visible,
    width,
)
from app.resp_text import last_command
from app.said import said
from scenes.event_words import fault_word
from scenes.fold_crash import rungs
from scenes.sources import named
from scenes.view import ClientView, CrashView, RungView, TailEntry, TailView, View

LEAST_CELLS = 24
"""Of a column; narrower ones become rows of a table."""
LEAST_ROWS = 11
GAP = 2
RUNG_NAMES = ("buffer", "cache", "disk")
_WIDTHS = (10, 8, 8, 8, 7, 7, 7, 7, 7)


class EnginesPanel(Exhibit):
    """Draws the engine on show and `View.others`, each from its own fold."""

    def titles(self) -> tuple[str, ...]:
        """In the language spoken."""
        return said("engines.title"), said("engines.title_short")

    def empty_words(self) -> str:
        """Before any engine has spoken."""
        return said("engines.empty")

    def picture(self, view: View, cells: int, rows: int) -> list[Line]:
        """Columns, or a table where there is no room for them."""
        engines = engines_of(view)
        if not engines:
            return []
        each = (cells - GAP * (len(engines) - 1)) // len(engines)
        asked_in = self.covered.get("answers")
        if rows < LEAST_ROWS or each < LEAST_CELLS:
            return table_lines(engines, self.glyphs, cells, asked_in)
        columns = [column_lines(one, self.glyphs, each, rows, asked_in) for one in engines]
        return beside(columns, each, self.glyphs)

    def source(self, view: View) -> str:
        """Where the figures come from."""
        if any(one.crash and one.crash.source == "modelled" for one in engines_of(view)):
            return said("engines.source_cut")
        return said("engines.source")


def engines_of(view: View) -> list[View]:
    """The folds of all engines that have been heard of, the first one first."""
    others = (view.others[name] for name in sorted(view.others, key=_order))
    return [one for one in (view, *others) if one.engine.pid]


def _order(name: str) -> tuple[int, str]:
    policies = ("always", "everysec", "no")
    return (policies.index(name) if name in policies else len(policies), name)


def beside(columns: Sequence[list[Line]], cells: int, glyphs: Glyphs) -> list[Line]:
    """Columns beside each other, a rule between them."""
    height = max(len(column) for column in columns)
    lines: list[Line] = []
    for row in range(height):
        spans: list[Span] = []
        for place, column in enumerate(columns):
            own = shortened(column[row], cells) if row < len(column) else EMPTY
            if place:
                spans.append((f"{'|' if glyphs.border == 'ascii' else '│':<{GAP}}", "rule"))
            spans += [*own, (" " * (cells - width(own)), "text")]
        lines.append(tuple(spans))
    return lines


# -- a column ------------------------------------------------------------------------------------


def column_lines(
    view: View, glyphs: Glyphs, cells: int, rows: int, asked_in: int | None = None
) -> list[Line]:
    """One engine: policy, speed, rungs, what is at risk, the last crash, the last commands.

    `asked_in`: a beat asks who answers fast; until its answer there is no word of it.
    """
    tail = view.tail
    lines = [
        _name(view, cells),
        _state(view, cells),
        _speed(view, cells),
        _answers(view, cells, asked_in),
        _fsync(tail, cells),
    ]
    if rows > LEAST_ROWS + 4:
        lines.append(EMPTY)
    lines += rung_rows(now_on(view), tail.enabled, cells)
    lines.append(_unsafe(view, cells))
    if view.crash is not None:
        lines += [EMPTY] if rows > LEAST_ROWS + 6 else []
        lines += crash_rows(view, view.crash, glyphs, cells)
    left = rows - len(lines) - 2
    if left >= 2 and tail.entries and tail.enabled:
        lines += [EMPTY, line((said("engines.last"), "dim"))]
        lines += [_entry(tail, entry, cells) for entry in reversed(tail.entries[-left:])]
    return lines


def _name(view: View, cells: int) -> Line:
    policy = view.tail.policy if view.tail.enabled else said("header.no_aof")
    name = view.name or said("engines.name")
    spans: list[Span] = [(name, "bold")]
    if policy != name:
        spans.append((f"  appendfsync {policy}" if cells > 30 else f"  {policy}", "text"))
    return tuple(spans)


def _state(view: View, cells: int) -> Line:
    if not view.engine.alive:
        return line((said("engines.gone"), "lost"))
    slow = view.faults.get("fsync-delay")
    if slow:
        time = duration(int(slow) * 1000)
        wordings = (said("engines.slow", time=time), said("engines.slow_short", time=time))
        return line((fitting(wordings, cells), "cache text"))
    if view.faults:
        faults = ", ".join(map(fault_word, sorted(view.faults)))
        wordings = (
            said("engines.trouble", faults=faults),
            said("engines.trouble_short", faults=faults),
        )
        return line((fitting(wordings, cells), "lost"))
    tried = (grouped(view.keys), rounded_count(view.keys))
    port = str(view.engine.port)
    return line(
        (fitting([said("engines.joins", port=port, keys=keys) for keys in tried], cells), "dim")
    )


def _speed(view: View, cells: int) -> Line:
    client = view.client
    if client is None:
        return line((said("engines.no_client"), "dim"))
    told = line((_per_second(client, grouped), "bold"), said("engines.a_second"))
    return roomiest([(*told, (f" ({visible(client.name)})", "dim")), told], cells)


def _per_second(client: ClientView, figure: Callable[[int], str]) -> str:
    """How many were answered; those of a client that waited for seconds were not none."""
    if client.per_second or not client.count:
        return figure(client.per_second)
    return "< 1" if client.usec else "?"


def _answers(view: View, cells: int, asked_in: int | None) -> Line:
    client = view.client
    if client is None:
        return EMPTY
    if asked_in is not None:
        wordings = [f"{said('engines.answers')} {covered_words(asked_in)}", covered_words(asked_in)]
        return line((fitting(wordings, cells), "dim"))
    p50, p99 = duration(client.p50_usec), duration(client.p99_usec)
    whole = line((f"{said('engines.answers')} ", "dim"), p50, ("  p99 ", "dim"), p99)
    short = line(("p50 ", "dim"), p50, ("  p99 ", "dim"), p99)
    p50, p99 = brief(client.p50_usec), brief(client.p99_usec)
    return roomiest([whole, short, line(("p50 ", "dim"), p50, (" p99 ", "dim"), p99)], cells)


def _unit(commands: int) -> str:
    """What so many are called, as wide for one as for several."""
    several = said("engines.commands")
    return padded(said("engines.command"), cell_len(several)) if commands == 1 else several


def _fsync(tail: TailView, cells: int) -> Line:
    if not tail.fsyncs:
        return line((said("engines.no_fsync"), "dim"))
    who = said("engines.main" if tail.last_fsync_thread == "main" else "engines.bio")
    count: Span = (grouped(tail.fsyncs), "text")
    took = duration(tail.last_fsync_usec)
    one = "_one" if tail.fsyncs == 1 else ""
    told = line(count, (f" {said(f'engines.fsyncs{one}')} ", "dim"), took)
    few = said(f"engines.fsyncs_short{one}")
    short = line(count, (f" {few} ", "dim"), took)
    least: Span = (rounded_count(tail.fsyncs), "text")
    shortest = line(least, (f" {few} ", "dim"), brief(tail.last_fsync_usec))
    return roomiest([(*told, (f" {who}", "dim")), told, short, shortest], cells)


def now_on(view: View) -> tuple[RungView, ...]:
    """What is on each rung now."""
    tail = view.tail
    return rungs(tail, tail.appended, tail.written, tail.fsynced)


def rung_rows(on_rungs: Sequence[RungView], has_log: bool, cells: int) -> list[Line]:
    """A row for each rung: commands and bytes."""
    if not has_log:
        return [line((said("engines.no_log"), "dim")), EMPTY, EMPTY]
    tried: list[list[Line]] = []
    if cells >= 34:
        tried.append(_rungs_as(on_rungs, None, grouped, exact))
    for between, count, size in (
        ("  ", grouped, exact),
        ("  ", grouped, rounded),
        ("  ", rounded_count, rounded),
        (" ", rounded_count, rounded),
    ):
        tried.append(_rungs_as(on_rungs, between, count, size))
    return next((rows for rows in tried if max(map(width, rows)) <= cells), tried[-1])


def _rungs_as(
    on_rungs: Sequence[RungView],
    between: str | None,
    count: Callable[[int], str],
    size: Callable[[int], str],
) -> list[Line]:
    """Commands and bytes with `between` between them; None: with all words, where there is room."""
    wide = between is None
    counts = [count(rung.commands) for rung in on_rungs]
    most = max(map(len, counts))
    lines: list[Line] = []
    for name, rung, commands in zip(RUNG_NAMES, on_rungs, counts, strict=True):
        lines.append(
            line(
                (RUNGS[name], name),
                (f" {set_cell_size(_label(name, wide), 11 if wide else 8)}", "text"),
                (commands.rjust(most), "bold" if rung.commands else "dim"),
                (f"{between or f' {_unit(rung.commands)} '}{size(rung.bytes)}", "dim"),
            )
        )
    return lines


def _label(name: str, wide: bool) -> str:
    if name == "buffer":
        return "aof_buf"
    if name == "disk":
        return said("engines.disk")
    return said("engines.cache" if wide else "engines.cache_short")


def _unsafe(view: View, cells: int) -> Line:
    unsafe = view.tail.unsafe
    if not view.tail.enabled:
        return line((said("engines.not_logged"), "lost"))
    role = "cache text" if unsafe else "disk text"
    return _counted(grouped(unsafe), rounded_count(unsafe), role, "unsafe", cells)


def _counted(whole: str, short: str, role: str, what: str, cells: int, dim: str = "text") -> Line:
    """A figure and what it counts: words give way before digits."""
    names = [f" {said(f'engines.{what}{end}')}" for end in ("", "_short")]
    tried = [(whole, names[0]), (whole, names[1]), (short, names[1])]
    return roomiest([line((figure, role), (name, dim)) for figure, name in tried], cells)


def crash_rows(view: View, crash: CrashView, glyphs: Glyphs, cells: int) -> list[Line]:
    """What the last crash took, by the census; first that it was."""
    lines = [line((kind_name(crash.kind), "lost"), (f" ({named(crash.source)})", "dim"))]
    if crash.recovered_keys < 0 or crash.census is None:
        return [*lines, line((said("engines.starts"), "dim"))]
    census = crash.census
    lines += [
        _counted(
            f"{glyph} {grouped(count)}", f"{glyph} {rounded_count(count)}", role, what, cells, dim
        )
        for glyph, count, role, what, dim in (
            (glyphs.survived, census.survived, "disk text", "kept", "text"),
            (
                *(glyphs.lost, census.lost, "lost" if census.lost else "dim", "lost"),
                "text" if census.lost else "dim",
            ),
        )
    ]
    keys = (grouped(crash.recovered_keys), rounded_count(crash.recovered_keys))
    return [*lines, line((fitting([said("engines.back", keys=one) for one in keys], cells), "dim"))]


def _entry(tail: TailView, entry: TailEntry, cells: int) -> Line:
    rung = tail.rung(entry)
    merged = f" x{entry.merged}" if entry.merged > 1 else ""
    text = cut(visible(last_command(entry.text)), max(cells - 2 - len(merged), 1))
    return line((RUNGS[rung], rung), f" {text}", (merged, "dim"))


# -- a table -------------------------------------------------------------------------------------


def table_lines(
    engines: Sequence[View], glyphs: Glyphs, cells: int, asked_in: int | None = None
) -> list[Line]:
    """A row for each engine, where columns have no room."""
    heads = (
        *(said("engines.head_speed"), "p50", "p99", "aof_buf"),
        *(_label("cache", False), _label("disk", False)),
        *(said("engines.head_unsafe"), said("engines.head_kept"), said("engines.head_lost")),
    )
    head = "".join(_right(name, size) for name, size in zip(heads, _WIDTHS, strict=True))
    crash = next((one.crash for one in engines if one.crash), None)
    lines = [shortened(line((f"{'':9}{head}", "dim")), cells)]
    lines += [shortened(_row(one, asked_in is None), cells) for one in engines]
    if crash is None:
        note = said("engines.note")
    else:
        note = said("engines.note_crash", kind=kind_name(crash.kind), source=named(crash.source))
    slow = [
        f"{one.name} {one.faults['fsync-delay']} ms"
        for one in engines
        if "fsync-delay" in one.faults
    ]
    lines += fold(line((note, "dim")), cells)
    if asked_in is not None:
        lines.append(line((f"p50, p99: {covered_words(asked_in)}", "dim")))
    if slow:
        slow_words = said("engines.note_slow", engines=", ".join(slow))
        lines += fold(line((slow_words, "cache text")), cells)
    return lines


def _right(text: str, cells: int) -> str:
    return " " * max(cells - cell_len(text), 0) + text


def _fitted(count: int, cells: int) -> str:
    """A count at the right of its cells, with a space before it."""
    return counted_in(count, cells - 1).rjust(cells)


def _time(usec: int, cells: int) -> str:
    return whole if cell_len(whole := duration(usec)) < cells else brief(usec)


def _row(view: View, answers: bool) -> Line:
    client, tail = view.client, view.tail
    speed = _per_second(client, lambda count: counted_in(count, _WIDTHS[0] - 1)) if client else "-"
    p50 = _time(client.p50_usec, _WIDTHS[1]) if client else "-"
    p99 = _time(client.p99_usec, _WIDTHS[2]) if client else "-"
    if not answers:
        p50 = p99 = SIGN
    spans: list[Span] = [(f"{cut(view.name, 9):<9}", "bold" if view.engine.alive else "lost")]
    spans += [
        (f"{word:>{size}}", "text") for word, size in zip((speed, p50, p99), _WIDTHS, strict=False)
    ]
    for rung, size in zip(now_on(view), _WIDTHS[3:6], strict=True):
        spans.append((_fitted(rung.commands, size), "text" if tail.enabled else "faint"))
    unsafe = "cache text" if tail.unsafe else "disk text"
    spans.append((_fitted(tail.unsafe, _WIDTHS[6]), unsafe))
    census = view.crash.census if view.crash else None
    if census is None:
        spans.append((f"{'-':>{_WIDTHS[7]}}{'-':>{_WIDTHS[8]}}", "dim"))
    else:
        spans.append((_fitted(census.survived, _WIDTHS[7]), "disk text"))
        lost = _fitted(census.lost, _WIDTHS[8])
        spans.append((lost, "lost" if census.lost else "dim"))
    return tuple(spans)
