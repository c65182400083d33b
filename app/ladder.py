"""The ladder: three rungs, what stands on each, what a crash takes, and what came back."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

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
    paragraph,
    visible,
)
from app.log_panel import ROLES as LOG_ROLES
from scenes.fold_crash import rungs
from scenes.prediction import KIND
from scenes.view import CensusView, CrashView, QuestionView, RungView, View

WIDE = 90
"""Cells from which it is said what each rung is."""
ROWS_OF_NAMES = 6
"""Rows of lost names, and of survivors, before they are counted."""
GAP = 2
"""Cells between two names."""
RUNG_NAMES = ("buffer", "cache", "disk")
LABELS = {"buffer": "aof_buf", "cache": "page cache", "disk": "disk"}
MEANINGS = {
    "buffer": "process memory",
    "cache": "the kernel's memory",
    "disk": "an fsync covers it",
}
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
            line(("The rungs now", "bold"), (" (measured)", "dim")),
            *rung_lines(now, tail.enabled, "", glyphs, cells),
            EMPTY,
            *paragraph("K and P crash the engine, where the scene offers them.", cells, "dim"),
        ]
    heading = line(
        (f"{crash.kind}", "lost"),
        (" · the rungs then, as the engine last told", "bold"),
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
        return paragraph("appendonly is off: no log, so no rungs. Only dumps reach a file.", cells)
    lines: list[Line] = []
    size = max((len(grouped(rung.bytes)) for rung in on_rungs), default=1)
    count = max((len(grouped(rung.commands)) for rung in on_rungs), default=1)
    taken = _taken_rungs(kind)
    for place, (name, rung) in enumerate(zip(RUNG_NAMES, on_rungs, strict=False)):
        if place == taken and kind:
            lines.append(_cut_line(kind, glyphs, cells))
        elif place:
            lines.append(line((f" {glyphs.rail}", "dim")))
        lines.append(_rung(name, rung, count, size, glyphs, cells))
    if taken == len(RUNG_NAMES):
        lines.append(_cut_line(kind, glyphs, cells))
    legend = f"   {glyphs.lost} takes it   {glyphs.survived} leaves it"
    return [*lines, line((legend, "dim"))]


def _rung(name: str, rung: RungView, count: int, size: int, glyphs: Glyphs, cells: int) -> Line:
    spans: list[Span] = [
        (f" {glyphs.rail}{glyphs.track * 2} ", "dim"),
        (RUNGS[name], name),
        (f" {LABELS[name]:<11}", "bold"),
        (f"{_commands(name, rung, count):<{count + 9}}", "text"),
        (f" {grouped(rung.bytes, size)} {'bytes  ' if cells >= WIDE else 'B'} ", "text"),
    ]
    for crash, takes in (("kill -9", TAKEN_BY[name] > 1), ("power cut", TAKEN_BY[name] > 0)):
        glyph, fate = (glyphs.lost, "lost") if takes else (glyphs.survived, "disk text")
        spans.append((f" {glyph} {crash} ", fate))
    if cells >= WIDE:
        spans.append((MEANINGS[name], "dim"))
    return tuple(spans)


def _commands(name: str, rung: RungView, count: int) -> str:
    """How many; the disk's are from before anybody counted where none was seen."""
    if name == "disk" and rung.bytes and not rung.commands:
        return f"{'':{count}} earlier"
    return f"{grouped(rung.commands, count)} {_unit(rung.commands)}"


def _cut_line(kind: str, glyphs: Glyphs, cells: int) -> Line:
    text = f" {glyphs.lost}{glyphs.track * 2} {kind} took what is above "
    return line((text + glyphs.track * max(min(cells, 76) - len(text), 2), "lost"))


def _taken_rungs(kind: str) -> int:
    """How many rungs an end of this kind takes; -1: there was none. SIGTERM takes none."""
    if not kind:
        return -1
    if kind == KIND["power"]:
        return 2
    return 1 if kind == KIND["kill"] or "signal" in kind else 0


def _unit(count: int) -> str:
    return "command" if count == 1 else "commands"


# What came back


