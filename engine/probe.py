"""The probe: a thread that reads the arena's pages after writes and reports what changed.

It asks for the interpreter's lock a few times a reading; the kernel's walks over the page tables
run without it. When nobody writes and no child lives, it sleeps without a system call.

The main thread calls start, stop, kick, child_started, child_ended, last_reading, read_now and
paused. Nothing here may be used in a forked child: the thread does not exist there.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import msgspec

from engine.cadence import Cadence
from engine.errors import ProbeError
from engine.page_reader import Figures, PageReader, Reading, WatchedArena
from engine.pagemap import Pagemap, count_exclusive
from engine.proc import page_table_kb
from engine.smaps import SmapsFile

__all__ = ["Probe", "Reading", "check_invariant"]

OnPages = Callable[[Reading], None]
Post = Callable[[Callable[[], None]], object]

_TOLD = tuple(name for name in Figures.__struct_fields__ if name != "smaps_at")

SAME_AGAIN = 0.95
"""Seconds after which smaps' unchanged figures are told again while a child lives: whoever watches
sees that they are of now. A little under a second, as a reading comes a moment after it is due."""


class Probe:
    """Reports the pages of one arena of this process from `start` to `stop`."""

    def __init__(
        self,
        arena: WatchedArena,
        *,
        proc: str = "/proc",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.problem = ""
        """Why the thread gave up, in one sentence; empty while all is well."""
        self._arena = arena
        self._proc = proc
        self._clock = clock
        self._reader = PageReader(arena, proc, clock)
        self._reading = threading.Lock()
        self._cadence = Cadence()
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._kicked = False
        self._urgent = True
        self._stopping = False
        self._on_pages: OnPages | None = None
        self._on_problem: Callable[[str], None] | None = None
        self._post: Post | None = None
        self._outbox: deque[Reading] = deque()
        self._said: tuple[object, ...] = ()
        self._said_smaps_at = float("-inf")

    # -- life ----------------------------------------------------------------------------------

    def start(
        self,
        on_pages: OnPages,
        post: Post | None = None,
        on_problem: Callable[[str], None] | None = None,
    ) -> None:
        """Report readings from now on.

        With `post` (a loop's call_soon_threadsafe), `on_pages` and `on_problem` are called on the
        main thread, and always in the order of the readings, also beside those that the main
        thread asks for itself. Without it they are called in the probe's thread.
        """
        self._on_pages, self._on_problem = on_pages, on_problem
        self._post = post
        self._stopping = False
        thread = threading.Thread(target=self._run, name="probe", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            self.problem = f"{error}; raise the limit of processes (ulimit -u)"
            self._deliver_problem()
        else:
            self._thread = thread

    def stop(self) -> None:
        """End the thread and close its files; nothing is reported any more."""
        self._on_pages = self._on_problem = None
        if self._thread is not None:
            self._stopping = True
            self._wake.set()
            self._thread.join()
            self._thread = None
        self._outbox.clear()
        with self._reading:
            self._reader.close()

    def kick(self) -> None:
        """Somebody wrote to the arena: read it soon."""
        if not self._kicked:
            self._kicked = True
            self._wake.set()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is read meanwhile: fork(2) has to wait for any walk over the page tables.

        What was read before is reported first, on the calling thread.
        """
        with self._reading:
            self._deliver()
            yield

    # -- forks ---------------------------------------------------------------------------------

    def child_started(self, pid: int, held: bytes, forked_at: float) -> None:
        """A child shares the pages of which `held` is 1 (one byte a page, from page 0 on).

        `forked_at` is CLOCK_MONOTONIC seconds. What was read before is reported now, if not
        before, so that it is reported before the fork is.
        """
        self._reader.child_started(pid, held, forked_at)
        self._fork_or_end()

    def child_ended(self) -> None:
        """waitpid(2) returned the child: every page is this process' own again."""
        self._reader.child_ended()
        self._fork_or_end()

    def _fork_or_end(self) -> None:
        self._urgent = True
        self._wake.set()
        self._deliver()

    def last_reading(self) -> Reading:
        """The final figures, read now, while the child waits and nobody writes.

        The caller reports them. Until `child_ended` nothing more is read. If the child is gone
        already, the figures are those of the last time it was seen. Raises ProbeError.
        """
        with self._reading:
            reading = self._reader.read(smaps=True, pagemap_first=True)
            self._reader.close_until_next()
            reading = reading or self._reader.last_known()
            self._is_news(reading)
        self._deliver()
        return msgspec.structs.replace(reading, last=True)

    def read_now(self) -> tuple[Reading, bytes]:
        """The pages now, and one state a page (pages beyond the end are free); raises ProbeError.

        Works without `start`, too; what changed is reported like any other reading. smaps is not
        asked: its figures are those of the last time.
        """
        with self._reading:
            try:
                reading = self._reader.read()
                if reading is not None and self._thread is not None:
                    self._put_out(reading)
                states = self._reader.states()
            finally:
                if self._thread is None:
                    self._reader.close()
        self._deliver()
        kilobytes = page_table_kb("self", self._proc)
        reading = reading or self._reader.last_known()
        return msgspec.structs.replace(reading, page_table_kb=kilobytes), states

    # -- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._stopping:
                due = self._next_due()
                wait = None if due is None else due - self._clock()
                if wait is None or wait > 0:
                    self._wake.wait(wait)
                    self._wake.clear()
                    continue
                self._read_when_due()
        except ProbeError as error:
            self.problem = str(error)
            self._call(self._deliver_problem)

    def _next_due(self) -> float | None:
        if self._reader.closed:
            return None
        if self._urgent:
            return self._clock()
        cadence, child = self._cadence, self._reader.child_alive
        due = cadence.pages_due(child=child, kicked=self._kicked, restless=self._arena.huge_pages)
        if not self._reader.smaps_owed:
            return due
        owed = max(cadence.pages_due(child=child, kicked=True) or 0.0, self._smaps_due())
        return owed if due is None else min(due, owed)

    def _smaps_due(self) -> float:
        return self._cadence.smaps_due(self._arena.high_water * self._arena.page_size)

    def _read_when_due(self) -> None:
        urgent, self._urgent = self._urgent, False
        self._kicked = False  # what is written from here on asks for the next reading
        self._read(smaps=False)
        wanted = self._reader.child_alive or self._reader.smaps_owed
        if urgent or (wanted and self._clock() >= self._smaps_due()):
            self._read(smaps=True)

    def _read(self, *, smaps: bool) -> None:
        with self._reading:
            at, started = self._clock(), time.thread_time()
            reading = self._reader.read(smaps=smaps)
            if reading is not None:
                self._put_out(reading)
            cost = time.thread_time() - started
        if smaps:
            self._cadence.smaps_read(at, cost)
        else:
            self._cadence.pages_read(at, cost)
        if self._outbox:
            self._call(self._deliver)

    # -- reporting -----------------------------------------------------------------------------

    def _put_out(self, reading: Reading) -> None:
        """Lay it out for the next delivery, unless it says what one a moment ago said."""
        if self._is_news(reading):
            self._outbox.append(reading)

    def _is_news(self, reading: Reading) -> bool:
        said = (reading.child, *(getattr(reading, name) for name in _TOLD))
        lapsed = bool(reading.child) and reading.smaps_at - self._said_smaps_at >= SAME_AGAIN
        news = reading.changed or lapsed or said != self._said
        self._said = said
        if news:
            self._said_smaps_at = reading.smaps_at
        return news

    def _call(self, deliver: Callable[[], None]) -> None:
        if self._post is None:
            deliver()
            return
        with suppress(RuntimeError):  # the loop is closed: there is nobody left to tell
            self._post(deliver)

    def _deliver(self) -> None:
        while True:
            try:
                reading = self._outbox.popleft()
            except IndexError:
                return
            if (on_pages := self._on_pages) is not None:
                on_pages(reading)

    def _deliver_problem(self) -> None:
        if (on_problem := self._on_problem) is not None:
            on_problem(self.problem)


def check_invariant(arena: WatchedArena, proc: str = "/proc") -> str | None:
    """Whether pagemap and smaps count the same private memory; if not, what is wrong.

    Exclusive pages x page size == Private_Dirty + Private_Clean over the arena, in the parent and
    while nobody writes: call it on the thread that does the writing. A child that came or went
    between the two readings shows as smaps that changed, and then nothing is said. Raises
    ProbeError.
    """
    end = arena.base + arena.pages * arena.page_size
    smaps = SmapsFile("self", proc)
    smaps_kb = smaps.read().inside(arena.base, end).private_kb
    pagemap = Pagemap("self", proc)
    try:
        status = pagemap.read(arena.base, arena.mapped_end, arena.page_size)
    finally:
        pagemap.close()
    if smaps.read().inside(arena.base, end).private_kb != smaps_kb:
        return None
    pagemap_kb = count_exclusive(status) * arena.page_size // 1024
    if smaps_kb == pagemap_kb:
        return None
    return (
        f"The witnesses disagree over the arena at {arena.base:#x}: pagemap counts "
        f"{pagemap_kb:,} KiB of exclusive pages, smaps {smaps_kb:,} KiB of private ones."
    )
