"""Tells who watches of the disk's faults: set, counting down, used up, or off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import events
from engine.events import FaultKind
from engine.faults import Fault, Faults

if TYPE_CHECKING:
    from engine.observer import Observer


class FaultWatch:
    """Remembers which faults were told; `look` is called by the cron, and where one is set."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._told: dict[FaultKind, Fault] = {}

    def look(self, observer: Observer | None) -> None:
        """Tell what has changed; with nobody watching, nobody is told."""
        if not self._told and not self._faults.armed[0]:
            return
        present = {fault.kind: fault for fault in self._faults.present()}
        ended = {
            kind: Fault(kind, "off", self._faults.struck_by(kind))
            for kind in self._told
            if kind not in present
        }
        told, self._told = self._told, present
        if observer is None:
            return
        for kind, fault in (ended | present).items():
            if fault != told.get(kind):
                observer.publisher.publish(events.Fault(**fault._asdict()))
                observer.wants_flush()
