"""The rows of the table: the sums over a kind of crash, and the verdict on it."""

from __future__ import annotations

import statistics

import msgspec

from scenes.lab import promises, real_disk
from scenes.lab.plan import Row
from scenes.lab.trial import Facts
from scenes.lab.wording import judged


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A row, filled. Counts are of writes, over all of its runs."""

    server: str
    crash: str
    during: str
    policy: str
    runs: int = 0
    at_risk: int = 0
    """Runs that could have shown a broken promise."""
    acknowledged: int = 0
    written: int = 0
    fsynced: int | None = None
    """As far as the engine had told when it crashed; None: this server does not tell."""
    survived: int = 0
    lost: int = 0
    acknowledged_and_lost: int = 0
    window_ms: float = 0.0
    """The longest of the runs' windows."""
    load_ms: float = 0.0
    """The median of what the servers say that loading took."""
    delayed: int = 0
    """aof_delayed_fsync, summed."""
    refused: int = 0
    repaired: int = 0
    """Runs in which a damaged tail had to be cut off the AOF before it would load."""
    broken: list[str] = []
    """Why the row fails; empty where every promise was kept."""
    fault: str = ""
    """Where the disk's trouble came from, if it had any: a real file system, or the engine."""
    why_not: str = ""
    """What it needs that is not here."""


def line(row: Row, results: list[Facts], failures: list[str]) -> Line:
    """Sum up a row's runs; `failures` are runs that could not be carried out."""
    empty = Line(
        server=row.server.name,
        crash=row.crash,
        during=row.during,
        policy=row.policy,
        fault=_fault(row),
        why_not=row.why_not,
    )
    if row.why_not:
        return empty
    told = [len(facts.covered) for facts in results if facts.covered is not None]
    return msgspec.structs.replace(
        empty,
        runs=len(results),
        at_risk=sum(facts.at_risk for facts in results),
        acknowledged=sum(len(facts.acked) for facts in results),
        written=sum(len(facts.written) for facts in results),
        fsynced=sum(told) if told else None,
        survived=sum(len(facts.survived) for facts in results),
        lost=sum(len(facts.lost) for facts in results),
        acknowledged_and_lost=sum(len(facts.acked_and_lost) for facts in results),
        window_ms=max((facts.window_ms for facts in results), default=0.0),
        load_ms=statistics.median(facts.load_ms for facts in results) if results else 0.0,
        delayed=sum(facts.delayed for facts in results),
        repaired=sum(facts.repaired > 0 for facts in results),
        refused=sum(len(facts.ledger.refused) for facts in results),
        broken=_broken(row, results, failures),
    )


def _fault(row: Row) -> str:
    if row.during == "disk-full" and not real_disk.why_not():
        return judged("fault.real")
    if row.during in ("disk-full", "slow-disk"):
        return judged("fault.engine")
    return ""


def _broken(row: Row, results: list[Facts], failures: list[str]) -> list[str]:
    found = list(failures)
    for facts in results:
        seed = str(facts.trial.seed)
        found += [judged("run", seed=seed, why=why) for why in promises.broken(facts)]
    if results and not any(facts.at_risk for facts in results):
        found.append(judged("no_risk", runs=str(len(results))))
    if not found and _kept_too_much(row, results):
        found.append(judged("no_cut"))
    return found


def _kept_too_much(row: Row, results: list[Facts]) -> bool:
    """Whether the worst case was tried and nothing was lost that had to be."""
    if row.crash == "kill" or row.during not in ("load", "idle"):
        return False
    worst = [
        facts
        for facts in results
        if facts.trial.policy == "no" and (row.crash == "real" or not facts.trial.partly)
    ]
    doomed = [facts for facts in worst if facts.acked - (facts.covered or set())]
    return bool(doomed) and not any(facts.acked_and_lost for facts in doomed)
