"""A clock that can be made to run faster, and never jumps when it is: a scene has no five minutes.

Only the save points ask it (and the patience after a failed save): what a person would wait for.
The everysec timer, the cron and LASTSAVE stay real.
"""

from __future__ import annotations

from collections.abc import Callable


class ScaledClock:
    """Whole seconds; `seconds` is the real clock, of Unix seconds."""

    FASTEST = 1000

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._real_from = 0.0
        self._scaled_from = 0.0
        self.scale = 1
        """How many of its seconds pass in a real one."""

    def __call__(self) -> int:
        """Now; as long as it was never scaled, the real clock's seconds."""
        return int(self._now())

    def _now(self) -> float:
        return self._scaled_from + (self._seconds() - self._real_from) * self.scale

    def run(self, scale: int) -> None:
        """Go on from now, `scale` times as fast as the real clock."""
        real, scaled = self._seconds(), self._now()
        if real == scaled and scale == 1:
            return
        self._real_from, self._scaled_from, self.scale = real, scaled, scale
