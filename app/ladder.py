"""The ladder: three rungs, what stands on each, what a crash takes, and what came back."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from app.crash_words import kind_name
from app.glyphs import RUNGS, Glyphs
from app.lines import (
    EMPTY,
    Line,
    Span,
    cut,
    duration,
    flow,
    fold,
    grouped,
    line,
    padded,
    paragraph,
    visible,
    width,
)
from app.log_panel import ROLES as LOG_ROLES
from app.said import said
from scenes.fold_crash import rungs
from scenes.prediction import KIND, none_of_these
from scenes.sources import named
from scenes.view import CensusView, CrashView, QuestionView, RungView, View

WIDE = 90
"""Cells from which it is said what each rung is."""
ROWS_OF_NAMES = 6
"""Rows of lost names, and of survivors, before they are counted."""
GAP = 2
"""Cells between two names."""
RUNG_NAMES = ("buffer", "cache", "disk")
TAKEN_BY = {"buffer": 2, "cache": 1, "disk": 0}
"""How many of the two crashes take it: kill -9 the first rung, a power cut the first two."""


def ladder_lines(view: View, glyphs: Glyphs, cells: int) -> list[Line]:
    """The ladder of the engine on show, and below it those of the engines beside it."""
    if not view.others:
        return _ladder(view, glyphs, cells)
    lines: list[Line] = []
    for one in (view, *(view.others[name] for name in sorted(view.others))):
        title = f" {one.name} · appendfsync {one.tail.policy} "
        lines += [EMPTY] if lines else []
        lines += [line((title, "chosen")), *_ladder(one, glyphs, cells)]
    return lines


def _ladder(view: View, glyphs: Glyphs, cells: int) -> list[Line]:
    """The rungs at the last crash (before one: now), then what came of it."""
    cells = max(cells - 1, 20)
    crash = view.crash
    if crash is None:
        tail = view.tail
        now = rungs(tail, tail.appended, tail.written, tail.fsynced)
        return [
            line((said("ladder.now"), "bold"), (f" ({said('source.measured')})", "dim")),
            *rung_lines(now, tail.enabled, "", glyphs, cells),
            EMPTY,
            *paragraph(said("ladder.keys"), cells, "dim"),
        ]
    heading = line(
        (kind_name(crash.kind), "lost"),
        (f" · {said('ladder.then')}", "bold"),
        (f" · {_source(crash.source)}", "dim"),
    )
    lines = fold(heading, cells)
    lines += rung_lines(crash.rungs, crash.has_log, crash.kind, glyphs, cells)
    lines += [EMPTY, *came_back(crash, cells)]
    if view.prediction is not None and view.prediction.at <= crash.at:
        lines += prediction_lines(view.prediction, crash, glyphs, cells)
    if crash.census is not None:
        lines += [EMPTY, *census_lines(crash.census, glyphs, cells)]
    return [*lines, *recovery_log(view, crash, cells)]


# The rungs


def rung_lines(
    on_rungs: Sequence[RungView], has_log: bool, kind: str, glyphs: Glyphs, cells: int
) -> list[Line]:
    """The ladder itself; a crash cuts it below the last rung that it takes."""
    if not has_log:
        return paragraph(said("ladder.no_log"), cells)
    lines: list[Line] = []
    size = max((len(grouped(rung.bytes)) for rung in on_rungs), default=1)
    count = max((len(grouped(rung.commands)) for rung in on_rungs), default=1)
    taken = _taken_rungs(kind)
    each = dict(zip(RUNG_NAMES, on_rungs, strict=False))
    rows = {name: _rung(name, rung, count, size, glyphs, cells) for name, rung in each.items()}
    fates = {name: _fates(name, glyphs) for name in rows}
    widest = max(width((*rows[name], *fates[name])) for name in rows)
    beside = widest <= cells
    is_what = {name: said(f"ladder.{name}_is") if cells >= WIDE else "" for name in rows}
    if widest + max(map(cell_len, is_what.values())) > cells:
        is_what = dict.fromkeys(rows, "")
    for place, name in enumerate(rows):
        if place == taken and kind:
            lines.append(_cut_line(kind, glyphs, cells))
        elif place:
            lines.append(line((f" {glyphs.rail}", "dim")))
        if beside:
            lines.append((*rows[name], *fates[name], (is_what[name], "dim")))
        else:  # figures are never cut off: the fates go below them
            lines += [rows[name], line((f" {glyphs.rail}    ", "dim"), *fates[name])]
    if taken == len(RUNG_NAMES):
        lines.append(_cut_line(kind, glyphs, cells))
    legend = f"   {glyphs.lost} {said('ladder.takes')}   {glyphs.survived} {said('ladder.leaves')}"
    return [*lines, line((legend, "dim"))]


def _rung(name: str, rung: RungView, count: int, size: int, glyphs: Glyphs, cells: int) -> Line:
    unit = padded(said("tail.bytes"), 7) if cells >= WIDE else "B"
    spans: list[Span] = [
        (f" {glyphs.rail}{glyphs.track * 2} ", "dim"),
        (RUNGS[name], name),
        (f" {padded(said(f'ladder.{name}'), 11)}", "bold"),
        (padded(_commands(name, rung, count), count + 9), "text"),
        (f" {grouped(rung.bytes, size)} {unit} ", "text"),
    ]
    return tuple(spans)


def _fates(name: str, glyphs: Glyphs) -> Line:
    """What the two crashes do to a rung."""
    spans: list[Span] = []
    for crash, takes in ((KIND["kill"], TAKEN_BY[name] > 1), (KIND["power"], TAKEN_BY[name] > 0)):
        glyph, fate = (glyphs.lost, "lost") if takes else (glyphs.survived, "disk text")
        spans.append((f" {glyph} {kind_name(crash)} ", fate))
    return tuple(spans)


def _commands(name: str, rung: RungView, count: int) -> str:
    """How many; the disk's are from before anybody counted where none was seen."""
    if name == "disk" and rung.bytes and not rung.commands:
        return f"{'':{count}} {said('ladder.earlier')}"
    return f"{grouped(rung.commands, count)} {_unit(rung.commands)}"


