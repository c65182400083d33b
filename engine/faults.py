"""Faults of a disk, for lessons: which are set, seen by the engine and all of its children.

They lie in memory that forked children share, so that a change reaches a child that lives. No lock
guards the counts (a killed process could keep it for ever): two calls in the same microsecond may
both take the last of them.
"""

from __future__ import annotations

import mmap
from typing import NamedTuple

from engine.errors import EngineError
from engine.events import FaultKind

FSYNC_DELAY, FSYNC_ERROR, FULL, SHORT_WRITE = range(4)
KINDS: tuple[FaultKind, ...] = ("fsync-delay", "fsync-error", "full", "short-write")

ABSENT = -1
FOR_EVER = 2**62
"""Counted down from, it never ends."""
_MOST = 2**53
_BOUNDS = ((1, 60_000), (1, _MOST), (0, _MOST), (1, _MOST))
_UNITS = ("ms", "calls, or on", "bytes that still fit", "bytes a call")
_DEFAULTS = (None, FOR_EVER, 0, None)
"""What a kind means without a value; None: it needs one."""


class FaultError(EngineError):
    """A fault that there is not, or a value that it cannot have."""


class Fault(NamedTuple):
    """A fault that is set."""

    kind: FaultKind
    value: str
    """As COWSCOPE FAULT takes it; counts are what is left of them."""
    struck: int
    """Calls that it has slowed, failed or cut short since it was set."""


class Faults:
    """The faults that are set now."""

    def __init__(self) -> None:
        self.armed = mmap.mmap(-1, mmap.PAGESIZE)
        """Its first byte is 0 while there is no fault: all that an untroubled call reads."""
        numbers = memoryview(self.armed)[8 : 8 + 16 * len(KINDS)].cast("q")
        self.left, self.struck = numbers[: len(KINDS)], numbers[len(KINDS) :]
        """By kind: what is left of it, or ABSENT; how many calls it has struck."""
        self.clear()

    def set(self, kind: str, value: str | None = None) -> None:
        """Have this fault from now on; `off` ends it. Raises FaultError, and nothing changes."""
        if kind.lower() not in KINDS:
            raise FaultError(f"a disk's fault is one of {', '.join(KINDS)}, or OFF for none")
        number = KINDS.index(kind.lower())
        self._put(number, _parse(number, value))

    def clear(self) -> None:
        """The disk is well."""
        for number in range(len(KINDS)):
            self._put(number, ABSENT)

    def present(self) -> list[Fault]:
        """Those that are set, in the order of KINDS."""
        return [
            Fault(kind, "on" if left > _MOST else str(left), self.struck[number])
            for number, kind in enumerate(KINDS)
            if (left := self.left[number]) != ABSENT
        ]

    def struck_by(self, kind: FaultKind) -> int:
        """Calls that it has struck since it was last set."""
        return self.struck[KINDS.index(kind)]

    def strike(self, number: int, taken: int = 0) -> None:
        """It has struck a call, and so much less of it is left."""
        self.struck[number] += 1
        self.left[number] -= taken

    def end(self, number: int) -> None:
        """It is used up."""
        self._put(number, ABSENT)

    def _put(self, number: int, left: int) -> None:
        self.left[number] = left
        if left != ABSENT:
            self.struck[number] = 0
        self.armed[0] = any(left != ABSENT for left in self.left)


def _parse(number: int, value: str | None) -> int:
    if value is not None and value.lower() == "off":
        return ABSENT
    if value is None or (value.lower() == "on" and number == FSYNC_ERROR):
        left = _DEFAULTS[number]
    else:
        left = int(value) if value.isascii() and value.isdigit() else None
    low, high = _BOUNDS[number]
    if left is None or not low <= left <= max(high, _DEFAULTS[number] or 0):
        raise FaultError(
            f"{KINDS[number]} takes a number from {low} to {high} ({_UNITS[number]}), or off"
        )
    return left
