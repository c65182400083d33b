"""When an AOF rewrite begins by itself: the file has grown, and the last tries did not all fail.

Source: serverCron() in server.c and aofRewriteLimited() in aof.c (Redis 7.0.15).
"""

from __future__ import annotations

PATIENT_FAILURES = 3
"""So many failures in a row, and automatic rewrites wait."""
MAX_DELAY_MINUTES = 60


def growth_due(current: int, base: int, *, percentage: int, min_size: int) -> int | None:
    """By how many percent the AOF has outgrown its base, where that asks for a rewrite.

    Sizes are bytes; `percentage` is auto-aof-rewrite-percentage (0: never), `min_size` its bound.
    """
    if not percentage or current <= min_size:
        return None
    growth = current * 100 // (base or 1) - 100
    return growth if growth >= percentage else None


class RetryLimit:
    """After three failures in a row: 1, 2, 4 ... 60 minutes until the next automatic try."""

    def __init__(self) -> None:
        self._delay_minutes = 0
        self._next_at = 0

    def must_wait(self, failures: int, now: int) -> tuple[bool, int]:
        """(whether to wait at `now`, minutes if that is a new wait); whole Unix seconds."""
        if failures < PATIENT_FAILURES:
            self._delay_minutes = self._next_at = 0
            return False, 0
        if self._next_at:
            if now < self._next_at:
                return True, 0
            self._next_at = 0
            return False, 0
        self._delay_minutes = min(self._delay_minutes * 2 or 1, MAX_DELAY_MINUTES)
        self._next_at = now + self._delay_minutes * 60
        return True, self._delay_minutes
