"""Scene 4's own: how random writes spread over shared pages, and a crash told without offsets."""

from __future__ import annotations

from engine.events import Crash, Event
from scenes.evidence import Evidence
from scenes.refusals import crash_word
from scenes.sources import named
from scenes.told_lines import told


def random_hits(evidence: Evidence, client: str) -> str | None:
    """What this client's writes have copied since the answer, against their number.

    `each`: as many pages as there were writes; `all` that were still shared; or `fewer`.
    """
    latest, snapshot = evidence.latencies.get(client), evidence.snapshot
    if latest is None or not latest.done or snapshot is None or snapshot.latest is None:
        return None
    copied = evidence.since_answer.copied
    if copied >= latest.total:
        return "each"
    return "fewer" if snapshot.latest.shared or not copied else "all"


def _crash(event: Event) -> str:
    """How much the opening had written is another run's: only what was at risk is told."""
    assert isinstance(event, Crash)
    return told(
        "event.crash_at_risk",
        kind=crash_word(event.kind),
        unsynced=event.acked - event.fsynced,
        buffered=event.acked - event.written,
        source=named(event.source),
    )


MEASURES = {
    "random_hits": random_hits,
    "policy": lambda evidence: evidence.aof.spans[-1].policy,
}
LINES = {"crash": _crash}