def _cut_line(kind: str, glyphs: Glyphs, cells: int) -> Line:
    took = said("ladder.took", kind=kind_name(kind))
    text = f" {glyphs.lost}{glyphs.track * 2} {took} "
    return line((text + glyphs.track * max(min(cells, 76) - cell_len(text), 2), "lost"))


def _taken_rungs(kind: str) -> int:
    """How many rungs an end of this kind takes; -1: there was none. SIGTERM takes none."""
    if not kind:
        return -1
    if kind == KIND["power"]:
        return 2
    return 1 if kind == KIND["kill"] or "signal" in kind else 0


def _unit(count: int) -> str:
    return said("tail.command" if count == 1 else "tail.commands")


# What came back


def came_back(crash: CrashView, cells: int) -> list[Line]:
    """The engine's own word on its start, and the bytes of the log."""
    if crash.recovered_keys < 0:
        return [line((said("ladder.starts"), "bold"))]
    text = said("crash.back", keys=crash.recovered_keys)
    if crash.recovered_from:
        file = visible(crash.recovered_from.rsplit("/", 1)[-1])
        text = said("ladder.file", found=text, file=file)
    if crash.load_usec:
        text += said("ladder.loaded", took=duration(crash.load_usec))
    if crash.survived >= 0 and crash.has_log:
        text += said("ladder.of_log", survived=crash.survived, lost=crash.lost)
    if crash.truncated_bytes:
        text += said("crash.cut", bytes=crash.truncated_bytes)
    return paragraph(said("ladder.by", found=text, source=named(crash.source)), cells)


def prediction_lines(
    prediction: QuestionView, crash: CrashView, glyphs: Glyphs, cells: int
) -> list[Line]:
    """What was predicted, and what this crash proved right."""
    right = prediction.right
    lines: list[Line] = [EMPTY, line((said("ladder.predicted"), "bold"))]
    for number, choice in enumerate(prediction.choices):
        lead = f" {glyphs.lit} " if number == right else "   "
        role = "bold" if number == right else "text" if right < 0 else "faint"
        note = f"  {said('ladder.yours')}" if number == prediction.chosen else ""
        lines += fold(line((lead, "bold"), (choice, role), (note, "dim")), cells, 5)
    if right >= 0 and crash.census is not None:
        lost = crash.census.lost
        if none_of_these(right, prediction.choices):
            text = said("ladder.none_of_these", lost=lost, unit=_unit(lost))
            lines += fold(line((f" {glyphs.lit} ", "bold"), (text, "bold")), cells, 5)
        text = said("ladder.counted", lost=lost, unit=_unit(lost), why=_why(crash))
        lines += [line("   ", *own) for own in paragraph(text, cells - 3)]
        if any(character.isdigit() for choice in prediction.choices for character in choice):
            lines.append(line((f"   {said('ladder.asking')}", "dim")))
        return lines
    return [*lines, line((f"   {said('words.let_happen')}", "dim"))]


