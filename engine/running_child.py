"""A running child that writes a file, as its parent sees it: what it says, and how it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from engine.child_control import ParentEnd, Report
from engine.disk import Disk
from engine.errors import EngineError
from engine.forking import CANCELLED_STATUS, Forked

Log = Callable[[str, str], None]
"""Takes a level character and a line."""


class Task(Protocol):
    """What a child is to write, and how Redis' log calls its end."""

    SUCCEEDED: ClassVar[str]
    FAILED: ClassVar[str]
    KILLED: ClassVar[str]
    """Followed by the signal's number."""
    CANCELLING: ClassVar[str]
    """Followed by its pid when the server gives it up; empty where KILLED tells of that, too."""

    def result(self, pid: int) -> str:
        """Where child `pid` leaves the finished file."""

    def leftovers(self, pid: int) -> list[str]:
        """What a child `pid` that failed may have left behind."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A file that is complete under its name."""

    path: str
    bytes: int
    keys: int
    usec: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How a child ended; `status` and `signal` are waitpid(2)'s, `usec` since the fork."""

    pid: int
    status: int
    signal: int
    usec: int
    cow_kb: int
    """The highest Private_Dirty that the child has reported, 0 if none."""
    saved: Saved | None
    """The finished file, None if there is none."""
    cancelled: bool
    """It was told to give up (SIGUSR1), which is no error."""
    reports: list[Report]
    """What it still said at the end."""


class RunningChild:
    """A child at work."""

    def __init__(
        self,
        forked: Forked,
        control: ParentEnd,
        total_keys: int,
        task: Task,
        disk: Disk,
        log: Log,
    ) -> None:
        self.forked = forked
        self.pid = forked.pid
        self.control = control
        """Holds, steps, releases, lets go; `control.report_fd` is for the event loop."""
        self.total_keys = total_keys
        """Keys at the fork."""
        self.task = task
        self.keys = 0
        self.bytes = 0
        """As last reported."""
        self.cow_kb = 0
        self.cow_peak_kb = 0
        self.cow_at = forked.at
        """The child's Private_Dirty, its highest, and when (monotonic seconds) it was reported."""
        self._saved: Saved | None = None
        self._cancelled = False
        self._disk = disk
        self._log = log

    def read_reports(self) -> list[Report]:
        """What the child has said since the last call; never blocks."""
        reports = self.control.reports()
        for report in reports:
            self._take(report)
        return reports

    def _take(self, report: Report) -> None:
        if report.state != "failed":
            self.keys, self.bytes = report.keys, report.bytes
        if report.cow_kb >= 0:
            self.cow_kb = report.cow_kb
            self.cow_peak_kb = max(self.cow_peak_kb, report.cow_kb)
            self.cow_at = time.monotonic()
        if report.state == "done":
            self._saved = Saved(self.task.result(self.pid), report.bytes, report.keys, report.usec)

    def cancel(self, *, patient: bool = True) -> None:
        """Tell the child to give up (SIGUSR1); `reap` returns it soon after, also from a hold.

        Not patient: SIGKILL, which one that was stopped by SIGSTOP obeys, too.
        """
        if self.task.CANCELLING and not self._cancelled:
            self._log("*", f"{self.task.CANCELLING} {self.pid}")
        self._cancelled = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGUSR1 if patient else signal.SIGKILL)

    def reap(self, *, block: bool = False) -> Ending | None:
        """How the child ended, None while it lives; logs the outcome and removes what it left.

        To be called until it returns an Ending; after that this object is of no more use.
        """
        pid, status = os.waitpid(self.pid, 0 if block else os.WNOHANG)
        if not pid:
            return None
        usec = int((time.monotonic() - self.forked.at) * 1_000_000)
        reports = self._last_reports()
        exit_status = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0
        killed_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        ok = exit_status == 0 and not killed_by
        cancelled = not ok and (
            self._cancelled or exit_status == CANCELLED_STATUS or killed_by == signal.SIGUSR1
        )
        if ok:
            self._log("*", self.task.SUCCEEDED)
        else:
            # a child that was killed could not remove its file itself
            for path in self.task.leftovers(pid):
                with contextlib.suppress(OSError):
                    self._disk.unlink(path)
            self._log_failure(killed_by or (signal.SIGUSR1 if cancelled else 0))
        return Ending(
            pid=pid,
            status=exit_status,
            signal=killed_by,
            usec=usec,
            cow_kb=self.cow_peak_kb,
            saved=(self._saved or self._as_found(usec)) if ok else None,
            cancelled=cancelled,
            reports=reports,
        )

    def _log_failure(self, number: int) -> None:
        """`number` is the signal that ended it, 0 if none did."""
        if self._cancelled and self.task.CANCELLING:
            return  # `cancel` has said so
        self._log("#", f"{self.task.KILLED} {int(number)}" if number else self.task.FAILED)

    def _as_found(self, usec: int) -> Saved | None:
        """The file of a child that left as one does after success, but could not say so."""
        try:
            size = self._disk.size(self.task.result(self.pid))
        except OSError:
            return None
        return Saved(self.task.result(self.pid), size, self.total_keys, usec)

    def _last_reports(self) -> list[Report]:
        """What is left in the pipe of a child that was waited for, which can't be done twice."""
        try:
            return self.read_reports()
        except (OSError, EngineError) as error:
            self._log("#", f"The last report of the child {self.pid} can't be read: {error}")
            return []
        finally:
            with contextlib.suppress(OSError):
                self.control.close()
