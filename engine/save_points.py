"""Save points: `save <seconds> <changes>`, and when one of them asks for a BGSAVE.

Source: serverCron() in server.c (Redis 7.0): strictly more than `seconds` since the last save, at
least `changes` changes, and after a failure strictly more than 5 s since the last try.
"""

from __future__ import annotations

from typing import NamedTuple

RETRY_SECONDS = 5
"""CONFIG_BGSAVE_RETRY_DELAY."""


class SavePoint(NamedTuple):
    """After `seconds` with at least `changes` changes, save."""

    seconds: int
    changes: int


def due(
    points: tuple[tuple[int, int], ...],
    *,
    now: int,
    lastsave: int,
    dirty: int,
    last_ok: bool,
    last_try: int,
) -> SavePoint | None:
    """The first save point whose condition holds; times are whole Unix seconds."""
    if not last_ok and now - last_try <= RETRY_SECONDS:
        return None
    for seconds, changes in points:
        if dirty >= changes and now - lastsave > seconds:
            return SavePoint(seconds, changes)
    return None
