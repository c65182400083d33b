"""Marks: the moments of a run that are worth jumping to."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from engine import events
from engine.events import Event

BURST_GAP = 0.5
"""Seconds without an fsync after which the next one starts a burst and gets a mark."""

MarkKind: TypeAlias = Literal[
    "step", "fork", "fsync", "child.exit", "rdb.saved", "crash", "question"
]


class Mark(msgspec.Struct, frozen=True):
    """A moment worth jumping to: the event at `index`."""

    index: int
    label: str
    kind: MarkKind


class Marker:
    """Hears a run's events in their order and says which of them get a mark."""

    def __init__(self) -> None:
        self._last_fsync_at = float("-inf")
        self._policy = ""

    def hear(self, index: int, event: Event) -> Mark | None:
        """The mark of event `index`, if it gets one."""
        match event:
            case events.Step():
                return Mark(index, event.step, "step")
            case events.Fork():
                return Mark(index, f"fork {event.child}", "fork")
            case events.ChildExit():
                return Mark(index, f"exit {event.child}", "child.exit")
            case events.RdbSaved():
                return Mark(index, "dump saved", "rdb.saved")
            case events.Crash():
                return Mark(index, event.kind, "crash")
            case events.Question() if event.right < 0:
                return Mark(index, event.id, "question")
            case events.AofFsync():
                # `always` syncs every turn: only the first after a silence gets a mark.
                fresh = event.at - self._last_fsync_at > BURST_GAP or event.policy != self._policy
                self._last_fsync_at, self._policy = event.at, event.policy
                return Mark(index, f"fsync {event.policy}", "fsync") if fresh else None
            case _:
                return None
