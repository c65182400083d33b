"""What a counter grows by in a second: the mean of the last sixteen looks at it.

Source: trackInstantaneousMetric() in server.c (Redis 7.0.15).
"""

from __future__ import annotations

from collections import deque

_LOOKS = 16


class Rate:
    """Growth a second of one counter that only grows."""

    def __init__(self) -> None:
        self._last: tuple[float, int] | None = None
        self._looks: deque[float] = deque(maxlen=_LOOKS)

    def look(self, now: float, count: int) -> None:
        """Note the counter at a moment of the monotonic clock, in seconds."""
        if self._last is not None and now > self._last[0]:
            self._looks.append((count - self._last[1]) / (now - self._last[0]))
        self._last = now, count

    def per_second(self) -> float:
        """The mean of the last looks, 0 before there are two."""
        return sum(self._looks) / len(self._looks) if self._looks else 0.0