def came_back(crash: CrashView, cells: int) -> list[Line]:
    """The engine's own word on its start, and the bytes of the log."""
    if crash.recovered_keys < 0:
        return [line(("The engine is started on what is left ...", "bold"))]
    file = (
        f" from {visible(crash.recovered_from.rsplit('/', 1)[-1])}" if crash.recovered_from else ""
    )
    text = f"It came back with {grouped(crash.recovered_keys)} keys{file}"
    if crash.load_usec:
        text += f", loaded in {duration(crash.load_usec)}"
    if crash.survived >= 0 and crash.has_log:
        left, gone = grouped(crash.survived), grouped(crash.lost)
        text += f"; of the log {left} bytes survived, {gone} were lost"
    if crash.truncated_bytes:
        text += f"; {grouped(crash.truncated_bytes)} bytes of a broken tail were cut off"
    return paragraph(f"{text}. ({crash.source})", cells)


def prediction_lines(
    prediction: QuestionView, crash: CrashView, glyphs: Glyphs, cells: int
) -> list[Line]:
    """What was predicted, and what this crash proved right."""
    right = prediction.right
    lines: list[Line] = [EMPTY, line(("Lost, of the acknowledged: your prediction", "bold"))]
    for number, choice in enumerate(prediction.choices):
        lead = f" {glyphs.lit} " if number == right else "   "
        role = "bold" if number == right else "text" if right < 0 else "faint"
        note = "  (your prediction)" if number == prediction.chosen else ""
        lines += fold(line((lead, "bold"), (choice, role), (note, "dim")), cells, 5)
    if right >= 0 and crash.census is not None:
        lost = crash.census.lost
        text = f"Counted: {grouped(lost)} acknowledged {_unit(lost)} lost. {_why(crash)}"
        lines += [line("   ", *own) for own in paragraph(text, cells - 3)]
        if any(" command" in choice for choice in prediction.choices):
            asked = "the choices' figures are those of the moment of asking"
            lines.append(line((f"   ({asked})", "dim")))
        return lines
    return [*lines, line(("   It happens now, and is counted.", "dim"))]


def _why(crash: CrashView) -> str:
    if not crash.has_log:
        return "Without a log only the last dump is left."
    if crash.kind == KIND["power"]:
        return "The page cache goes with the power; an fsync that completed is on the disk."
    return "The page cache is the kernel's: what write(2) handed over outlives the process."


def census_lines(census: CensusView, glyphs: Glyphs, cells: int) -> list[Line]:
    """Acknowledged and lost first, by name; then what nobody was promised; then the survivors."""
    asked = f"{grouped(census.acknowledged)} acknowledged writes of this session were asked for"
    lines = fold(
        line(("The census: ", "bold"), (f"{asked} by GET ({census.source})", "dim")), cells
    )
    lines.append(_fate(glyphs.lost, "lost", census.lost, "acknowledged and lost"))
    lines += _names(census.lost_names, census.lost, glyphs.lost, "lost", glyphs, cells)
    flying = census.in_flight - census.in_flight_survived
    if census.in_flight:
        lines.append(_fate(glyphs.lost, "cache text", flying, "sent, never answered, and lost"))
        lines += _names(census.in_flight_names, flying, glyphs.lost, "text", glyphs, cells)
    lines.append(_fate(glyphs.survived, "disk text", census.survived, "acknowledged and survived"))
    latest = tuple(reversed(census.survivors))
    lines += _names(latest, census.survived, glyphs.survived, "disk text", glyphs, cells, rows=3)
    if census.in_flight_survived:
        extra = "never answered, and there all the same"
        lines.append(_fate(glyphs.survived, "disk text", census.in_flight_survived, extra))
    if census.left_out:
        text = f"{grouped(census.left_out)} older ones were not asked for"
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
    more = f"and {grouped(count)} more"
    across = max((cell_len(text) + 2 for text in (*shown, more[2:])), default=1)
    columns = max((inner + GAP) // (across + GAP), 1)
    room = columns * rows
    kept = shown if count <= min(room, len(shown)) else shown[: room - 1]
    items = [line((f"{glyph} ", role), (set_cell_size(text, across - 2), role)) for text in kept]
    if len(kept) < count:
        items.append(line((f"and {grouped(count - len(kept))} more", "dim")))
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
    return [EMPTY, line(("Its log since the crash", "bold")), *lines]


def _source(source: str) -> str:
    """Where figures come from; a modelled cut says of what."""
    return "modelled: a disk model, not your disk" if source == "modelled" else source
