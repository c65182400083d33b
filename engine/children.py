"""The one child that may run at a time: forked, listened to, held, reaped.

A snapshot's child and an AOF rewrite's are steered and watched alike; what their files are for is
`saves`' and `rewrites`' business, who hear of the end. A lesson's child (`lessons`) writes no file:
there is no progress to tell of, and nothing to hold.
Source: childInfo and checkChildrenDone() in childinfo.c and server.c (Redis 7.0.15).
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from engine.child_control import ParentEnd, Report
from engine.events import (
    ChildExit,
    Fork,
    Hold,
    HoldState,
    LessonPages,
    LessonSide,
    LessonValue,
    PageRange,
    Purpose,
    SnapshotProgress,
)
from engine.forking import ForkError
from engine.held_pages import held_pages
from engine.proc import page_table_kb
from engine.replies import CommandError
from engine.running_child import Ending, RunningChild

if TYPE_CHECKING:
    from engine.events import Event
    from engine.persistence import Persistence
    from engine.server import Server

Said: TypeAlias = LessonSide | LessonValue | LessonPages

_End = TypeVar("_End", bound=ParentEnd)

_CANCEL_PATIENCE = 0.5
"""Seconds until a cancelled child that does not leave by itself is killed."""
_CANCEL_LASTS = 2.0
"""Seconds until a cancelled child is waited for no longer."""


class Children:
    """The running child, and the hold that waits for the next one."""

    def __init__(self, server: Server, persistence: Persistence) -> None:
        self._server = server
        self._persistence = persistence
        self.running: RunningChild | None = None
        self.purpose: Purpose = "rdb"
        """What the running child, or the last one, is for."""
        self.hold_state: HoldState = "released"
        self.written_ranges: list[PageRange] = []
        self.held_at_fork = b""
        """1 for every arena page that was mapped when the running child was forked."""
        self._on_end: Callable[[Ending], None] = lambda _ending: None

    def running_for(self, purpose: Purpose) -> RunningChild | None:
        """The running child if this is what it is for."""
        return self.running if self.purpose == purpose else None

    def start(
        self,
        purpose: Purpose,
        begin: Callable[[_End], RunningChild],
        on_end: Callable[[Ending], None],
        make_end: Callable[[], _End],
    ) -> RunningChild:
        """Have `begin` fork a child, of whose end `on_end` will hear; raises ForkError."""
        server = self._server
        try:
            control = make_end()
        except OSError as error:  # no descriptors left
            raise ForkError(f"pipe: {error.strerror}") from error
        if self.hold_state == "armed" and purpose != "lesson":
            control.hold()
        control.watch(server.observer is not None)
        self._persistence.flush()
        try:
            with self._persistence.probe_paused():
                held = held_pages(server.keyspace.arena)
                child = begin(control)
        except ForkError:
            control.abandon()
            raise
        self.running, self.purpose, self._on_end = child, purpose, on_end
        self.held_at_fork = held
        self.written_ranges = []
        server.stats.total_forks += 1
        server.stats.latest_fork_usec = child.forked.usec
        server.loop.add_reader(control.report_fd, self.read_reports)
        self._persistence.child_started(child, held)
        if server.observer is not None:  # /proc is read for those who watch, and for nobody else
            self._tell(
                Fork(
                    pid=os.getpid(),
                    child=child.pid,
                    usec=child.forked.usec,
                    purpose=purpose,
                    page_table_kb=page_table_kb(child.pid),
                    at=child.forked.at,
                )
            )
        return child

    # -- its reports and its end ---------------------------------------------------------------

    def read_reports(self) -> None:
        """The child's pipe is readable."""
        child = self.running
        if child is None:
            return
        for report in child.read_reports():
            self._take(child, report)
        if child.control.ended:
            self._server.loop.remove_reader(child.control.report_fd)

    def await_answer(self, number: int, patience: float) -> Said | None:
        """What a lesson's child answers to question `number`, waited for here and now.

        None when it is gone or has said nothing for `patience` seconds.
        """
        deadline = time.monotonic() + patience
        child = self.running
        if child is None:
            return None
        while not child.control.ended:
            select.select([child.control.report_fd], [], [], max(0.0, deadline - time.monotonic()))
            answer = None
            for report in child.read_reports():
                self._take(child, report)
                if report.said is not None and report.answers == number:
                    answer = report.said
            if answer is not None or time.monotonic() >= deadline:
                return answer
        return None

    def _take(self, child: RunningChild, report: Report, *, gone: bool = False) -> None:
        for level, text in report.log:
            self._server.logger.heard(level, text)
        if report.said is not None:
            self._tell(report.said)
            return
        self.written_ranges = _joined([*self.written_ranges, *report.page_ranges])
        self._tell(
            SnapshotProgress(
                child=child.pid,
                keys=child.keys,
                total_keys=child.total_keys,
                bytes=child.bytes,
                page_ranges=report.page_ranges,
            )
        )
        if report.state == "held":
            if not gone and child.control.is_wished(report.hold_number):
                self._set_hold("held")
        elif report.state == "done" and not gone:  # a child that has left waits for nothing
            self._persistence.last_reading()
            child.control.let_go()

    def reap(self) -> None:
        """serverCron: has the child ended? Whatever goes wrong here, the next one may begin."""
        child = self.running
        if child is None:
            return
        server = self._server
        server.loop.remove_reader(child.control.report_fd)  # reap closes it
        ending = child.reap()
        if ending is None:
            server.loop.add_reader(child.control.report_fd, self.read_reports)
            return
        try:
            for report in ending.reports:
                self._take(child, report, gone=True)
        finally:
            self._end(ending)

    def _end(self, ending: Ending) -> None:
        """The child is no more: tell it, and let what it has left be judged."""
        self.running = None
        self._persistence.child_ended()
        self._tell(
            ChildExit(
                child=ending.pid,
                status=ending.status,
                signal=ending.signal,
                usec=ending.usec,
                cow_kb=ending.cow_kb,
            )
        )
        if self.purpose != "lesson":
            self._set_hold("released")
        self._on_end(ending)

    def cancel(self) -> None:
        """Kill the running child and wait for its end: nobody wants its file any more.

        One that the kernel does not let go (its disk hangs) is left to the cron.
        """
        if self.running is None:
            return
        self.running.cancel()
        started = time.monotonic()
        while self.running is not None and (waited := time.monotonic() - started) < _CANCEL_LASTS:
            if waited > _CANCEL_PATIENCE:
                self.running.cancel(patient=False)
            self.reap()
            time.sleep(0.001)

    # -- the hold ------------------------------------------------------------------------------

    def hold(self) -> None:
        """Stop the child before its next record; with no child the next one will be."""
        if self.running is None or self.purpose == "lesson":
            self._set_hold("armed")
        else:
            self.running.control.hold()

    def step(self, pages: int) -> None:
        """Let a held child write so many arena pages; raises CommandError."""
        if self.running is None or self.purpose == "lesson" or self.hold_state != "held":
            raise CommandError("ERR no snapshot child is held: COWSCOPE HOLD, then BGSAVE")
        self.running.control.step(pages)

    def release(self) -> None:
        """Let the child run on, or disarm the hold."""
        if self.running is not None:
            self.running.control.release()
        self._set_hold("released")

    def _set_hold(self, state: HoldState) -> None:
        if state == self.hold_state:
            return
        self.hold_state = state
        child = self.running.pid if self.running is not None else 0
        self._tell(Hold(state=state, child=child))

    def _tell(self, event: Event) -> None:
        observer = self._server.observer
        if observer is not None:
            observer.publisher.publish(event)
            observer.wants_flush()


def _joined(ranges: list[PageRange]) -> list[PageRange]:
    """Neighbouring runs as one; the walk goes upwards, so only the ends can meet."""
    joined: list[PageRange] = []
    for first, last in ranges:
        if joined and joined[-1][1] + 1 >= first >= joined[-1][0]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined
