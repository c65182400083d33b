"""One reading of the arena's pages, and why it can be believed.

    1  smaps of child and parent, now and then: the second witness
    2  pagemap of this process: one status byte a page
    3  is the child's memory still there? If not, the pages it shared count as this process' alone
       by now, and the reading is thrown away
    4  the states follow from the status bytes and from what was held at the fork (page_states)

Pages of one snapshot never change back, so if pagemap says the same before and after smaps, it
said so meanwhile: then both witnesses speak of one moment, and `smaps_at` equals `at`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

import msgspec

from engine.events import PageRange
from engine.page_states import COPIED, FREE, NEW, PRIVATE, SHARED, PageStates
from engine.pagemap import Pagemap
from engine.proc import AddressSpace, ProcessGoneError, page_table_kb
from engine.smaps import SmapsFile


class WatchedArena(Protocol):
    """Where an arena lies (address of page 0, bytes a page), how far it is used and mapped."""

    base: int
    page_size: int
    pages: int
    high_water: int
    huge_pages: bool
    """Whether the kernel may change pages by itself (khugepaged)."""

    @property
    def mapped_end(self) -> int:
        """Pages from here on are not mapped."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What smaps said, in KiB; `smaps_at` (CLOCK_MONOTONIC seconds) is 0 if it was not asked."""

    private_dirty_kb: int = 0
    child_private_dirty_kb: int = 0
    interpreter_kb: int = 0
    child_interpreter_kb: int = 0
    page_table_kb: int = 0
    new_kb: int = 0
    huge_kb: int = 0
    child_huge_kb: int = 0
    smaps_at: float = 0.0


class Reading(Figures, frozen=True, kw_only=True):
    """All that a `pages` event says, under the same names: see engine.events.Pages.

    If pages changed while smaps was read, or since, then `smaps_at` is earlier than `at`, and
    `new_kb` is of the pagemap right after smaps: the copies that follow are rather too few.
    """

    at: float
    child: int
    shared: int
    copied: int
    new: int
    private: int
    free: int
    newly_copied: list[PageRange] = []
    newly_new: list[PageRange] = []
    newly_private: list[PageRange] = []
    newly_free: list[PageRange] = []
    newly_shared: list[PageRange] = []
    last: bool = False
    forked_at: float = 0.0
    """When the living child was forked (CLOCK_MONOTONIC seconds), 0 if there is none."""

    @property
    def changed(self) -> bool:
        """Whether the state of any page is another than at the reading before."""
        return bool(
            self.newly_copied
            or self.newly_new
            or self.newly_private
            or self.newly_free
            or self.newly_shared
        )


class _Child(msgspec.Struct, frozen=True):
    pid: int
    forked_at: float


