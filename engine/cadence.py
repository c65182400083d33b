"""The probe's cadence: how often the page tables may be read, so that watching costs little.

Every walk over page tables is paid by the machine that is being watched, so the time between two
readings grows with what the last one cost (CPU seconds of the probe's thread). Times are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

SHORTEST = 0.02
"""Between two readings of pagemap while a child lives and writes come."""
PAGES_PAUSE = 10
"""A reading's cost is at most one part in this many."""
POLL = 0.1
"""With a child and no writes: its own writes copy pages, too, and nobody reports them."""
IDLE = 0.5
"""With no child."""
SMAPS_SHORTEST = 0.1
RESTLESS = 1.0
"""Seconds between readings of pages that nobody here writes, and the kernel may change."""
SMAPS_PAUSE = 50
SMAPS_LARGE = 1.0
LARGE_ARENA = 256 << 20
"""Bytes in use from which smaps is read at most once in SMAPS_LARGE."""


@dataclass
class Cadence:
    """When the next readings are due, from when the last ones began and what they cost."""

    pages_at: float = float("-inf")
    pages_cost: float = 0.0
    smaps_at: float = float("-inf")
    smaps_cost: float = 0.0

    def pages_read(self, at: float, cost: float) -> None:
        """pagemap was read."""
        self.pages_at, self.pages_cost = at, cost

    def smaps_read(self, at: float, cost: float) -> None:
        """smaps of parent and child were read."""
        self.smaps_at, self.smaps_cost = at, cost

    def pages_due(self, *, child: bool, kicked: bool, restless: bool = False) -> float | None:
        """When to read pagemap next; None while nothing can have changed.

        `restless`: the kernel may change pages by itself, as khugepaged does.
        """
        pause = self.pages_cost * PAGES_PAUSE
        if child:
            return self.pages_at + (max(SHORTEST, pause) if kicked else max(POLL, 2 * pause))
        if kicked:
            return self.pages_at + max(IDLE, pause)
        return self.pages_at + max(RESTLESS, pause) if restless else None

    def smaps_due(self, bytes_in_use: int) -> float:
        """When smaps may be read next."""
        shortest = SMAPS_LARGE if bytes_in_use >= LARGE_ARENA else SMAPS_SHORTEST
        return self.smaps_at + max(shortest, self.smaps_cost * SMAPS_PAUSE)
