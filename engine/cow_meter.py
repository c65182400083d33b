"""What a child has copied: reads its own Private_Dirty now and then, and logs it as Redis does.

Source: sendChildInfoGeneric() in childinfo.c (Redis 7.0.15).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

INTERVAL = 1.0
"""Seconds between two readings, at least."""
DUTY_CYCLE = 100
"""A reading costs a walk over the page tables: the next one waits this many times as long."""

_ROLLUP = "/proc/self/smaps_rollup"
_PRIVATE_DIRTY = re.compile(rb"^Private_Dirty: *(\d+) kB$", re.MULTILINE)


def own_private_dirty_kb() -> int:
    """Private_Dirty of the calling process in KiB, by the kernel's own sum; -1 without /proc."""
    try:
        with open(_ROLLUP, "rb", buffering=0) as file:
            return sum(map(int, _PRIVATE_DIRTY.findall(file.readall() or b"")))
    except OSError:
        return -1


class CowMeter:
    """The copied memory of the process that asks, in KiB; `subject` is what the log calls it."""

    def __init__(
        self,
        subject: str,
        private_dirty_kb: Callable[[], int],
        log: Callable[[str, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._subject = subject
        self._private_dirty_kb = private_dirty_kb
        self._log = log
        self._clock = clock
        self._next_at = clock()
        self._readings: list[int] = []

    def read(self, last: bool = False) -> int:
        """The figure, or -1 while it is too early for another; the last one is always read."""
        started = self._clock()
        if started < self._next_at and not last:
            return -1
        self._readings.append(self._private_dirty_kb())
        ended = self._clock()
        self._next_at = ended + max(INTERVAL, DUTY_CYCLE * (ended - started))
        current, peak = self._readings[-1], max(self._readings)
        average = sum(self._readings) // len(self._readings)
        self._log(
            "*" if last else "-",
            f"Fork CoW for {self._subject}: current {current >> 10} MB, "
            f"peak {peak >> 10} MB, average {average >> 10} MB",
        )
        return current
