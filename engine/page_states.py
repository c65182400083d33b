"""The states of the arena's pages: what the kernel's status bytes mean around a fork.

A page's state follows from four facts, which are packed into one byte, its code:

    bits 0-1  what the page tables say now: NOTHING, MAPPED, EXCLUSIVE or SWAPPED
    bit  2    whether the page was mapped (held) when the living child was forked
    bits 3-5  its state at the reading before

So the rule is a table of 256 entries, and thousands of pages at once are one OR of two very long
integers and some table look-ups in C: no Python code runs page by page.
"""

from __future__ import annotations

import re

from engine.events import PageRange

FREE, PRIVATE, SHARED, COPIED, NEW = range(5)
"""Not mapped; mapped while no child lives; held at the fork and shared since; held at the fork and
copied since; first touched after the fork."""

PRESENT_BIT = 1 << 7
SWAPPED_BIT = 1 << 6
EXCLUSIVE_BIT = 1 << 0
"""Bits 63, 62 and 56 of a pagemap entry, as they lie in its highest byte."""

_NOTHING, _MAPPED, _EXCLUSIVE, _SWAPPED = range(4)
_HELD_SHIFT, _BEFORE_SHIFT = 2, 3

CHUNK = 8192
"""Pages that are looked at together: what that takes fits into a processor's cache."""


def _kind(status: int) -> int:
    if status & PRESENT_BIT:
        return _EXCLUSIVE if status & EXCLUSIVE_BIT else _MAPPED
    return _SWAPPED if status & SWAPPED_BIT else _NOTHING


def _alone(kind: int, held: bool, before: int) -> int:
    """The state of a page while no child lives."""
    return FREE if kind == _NOTHING else PRIVATE


def _with_child(kind: int, held: bool, before: int) -> int:
    """The state of a page while a child lives."""
    if kind == _NOTHING:
        return FREE  # never touched, or given back to the kernel since
    if not held:
        # Mapped but not exclusive: the kernel's one page of zeros, which costs nothing.
        return FREE if kind == _MAPPED else NEW
    if kind == _SWAPPED:
        return COPIED if before == COPIED else SHARED  # swap entries do not tell: nothing changed
    return COPIED if kind == _EXCLUSIVE else SHARED


_KINDS = bytes(_kind(status) for status in range(256))
_ALONE = bytes(_alone(code & 3, bool(code & 4), code >> 3) for code in range(256))
_WITH_CHILD = bytes(_with_child(code & 3, bool(code & 4), code >> 3) for code in range(256))


def _changes(rule: bytes) -> bytes:
    """1 + the new state for every code whose state is another than before, else 0."""
    return bytes(0 if rule[code] == code >> 3 else 1 + rule[code] for code in range(256))


_CHANGES = {rule: _changes(rule) for rule in (_ALONE, _WITH_CHILD)}
_RUNS = [re.compile(re.escape(bytes((b,))) + re.escape(bytes((b,))) + b"*") for b in range(6)]


def ranges(cells: bytes, value: int) -> list[PageRange]:
    """Runs of cells that equal `value` (0 to 5), as (first, last)."""
    if value not in cells:
        return []
    return [(run.start(), run.end() - 1) for run in _RUNS[value].finditer(cells)]


class PageStates:
    """The states of an arena's pages, from reading to reading."""

    def __init__(self) -> None:
        self._chunks: list[_Chunk] = []
        self._held = b""
        self._child = False
        self.newly: tuple[list[PageRange], ...] = _no_ranges()
        """By state: the pages that entered it with the last update."""

    def child_started(self, held: bytes) -> None:
        """A child shares all pages of which `held` is 1."""
        self._begin(True, held.rstrip(b"\0"))

    def child_ended(self) -> None:
        """No child lives any more."""
        self._begin(False, b"")

    def _begin(self, child: bool, held: bytes) -> None:
        self._child, self._held = child, held
        for number, chunk in enumerate(self._chunks):
            chunk.begin(child, held[number * CHUNK : (number + 1) * CHUNK])

    def update(self, status: bytes) -> bool:
        """Take a reading (one status byte a page, from page 0 on); whether any state changed."""
        self.newly = _no_ranges()
        pages = max(len(status), len(self._held), len(self._chunks) * CHUNK)
        for number, first in enumerate(range(0, pages, CHUNK)):
            if number == len(self._chunks):
                self._chunks.append(_Chunk())
                self._chunks[-1].begin(self._child, self._held[first : first + CHUNK])
            chunk, part = self._chunks[number], status[first : first + CHUNK]
            if chunk.is_news(part):
                chunk.update(part)
                for runs, found in zip(self.newly, chunk.newly, strict=True):
                    _extend(runs, found, first)
        return any(self.newly)

    @property
    def states(self) -> bytes:
        """One state a page; pages beyond the end are free."""
        return b"".join(chunk.states for chunk in self._chunks).rstrip(bytes((FREE,)))

    def count(self, state: int) -> int:
        """Pages in a state other than FREE."""
        return sum(chunk.counts[state] for chunk in self._chunks)


class _Chunk:
    """Some neighbouring pages: one whose status bytes did not change costs one comparison."""

    def __init__(self) -> None:
        self.states = bytes(CHUNK)
        self.counts = [CHUNK, 0, 0, 0, 0]
        self.newly: tuple[list[PageRange], ...] = _no_ranges()
        self._status = bytes(CHUNK)
        self._rule = _ALONE
        self._possible: tuple[int, ...] = (PRIVATE,)
        self._held = 0
        self._facts = 0  # `held` and the states before, of all pages, where the codes have them
        self._stale = False

    def begin(self, child: bool, held: bytes) -> None:
        self._rule = _WITH_CHILD if child else _ALONE
        self._possible = (SHARED, COPIED, NEW) if child else (PRIVATE,)
        self._held = int.from_bytes(held, "little") << _HELD_SHIFT
        self._note_facts()
        self._stale = True

    def _note_facts(self) -> None:
        self._facts = self._held | int.from_bytes(self.states, "little") << _BEFORE_SHIFT

    def is_news(self, status: bytes) -> bool:
        return self._stale or status != self._status

    def update(self, status: bytes) -> None:
        self._status, self._stale = status, False
        kinds = int.from_bytes(status.translate(_KINDS), "little")
        codes = (kinds | self._facts).to_bytes(CHUNK, "little")
        changes = codes.translate(_CHANGES[self._rule])
        self.newly = tuple(ranges(changes, 1 + state) for state in range(5))
        if any(self.newly):
            self.states = codes.translate(self._rule)
            self._note_facts()
            self.counts = [0, 0, 0, 0, 0]
            for state in self._possible:
                self.counts[state] = self.states.count(state)


def _no_ranges() -> tuple[list[PageRange], ...]:
    return ([], [], [], [], [])


def _extend(runs: list[PageRange], found: list[PageRange], first: int) -> None:
    """Append a chunk's runs; one that goes on from the chunk before is joined to its end."""
    if not found:
        return
    moved = [(start + first, end + first) for start, end in found] if first else found
    if runs and runs[-1][1] + 1 == moved[0][0]:
        runs[-1] = (runs[-1][0], moved[0][1])
        moved = moved[1:]
    runs.extend(moved)
