"""How the parent steers its snapshot child (hold, step, let go) and how the child reports.

Three things connect the two, all made before the fork:

    control page   MAP_SHARED: the parent writes wishes, the child reads them before each record
    wake pipe      parent -> child: a byte that means nothing but "look at the page again"
    report pipe    child -> parent: one JSON line a report

Wishes are levels, not messages: none can be lost or come twice. The child is stopped only between
two records, and writes its batch first: it is never held inside a write(2) or an fsync(2), and
what it has reported is in the file. It waits in poll(2), where signals still reach it.
"""

from __future__ import annotations

import mmap
import os
import select
import struct
import time
from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from engine.cow_meter import CowMeter, own_private_dirty_kb
from engine.errors import EngineError
from engine.events import LessonPages, LessonSide, LessonValue, PageRange
from engine.rdb_writer import Dump, Pace

WATCHED_INTERVAL = 1 / 30
"""Seconds between two progress reports while somebody looks."""
UNWATCHED_INTERVAL = 1.0
"""The same otherwise, as Redis' child does."""
LET_GO_TIMEOUT = 1.0
"""Seconds that a finished child waits for the parent's last reading of its pages."""

_HOLD, _WATCHED, _LET_GO = 0, 1, 2
_GRANT = struct.Struct("=II")
_GRANT_AT = 8
"""Number of this hold, and how many pages it has been granted by STEP so far."""


_MOST_GRANTED = (1 << 32) - 1

State: TypeAlias = Literal["progress", "held", "done", "failed", "said"]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a child says of itself; `keys` and `bytes` are totals so far."""

    state: State
    keys: int = 0
    bytes: int = 0
    """Bytes that write(2) has taken."""
    page_ranges: list[PageRange] = []
    """Arena pages whose records were written since the report before this one."""
    cow_kb: int = -1
    """The child's own Private_Dirty in KiB, -1 where it was not read anew."""
    usec: int = 0
    """How long the child has been at work."""
    hold_number: int = 0
    """Which hold a `held` child obeys: it may have been released meanwhile."""
    log: list[tuple[str, str]] = []
    """(level, text) of the lines that the child has logged since the report before this one."""
    answers: int = 0
    """Number of the question that a lesson's child answers; 0: it was not asked."""
    said: LessonSide | LessonValue | LessonPages | None = None
    """What a lesson's child has said."""


class ParentEnd:
    """What the parent keeps: it wishes, and reads reports without ever blocking."""

    def __init__(self) -> None:
        """Raises OSError where there are no descriptors left."""
        self._page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
        self._wake_read, self._wake_write = os.pipe()
        try:
            self.report_fd, self._report_write = os.pipe()
        except OSError:
            os.close(self._wake_read)
            os.close(self._wake_write)
            raise
        """Readable when reports (or the end) are there: `report_fd` is for the event loop."""
        os.set_blocking(self.report_fd, False)
        os.set_blocking(self._wake_write, False)
        self.ended = False
        """The child has closed its end: no report will come any more."""
        self._hold_number = 0
        self._granted = 0
        self._unfinished = b""
        self._decoder = msgspec.json.Decoder(Report)

    @property
    def child_fds(self) -> tuple[int, int]:
        """The descriptors that the child must not close: wake and report pipe."""
        return self._wake_read, self._report_write

    @property
    def page(self) -> mmap.mmap:
        """The control page."""
        return self._page

    def forked(self) -> None:
        """After the fork: close the child's ends, so that its death ends the report pipe."""
        os.close(self._wake_read)
        os.close(self._report_write)

    def abandon(self) -> None:
        """There will be no child."""
        self.forked()
        self.close()

    def hold(self) -> None:
        """Stop the child before its next record. May be wished before the fork."""
        if not self._page[_HOLD]:
            self._hold_number += 1
            self._granted = 0
            _GRANT.pack_into(self._page, _GRANT_AT, self._hold_number, 0)
            self._page[_HOLD] = 1

    def is_wished(self, hold_number: int) -> bool:
        """Whether the child is still to stop for this hold."""
        return self._page[_HOLD] != 0 and hold_number == self._hold_number

    def step(self, pages: int) -> None:
        """Let the held child write the records of this many arena pages more."""
        self._granted = min(self._granted + pages, _MOST_GRANTED)
        _GRANT.pack_into(self._page, _GRANT_AT, self._hold_number, self._granted)
        self.wake()

    def release(self) -> None:
        """Let the child run."""
        self._page[_HOLD] = 0
        self.wake()

    def watch(self, on: bool) -> None:
        """Whether somebody looks: reports come 30 times a second, else once."""
        self._page[_WATCHED] = on

    def let_go(self) -> None:
        """The last reading of the pages is taken: the finished child may leave."""
        self._page[_LET_GO] = 1
        self.wake()

    def reports(self) -> list[Report]:
        """All reports that have come in; raises EngineError for what no child would write."""
        while not self.ended:
            try:
                data = os.read(self.report_fd, 1 << 16)
            except BlockingIOError:
                break
            self._unfinished += data
            self.ended = not data
        *lines, self._unfinished = self._unfinished.split(b"\n")
        try:
            return [self._decoder.decode(line) for line in lines]
        except msgspec.DecodeError as error:
            raise EngineError(f"a report is no report: {error}") from error

    def close(self) -> None:
        """Give the descriptors back; the child is gone."""
        os.close(self.report_fd)
        os.close(self._wake_write)
        self._page.close()

    def wake(self) -> None:
        """Have the child look at the control page again."""
        try:
            os.write(self._wake_write, b"!")
        except (BlockingIOError, BrokenPipeError):
            return  # it has wake bytes enough, or is gone


