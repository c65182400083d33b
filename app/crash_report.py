"""The crash lab's table as plain text: narrow enough for a projector, with its own legend."""

from __future__ import annotations

import msgspec

from app.said import said
from scenes.folding import cells, fold
from scenes.lab import promises
from scenes.lab.plan import Row
from scenes.lab.rows import Line
from scenes.lab.trial import Facts

_COLUMNS = (
    "policy", "server", "runs", "risk", "acked", "written", "fsynced", "survived",
    "lost", "gone", "window", "load",
)  # fmt: skip
_UNDER = ("acked", "gone", "window", "load")
"""Columns whose head has a second row."""
_LEFT = 2
"""Columns of words; the rest are figures."""
_WIDTH = 77
"""Of the notes, in cells."""
_LEGEND = ("real", "modelled")
"""Crashes that need explaining."""


def table(lines: list[Line], width: int = 0) -> str:
    """The whole report; a row's figures stand below its words where `width` cells are too few."""
    heads = tuple(said(f"lab.head_{name}") for name in _COLUMNS)
    under = tuple(said(f"lab.under_{name}") if name in _UNDER else "" for name in _COLUMNS)
    rows = [_cells(line) for line in lines]
    widths = [max(cells(row[i]) for row in [heads, under, *rows]) for i in range(len(heads))]
    size = sum(widths) + 2 * len(widths) - 2
    put = _set
    if 0 < width < size:
        put, size = _stacked, width - 1
    out = [*put(heads, widths), *put(under, widths), "-" * size]
    above = ""
    for line, row in zip(lines, rows, strict=True):
        if (title := _title(line)) != above:
            out += [""] * bool(above) + [title]
            above = title
        if line.why_not:
            out.append(f"{_words(row, widths).rstrip()}  {line.why_not}")
        else:
            out += put(row, widths)
    notes = [row for note in _notes(lines) for row in _folded(note)]
    return "\n".join([*out, "", *notes, *_verdict(lines)])


def _folded(note: str) -> list[str]:
    """A note in rows; all but its first are set in."""
    first, *rest = fold(note, _WIDTH)
    return [first, *(f"  {row}" for row in rest)]


def json_line(kind: str, thing: msgspec.Struct) -> str:
    """One line of JSON: `kind` and the fields."""
    return msgspec.json.encode({"type": kind, **msgspec.to_builtins(thing)}).decode()


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run, as `--json` prints it."""

    server: str
    crash: str
    during: str
    policy: str
    seed: int
    source: str
    """`measured`, or `modelled` where a model cut the power."""
    acknowledged: int
    written: int
    fsynced: int | None
    survived: int
    lost: int
    acknowledged_and_lost: int
    window_ms: float
    load_ms: float
    at_risk: bool
    broken: list[str]


def run_of(row: Row, facts: Facts) -> Run:
    """A run's figures."""
    trial = facts.trial
    return Run(
        server=row.server.name,
        crash=trial.crash,
        during=trial.during,
        policy=trial.policy,
        seed=trial.seed,
        source="modelled" if trial.crash == "modelled" else "measured",
        acknowledged=len(facts.acked),
        written=len(facts.written),
        fsynced=None if facts.covered is None else len(facts.covered),
        survived=len(facts.survived),
        lost=len(facts.lost),
        acknowledged_and_lost=len(facts.acked_and_lost),
        window_ms=facts.window_ms,
        load_ms=facts.load_ms,
        at_risk=facts.at_risk,
        broken=promises.broken(facts),
    )


def _title(line: Line) -> str:
    crash = said(f"lab.crash_{line.crash}")
    if line.during == "load":
        return crash
    return said("lab.title", crash=crash, during=_during(line))


def _during(line: Line) -> str:
    return said(f"lab.during_{line.during.replace('-', '_')}")


def _where(line: Line) -> str:
    return said("lab.where", title=_title(line), policy=line.policy, server=line.server)


def _cells(line: Line) -> tuple[str, ...]:
    policy = said("lab.dump_only") if line.policy == "none" else line.policy
    written = "-" if line.policy == "none" else f"{line.written:,}"
    return (
        f"  {policy}",
        line.server,
        str(line.runs),
        str(line.at_risk),
        f"{line.acknowledged:,}",
        written,
        "-" if line.fsynced is None else f"{line.fsynced:,}",
        f"{line.survived:,}",
        f"{line.lost:,}",
        f"{line.acknowledged_and_lost:,}",
        f"{line.window_ms:.0f}" if line.acknowledged_and_lost else "-",
        f"{line.load_ms:.0f}",
    )


def _set(row: tuple[str, ...], widths: list[int]) -> list[str]:
    return [f"{_words(row, widths)}  {_figures(row, widths, 2)}".rstrip()]


def _stacked(row: tuple[str, ...], widths: list[int]) -> list[str]:
    words = _words(row, widths).rstrip()
    return [*([words] if words else []), f"    {_figures(row, widths, 1)}".rstrip()]


def _words(row: tuple[str, ...], widths: list[int]) -> str:
    pairs = zip(row[:_LEFT], widths, strict=False)
    return "  ".join(cell + " " * (width - cells(cell)) for cell, width in pairs)


def _figures(row: tuple[str, ...], widths: list[int], gap: int) -> str:
    pairs = zip(row[_LEFT:], widths[_LEFT:], strict=True)
    return (" " * gap).join(" " * (width - cells(cell)) + cell for cell, width in pairs)


def _notes(lines: list[Line]) -> list[str]:
    """What the reader must know of the figures, a paragraph each."""
    done = [line for line in lines if not line.why_not]
    notes = [said("lab.counts")]
    notes += [said(f"lab.{kind}") for kind in _LEGEND if any(line.crash == kind for line in done)]
    notes += sorted(
        {said("lab.fault", during=_during(line), fault=line.fault) for line in done if line.fault}
    )
    if any(line.during == "torn-tail" for line in done):
        notes.append(said("lab.torn"))
    for line in done:
        where = _where(line)
        if line.repaired:
            notes.append(said("lab.repaired", where=where, repaired=line.repaired, runs=line.runs))
        if line.delayed:
            notes.append(said("lab.delayed", where=where, delayed=line.delayed))
        if line.refused:
            notes.append(said("lab.refused", where=where, refused=line.refused))
    return notes


def _verdict(lines: list[Line]) -> list[str]:
    out = [""]
    for line in lines:
        out += [said("lab.broken", where=_where(line), why=why) for why in line.broken[:5]]
    if len(out) > 1:
        return out
    runs = sum(line.runs for line in lines)
    return ["", said("lab.kept", runs=runs)] if runs else []