class PageReader:
    """Reads the pages of an arena of this process, around forks.

    `read` and `close` are for one thread at a time (the caller's lock); `child_started` and
    `child_ended` may come at any time, and a reading that they overtake is thrown away.
    """

    def __init__(self, arena: WatchedArena, proc: str, clock: Callable[[], float]) -> None:
        self._arena = arena
        self._proc = proc
        self._clock = clock
        self._pagemap: Pagemap | None = None
        self._smaps: SmapsFile | None = None
        self._child_smaps: SmapsFile | None = None
        self._child_memory: AddressSpace | None = None
        self._opened_in = -1
        self._status = b""
        # All that follows is guarded by this lock; it is held for no system call.
        self._lock = threading.Lock()
        self._states = PageStates()
        self._figures = Figures()
        self._counts = (0, 0, 0, 0)
        self._child: _Child | None = None
        self._epoch = 0
        """Counts forks and ends."""
        self.closed = False
        """Nothing more can be learned before the next fork or end."""
        self.smaps_owed = True
        """Pages may have changed since smaps was read."""

    # -- forks ---------------------------------------------------------------------------------

    def child_started(self, pid: int, held: bytes, forked_at: float) -> None:
        """A child shares the pages of which `held` is 1 (one byte a page, from page 0 on)."""
        with self._lock:
            self._states.child_started(held)
            self._begin(_Child(pid, forked_at))

    def child_ended(self) -> None:
        """No child lives any more: waitpid(2) has returned it."""
        with self._lock:
            self._states.child_ended()
            self._begin(None)

    def _begin(self, child: _Child | None) -> None:
        self._child = child
        self._epoch += 1
        self.closed, self.smaps_owed = False, True
        # What smaps said of the arena is about another situation now.
        self._figures = Figures(
            interpreter_kb=self._figures.interpreter_kb, page_table_kb=self._figures.page_table_kb
        )

    @property
    def child_alive(self) -> bool:
        """Whether a child is being watched."""
        return self._child is not None

    # -- reading -------------------------------------------------------------------------------

    def read(self, *, smaps: bool = False, pagemap_first: bool = False) -> Reading | None:
        """Read pagemap, after smaps if that is asked for; None if it is about no living child.

        With `pagemap_first` an extra pagemap is read before smaps, for the comparison; else the
        reading before serves for it. Raises ProbeError.
        """
        with self._lock:
            epoch, child = self._epoch, self._child
            if self.closed:
                return None
        try:
            self._open(epoch, child)
            before = self._pagemap_status() if pagemap_first else self._status
            figures = self._read_smaps(child) if smaps else None
            at = self._clock()
            status = self._pagemap_status()
            gone = self._child_memory is not None and not self._child_memory.alive()
        except ProcessGoneError:
            gone = True
        with self._lock:
            if epoch != self._epoch or self.closed:
                return None
            if gone:
                self.closed = True
                return None
            changed = self._states.update(status)
            self._status = status
            if changed:
                self._count()
                self.smaps_owed = True
            if figures is not None:
                settled = status == before
                self.smaps_owed = not settled
                self._figures = msgspec.structs.replace(
                    figures,
                    new_kb=self._counts[NEW - 1] * self._arena.page_size // 1024,
                    smaps_at=at if settled else figures.smaps_at,
                )
            return self._reading(at, changed)

    def last_known(self) -> Reading:
        """The reading before, with no changes."""
        with self._lock:
            return self._reading(self._clock(), False)

    def close_until_next(self) -> None:
        """Read no more until the next fork or end: the child is let go."""
        with self._lock:
            self.closed = True

    def states(self) -> bytes:
        """One state a page at the last reading; pages beyond the end are free."""
        with self._lock:
            return self._states.states

    def _count(self) -> None:
        count = self._states.states.count
        self._counts = (count(PRIVATE), count(SHARED), count(COPIED), count(NEW))

    def _reading(self, at: float, changed: bool) -> Reading:
        private, shared, copied, new = self._counts
        newly = self._states.newly if changed else ([], [], [], [], [])
        return Reading(
            **msgspec.structs.asdict(self._figures),
            at=at,
            child=self._child.pid if self._child else 0,
            forked_at=self._child.forked_at if self._child else 0.0,
            private=private,
            shared=shared,
            copied=copied,
            new=new,
            free=self._arena.pages - private - shared - copied - new,
            newly_private=newly[PRIVATE],
            newly_shared=newly[SHARED],
            newly_copied=newly[COPIED],
            newly_new=newly[NEW],
            newly_free=newly[FREE],
        )

    def _pagemap_status(self) -> bytes:
        assert self._pagemap is not None
        arena = self._arena
        return self._pagemap.read(arena.base, arena.mapped_end, arena.page_size)

    def _read_smaps(self, child: _Child | None) -> Figures:
        assert self._smaps is not None
        start = self._arena.base
        end = start + self._arena.pages * self._arena.page_size
        childs = self._child_smaps.read() if self._child_smaps else None
        at = self._clock()
        own = self._smaps.read()
        arena = own.inside(start, end)
        child_arena = childs.inside(start, end) if childs else None
        return Figures(
            private_dirty_kb=arena.private_kb,
            huge_kb=arena.anon_huge_kb,
            interpreter_kb=own.outside(start, end).private_kb,
            child_private_dirty_kb=child_arena.private_kb if child_arena else 0,
            child_huge_kb=child_arena.anon_huge_kb if child_arena else 0,
            child_interpreter_kb=childs.outside(start, end).private_kb if childs else 0,
            page_table_kb=page_table_kb("self", self._proc),
            smaps_at=at,
        )

    # -- files ---------------------------------------------------------------------------------

    def _open(self, epoch: int, child: _Child | None) -> None:
        if self._pagemap is None:
            self._pagemap = Pagemap("self", self._proc)
            self._smaps = SmapsFile("self", self._proc)
        if self._opened_in != epoch:
            self._close_child()
            if child is not None:
                self._child_memory = AddressSpace(child.pid, self._proc)
                self._child_smaps = SmapsFile(child.pid, self._proc)
            self._opened_in = epoch

    def _close_child(self) -> None:
        if self._child_memory is not None:
            self._child_memory.close()
        self._child_memory = self._child_smaps = None

    def close(self) -> None:
        """Give all descriptors back; the next reading opens them again."""
        self._close_child()
        if self._pagemap is not None:
            self._pagemap.close()
        self._pagemap = self._smaps = None
        self._opened_in = -1