class ChildEnd(Pace):
    """The child's side: the pace of its dump is what the control page says."""

    def __init__(
        self,
        parent: ParentEnd,
        *,
        subject: str,
        log: Callable[[str, str], None],
        key_delay_usec: int = 0,
        private_dirty_kb: Callable[[], int] = own_private_dirty_kb,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`subject` is what the log calls the work (`RDB`); `clock` is in seconds."""
        super().__init__(key_delay_usec)
        self._log = log
        self._cow = CowMeter(subject, private_dirty_kb, self.log, clock)
        self._page = parent.page
        self._wake_fd, self._report_fd = parent.child_fds
        self._clock = clock
        self._next_report = 0.0
        self._started = clock()
        self._ranges: list[PageRange] = []
        self._lines: list[tuple[str, str]] = []
        self._hold_number = 0
        self._stepped = 0
        self._poll = select.poll()
        self._poll.register(self._wake_fd, select.POLLIN)
        self._encoder = msgspec.json.Encoder()

    # -- Pace ----------------------------------------------------------------------------------

    def is_record_by_record(self) -> bool:
        """A hold stops between records, and so does a delay."""
        return self._page[_HOLD] != 0 or self.key_delay_usec != 0

    def before_record(self, dump: Dump) -> None:
        """Wait here for as long as the parent holds."""
        if not self._is_held():
            return
        dump.flush()
        self._report("held", dump.keys, dump.bytes)
        while self._is_held():
            self._wait(None)

    def after_record(self, dump: Dump) -> None:
        """Sleep as configured; report when it is time."""
        super().after_record(dump)
        self._report_if_due(dump)

    def after_page(self, dump: Dump, first: int, last: int) -> None:
        """Note the pages as read; report when it is time."""
        ranges = self._ranges
        if ranges and ranges[-1][1] + 1 == first:
            ranges[-1] = (ranges[-1][0], last)
        else:
            ranges.append((first, last))
        self._stepped += last - first + 1
        self._report_if_due(dump)

    # -- reports -------------------------------------------------------------------------------

    def log(self, level: str, text: str) -> None:
        """Log a line; the next report takes it along."""
        self._log(level, text)
        self._lines.append((level, text))

    def failed(self) -> None:
        """Say that there will be no file."""
        self._report("failed", 0, 0)

    def finish(self, keys: int, size: int) -> None:
        """Say that the file is complete, then wait for the parent's last reading of the pages."""
        self._report("done", keys, size)
        deadline = self._clock() + LET_GO_TIMEOUT
        while self._page[_WATCHED] and not self._page[_LET_GO]:
            left = deadline - self._clock()
            if left <= 0:
                return
            self._wait(left)

    def _report_if_due(self, dump: Dump) -> None:
        if self._clock() >= self._next_report:
            dump.flush()
            self._report("progress", dump.keys, dump.bytes)

    def _report(self, state: State, keys: int, size: int) -> None:
        # the reading logs its figure, so it comes before the lines are taken along
        cow_kb = -1 if state == "failed" else self._cow.read(state == "done")
        report = Report(
            state=state,
            keys=keys,
            bytes=size,
            page_ranges=self._ranges,
            cow_kb=cow_kb,
            usec=int((self._clock() - self._started) * 1_000_000),
            hold_number=self._hold_number,
            log=self._lines,
        )
        line = self._encoder.encode(report) + b"\n"
        while line:
            line = line[os.write(self._report_fd, line) :]
        self._ranges, self._lines = [], []
        watched = self._page[_WATCHED]
        interval = WATCHED_INTERVAL if watched else UNWATCHED_INTERVAL
        self._next_report = self._clock() + interval

    def _is_held(self) -> bool:
        if not self._page[_HOLD]:
            return False
        hold_number, granted = _GRANT.unpack_from(self._page, _GRANT_AT)
        if hold_number != self._hold_number:
            self._hold_number = hold_number
            self._stepped = 0
        return self._stepped >= int(granted)

    def _wait(self, seconds: float | None) -> None:
        """Until the parent wakes us: a signal's handler runs meanwhile."""
        woken = self._poll.poll(None if seconds is None else seconds * 1000)
        if woken and not os.read(self._wake_fd, 4096):
            raise EngineError("the parent has closed its end of the pipe: it is gone")