def _why(crash: CrashView) -> str:
    if not crash.has_log:
        return said("ladder.why_dump")
    if crash.kind == KIND["power"]:
        return said("ladder.why_power")
    return said("ladder.why_kill")


def census_lines(census: CensusView, glyphs: Glyphs, cells: int) -> list[Line]:
    """Acknowledged and lost first, by name; then what nobody was promised; then the survivors."""
    asked = said("ladder.asked", count=census.acknowledged, source=named(census.source))
    lines = fold(line((f"{said('ladder.census')} ", "bold"), (asked, "dim")), cells)
    lines.append(_fate(glyphs.lost, "lost", census.lost, said("ladder.lost")))
    lines += _names(census.lost_names, census.lost, glyphs.lost, "lost", glyphs, cells)
    flying = census.in_flight - census.in_flight_survived
    if census.in_flight:
        lines.append(_fate(glyphs.lost, "cache text", flying, said("ladder.flying_lost")))
        lines += _names(census.in_flight_names, flying, glyphs.lost, "text", glyphs, cells)
    lines.append(_fate(glyphs.survived, "disk text", census.survived, said("ladder.survived")))
    latest = tuple(reversed(census.survivors))
    lines += _names(latest, census.survived, glyphs.survived, "disk text", glyphs, cells, rows=3)
    if census.in_flight_survived:
        extra = said("ladder.flying_there")
        lines.append(_fate(glyphs.survived, "disk text", census.in_flight_survived, extra))
    if census.left_out:
        text = said("ladder.left_out", count=census.left_out)
        lines.append(line((f"   {text}", "dim")))
    return lines


def _fate(glyph: str, role: str, count: int, what: str) -> Line:
    shown = role if count else "dim"
    return line((f" {glyph if count else ' '} {grouped(count)} {what}", shown))


def _names(
    names: Sequence[tuple[str, str]],
    count: int,
    glyph: str,
    role: str,
    glyphs: Glyphs,
    cells: int,
    rows: int = ROWS_OF_NAMES,
) -> list[Line]:
    """`key = value` side by side in a few rows; what does not fit is counted."""
    inner = cells - 5
    named = (f"{visible(key)} = {visible(value)}" for key, value in names)
    shown = [cut(text, inner - 2, glyphs.more) for text in named]
    more = said("ladder.more", count=count)
    across = max((cell_len(text) + 2 for text in (*shown, more[2:])), default=1)
    columns = max((inner + GAP) // (across + GAP), 1)
    room = columns * rows
    kept = shown if count <= min(room, len(shown)) else shown[: room - 1]
    items = [line((f"{glyph} ", role), (set_cell_size(text, across - 2), role)) for text in kept]
    if len(kept) < count:
        items.append(line((said("ladder.more", count=count - len(kept)), "dim")))
    return [line("     ", *own) for own in flow(items, inner, GAP)]


def recovery_log(view: View, crash: CrashView, cells: int) -> list[Line]:
    """What the engine logged since the crash until it was ready for a moment."""
    lines: list[Line] = []
    for entry in view.log:
        if entry.at < crash.at:
            continue
        at = (f"{entry.at - crash.at:>8.3f} s ", "faint")
        role = LOG_ROLES.get(entry.level, "text")
        lines += fold(line(at, (f"{entry.level} ", role), (visible(entry.text), role)), cells, 13)
    if not lines:
        return []
    return [EMPTY, line((said("ladder.log"), "bold")), *lines]


def _source(source: str) -> str:
    """Where figures come from; a modelled cut says of what."""
    return said("ladder.model") if source == "modelled" else named(source)
