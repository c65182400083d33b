"""Under appendfsync no nobody calls fsync: how many pages of the AOF the kernel still has to write.

A completed fsync is the only proof that bytes are on the disk; this count is evidence beside it. It
shows the kernel's own writeback, which comes some 30 s after a write (vm.dirty_expire_centisecs).
"""

from __future__ import annotations

import time
from collections.abc import Callable

INTERVAL = 1.0
"""Seconds between two counts, at least."""
DUTY_CYCLE = 100
"""A count walks the file's pages in the kernel: the next one waits this many times as long."""


class CacheWatch:
    """Asks `count` (pages, -1 if it can't tell) now and then, and tells `tell` the answer."""

    def __init__(
        self,
        count: Callable[[], int],
        tell: Callable[[int], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._tell = tell
        self._clock = clock
        self._next_at = float("-inf")

    def look(self) -> None:
        """Count, unless it is too early for another count."""
        began = self._clock()
        if began < self._next_at:
            return
        pages = self._count()
        ended = self._clock()
        self._next_at = ended + max(INTERVAL, DUTY_CYCLE * (ended - began))
        if pages >= 0:
            self._tell(pages)
