"""The crash lab's table as plain text: narrow enough for a projector, with its own legend."""

from __future__ import annotations

import msgspec

from scenes.lab import promises
from scenes.lab.plan import Row
from scenes.lab.rows import Line
from scenes.lab.trial import Facts

_HEADS = (
    "policy", "server", "runs", "at risk", "acknow-", "written", "fsynced", "survived",
    "lost", "acked,", "window", "load",
)  # fmt: skip
_UNDER = ("", "", "", "", "ledged", "", "", "", "", "lost", "ms", "ms")
_LEFT = 2
"""Columns of words; the rest are figures."""
_CRASHES = {"kill": "kill -9", "real": "power cut, real", "modelled": "power cut, modelled"}
_DURING = {
    "load": "",
    "idle": ", nothing in flight",
    "loading": ", and again while loading",
    "snapshot": ", in a BGSAVE",
    "rewrite": ", in a rewrite",
    "pipes": ", in a rewrite (pipes)",
    "torn-tail": ", torn tail",
    "disk-full": ", disk full",
    "slow-disk": ", slow disk",
}
_LEGEND = {
    "real": [
        "power cut, real: an ext4 in a loop image, cut off by EXT4_IOC_SHUTDOWN without its log,",
        "then mounted again; a disk without a volatile cache of its own.",
    ],
    "modelled": [
        "power cut, modelled: a disk model between the engine and its files drops what no fsync",
        "covered (with --seed only some of it). The process is really killed and restarted.",
    ],
}


def table(lines: list[Line]) -> str:
    """The whole report."""
    rows = [_cells(line) for line in lines]
    widths = [max(len(row[i]) for row in [_HEADS, _UNDER, *rows]) for i in range(len(_HEADS))]
    out = [_set(_HEADS, widths), _set(_UNDER, widths), "-" * (sum(widths) + 2 * len(widths) - 2)]
    above = ""
    for line, row in zip(lines, rows, strict=True):
        if (title := _title(line)) != above:
            out += [""] * bool(above) + [title]
            above = title
        if line.why_not:
            row = row[:_LEFT]
        out.append(_set(row, widths) + (f"  {line.why_not}" if line.why_not else ""))
    return "\n".join([*out, "", *_notes(lines), *_verdict(lines)])


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
    return _CRASHES[line.crash] + _DURING[line.during]


def _cells(line: Line) -> tuple[str, ...]:
    policy = "dump only" if line.policy == "none" else line.policy
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


def _set(cells: tuple[str, ...], widths: list[int]) -> str:
    words = [
        cell.ljust(width) if index < _LEFT else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(cells, widths, strict=False))
    ]
    return "  ".join(words).rstrip()


def _notes(lines: list[Line]) -> list[str]:
    done = [line for line in lines if not line.why_not]
    notes = [
        "Counts are numbered writes of real clients, over all runs. written: in the file at the",
        "crash. fsynced: as far as the engine had told by then (Redis does not tell). acked, lost:",
        "acknowledged to a client and gone. window: from the oldest such acknowledgement to the",
        "crash, the longest of the runs. load: as the restarted server logs it, median. at risk:",
        "runs in which the crash met writes that were not safe yet, or a child or a load at work.",
    ]
    for kind, text in _LEGEND.items():
        if any(line.crash == kind for line in done):
            notes += text
    notes += sorted({f"{_DURING[line.during][2:]}: {line.fault}." for line in done if line.fault})
    if any(line.during == "torn-tail" for line in done):
        notes.append(
            "torn tail: after the kill the lab itself cut the AOF's last record in two; that"
        )
        notes.append("one write is lost by its hand, and no promise covers it.")
    for line in done:
        where = f"{_title(line)}, {line.policy}, {line.server}:"
        if line.repaired:
            notes.append(
                f"{where} after {line.repaired} of {line.runs} cuts the AOF ended in foreign bytes;"
            )
            notes.append("  it loaded once they were cut off, as redis-check-aof --fix does.")
        if line.delayed:
            notes.append(f"{where} aof_delayed_fsync counted {line.delayed} writes that went ahead")
            notes.append("  of a running fsync after 2 s.")
        if line.refused:
            notes.append(f"{where} {line.refused:,} writes were refused, and are not there.")
    return notes


def _verdict(lines: list[Line]) -> list[str]:
    out = [""]
    for line in lines:
        where = f"{_title(line)}, {line.policy}, {line.server}"
        out += [f"BROKEN  {where}: {why}" for why in line.broken[:5]]
    if len(out) > 1:
        return out
    runs = sum(line.runs for line in lines)
    return ["", f"No promise was broken in {runs} crashes."] if runs else []
