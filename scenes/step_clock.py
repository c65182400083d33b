"""A step's time: until when it waits, how long it dwells, what of it is not its own.

It reads no clock: every time comes in as an argument (CLOCK_MONOTONIC seconds).
"""

from __future__ import annotations

ASLEEP_AFTER = 180.0
"""Seconds without a key after which a scene that waits for one stops its writers."""
NEVER = float("inf")


def patience(seconds: float, pace: float) -> float:
    """A limit of so many seconds, at this pace: never shorter, however fast."""
    return seconds / min(pace, 1.0)


class StepClock:
    """The deadline and the dwell time of the step that plays; neither runs while it stands."""

    def __init__(self) -> None:
        self.deadline = NEVER
        self.dwell_left = 0.0
        """Seconds at pace 1."""
        self.now = 0.0
        """The latest time that was heard."""
        self._busy_since = 0.0
        """Since when the engine owes an answer; 0: it does not."""
        self._key_at = 0.0

    def enter(self, timeout: float, dwell: float, pace: float, now: float) -> None:
        """A step begins."""
        self.dwell_left = dwell
        self.grant(timeout, pace, now)

    def grant(self, seconds: float, pace: float, now: float) -> None:
        """So long from now on, longer at a slower pace than 1: what is waited for comes slower."""
        self.deadline = now + patience(seconds, pace)

    def repace(self, before: float, after: float, now: float) -> None:
        """The pace changed while something is waited for: what is left of its time goes with it."""
        self.deadline = now + (self.deadline - now) * patience(1, after) / patience(1, before)

    def hear(self, now: float) -> float:
        """News of the clock; the time as it is now: it never goes back."""
        self.now = max(now, self.now)
        return self.now

    def tick(self, now: float) -> float:
        """The clock was fed; the seconds since anything was heard."""
        elapsed, self.now = max(0.0, now - self.now), now
        return elapsed

    def key(self, now: float) -> None:
        """Somebody pressed a key."""
        self._key_at = now

    def start(self, now: float) -> None:
        """The scene begins."""
        self.now = self._key_at = now

    @property
    def busy(self) -> bool:
        """What waits for the engine has all its time left when it answers."""
        return bool(self._busy_since)

    def feed_busy(self, since: float, now: float) -> bool:
        """The engine has not answered since then; 0: it has. Whether its answer has just come."""
        before, self._busy_since = self._busy_since, since
        if since or not before:
            return False
        self.deadline += max(0.0, now - before)
        self.hear(now)
        return True

    def deserted(self, now: float) -> bool:
        """Whether nobody has pressed a key for long."""
        return now - self._key_at >= ASLEEP_AFTER

    @property
    def deserted_at(self) -> float:
        return self._key_at + ASLEEP_AFTER
