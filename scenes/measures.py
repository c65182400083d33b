"""The measures: figures of this run, by name, for texts and for the answers to questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from scenes.evidence import Evidence
from scenes.evidence_child import Reading, Snapshot
from scenes.topics import Registry

Measured: TypeAlias = int | str | None
Measure: TypeAlias = Callable[..., Measured]

REPLY = "reply_"
"""Before the name of a reply that a step keeps: a figure, too."""


def _of_snapshot(figure: Callable[[Snapshot], int | None]) -> Callable[[Evidence], int | None]:
    def measure(evidence: Evidence) -> int | None:
        return None if evidence.snapshot is None else figure(evidence.snapshot)

    return measure


def _of_reading(figure: Callable[[Reading], int]) -> Callable[[Evidence], int | None]:
    def measure(evidence: Evidence) -> int | None:
        latest = evidence.snapshot.latest if evidence.snapshot else None
        return None if latest is None else figure(latest)

    return measure


def _copied_kb(evidence: Evidence) -> int | None:
    latest = evidence.snapshot.latest if evidence.snapshot else None
    return None if latest is None else latest.copied * evidence.page_size // 1024


def _full_copy_kb(evidence: Evidence) -> int | None:
    if evidence.snapshot is None:
        return None
    return sum(evidence.snapshot.held) * evidence.page_size // 1024


def _last_fsync_usec(evidence: Evidence) -> int | None:
    fsyncs = evidence.aof.fsyncs
    return fsyncs.last_usec if fsyncs.noted else None


def _unsafe(evidence: Evidence) -> int:
    return sum(commands for _, commands, _ in evidence.aof.unsafe)


_BUILTIN: Mapping[str, Measure] = {
    "copied": _of_reading(lambda reading: reading.copied),
    "new": _of_reading(lambda reading: reading.new),
    "shared": _of_reading(lambda reading: reading.shared),
    "copied_kb": _copied_kb,
    "full_copy_kb": _full_copy_kb,
    "extra_kb": _of_reading(lambda r: max(0, r.private_dirty_kb - r.new_kb)),
    "copied_since_answer": lambda evidence: evidence.since_answer.copied,
    "new_since_answer": lambda evidence: evidence.since_answer.new,
    "held": _of_snapshot(lambda snapshot: sum(snapshot.held)),
    "fork_usec": _of_snapshot(lambda snapshot: snapshot.fork.usec),
    "page_table_kb": _of_snapshot(lambda snapshot: snapshot.fork.page_table_kb),
    "child_pid": _of_snapshot(lambda snapshot: snapshot.fork.child),
    "dump_keys": _of_snapshot(lambda s: s.saved.keys if s.saved else None),
    "dump_bytes": _of_snapshot(lambda s: s.saved.bytes if s.saved else None),
    "child_msec": _of_snapshot(lambda s: s.exit.usec // 1000 if s.exit else None),
    "dirty_since_fork": _of_snapshot(lambda snapshot: snapshot.dirty),
    "dirty": lambda evidence: evidence.state.dirty if evidence.state else None,
    "keys": lambda evidence: evidence.state.keys if evidence.state else None,
    "arena_pages": lambda evidence: evidence.arena_pages,
    "page_kb": lambda evidence: evidence.page_size // 1024,
    "unsafe": _unsafe,
    "appended": lambda evidence: evidence.aof.appended,
    "fsynced": lambda evidence: evidence.aof.fsynced,
    "at_risk_bytes": lambda evidence: evidence.aof.appended - evidence.aof.fsynced,
    "buffer_bytes": lambda evidence: evidence.aof.appended - evidence.aof.written,
    "cache_bytes": lambda evidence: evidence.aof.written - evidence.aof.fsynced,
    "fsyncs": lambda evidence: evidence.aof.spans[-1].fsyncs,
    "appends": lambda evidence: evidence.aof.spans[-1].appends,
    "last_fsync_usec": _last_fsync_usec,
    "longest_amber_msec": lambda evidence: round(evidence.aof.longest_amber * 1000),
    "reply": lambda evidence, name="": evidence.replies.get(name),
}
MEASURES = Registry("MEASURES", _BUILTIN)
"""Those that stand here and those of the topics."""
_MEASURED: Mapping[str, tuple[str, ...]] = {}
SHOWN_BY = Registry("SHOWN_BY", _MEASURED)
"""Measure -> types of the events that show it, where those may also be modelled."""


class Figures(Mapping[str, int | str | None]):
    """Measures and a scene's values as what `Words.text` fills in, computed when asked for."""

    def __init__(self, evidence: Evidence, scene_values: Mapping[str, str]) -> None:
        self.evidence = evidence
        self.scene_values = scene_values

    def __getitem__(self, name: str) -> int | str | None:
        if name in self.scene_values:
            return self.scene_values[name]
        if name.startswith(REPLY):
            return self.evidence.replies.get(name.removeprefix(REPLY))
        evidence = self.evidence
        engines = evidence.engines() if evidence.others else {}
        for engine, own in engines.items():
            if name.startswith(f"{engine}_") and name.removeprefix(f"{engine}_") in MEASURES:
                name, evidence = name.removeprefix(f"{engine}_"), own
                break
        figure = MEASURES[name](evidence)
        # A pid is a name, not an amount: no thousands are grouped in it.
        return str(figure) if name.endswith("_pid") and figure is not None else figure

    def __iter__(self) -> Iterator[str]:
        yield from self.scene_values
        yield from MEASURES

    def __len__(self) -> int:
        return len(self.scene_values) + len(MEASURES)
