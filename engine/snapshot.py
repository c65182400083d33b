"""SAVE and BGSAVE: a dump of the keyspace under its final name, or the old one untouched.

A dump never grows under its final name. It is written as temp-<pid>.rdb, synced, renamed over the
old one in one step, and the directory is synced, so that after a crash at any moment there is the
old dump or the new one, whole. BGSAVE does the same in a forked child, which sees memory as it was
at the fork, whatever the parent writes meanwhile.
Source: rdbSave(), rdbSaveBackground(), backgroundSaveDoneHandlerDisk() in rdb.c (Redis 7.0.15).
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine import rdb_format
from engine.child_control import ChildEnd, ParentEnd, Report
from engine.disk import REPLACE, Disk
from engine.errors import EngineError
from engine.forking import CANCELLED_STATUS, Forked, fork
from engine.keyspace import Keyspace
from engine.rdb_writer import Dump, Pace, write_keyspace

Log = Callable[[str, str], None]
"""Takes a level character and a line."""


class SaveError(EngineError):
    """A dump could not be written; the log has said why, and the old dump is untouched."""


@dataclass(frozen=True, slots=True)
class DumpSettings:
    """What the configuration says of dumps, as it stands when a save begins."""

    directory: str
    filename: str = "dump.rdb"
    checksum: bool = True
    key_delay_usec: int = 0
    """rdb-key-save-delay: sleep after each key; negative: 1 usec every so many keys."""

    @property
    def path(self) -> str:
        """Where the finished dump lies."""
        return os.path.join(self.directory, self.filename)

    def temporary(self, pid: int) -> str:
        """Where process `pid` writes it."""
        return os.path.join(self.directory, f"temp-{pid}.rdb")


@dataclass(frozen=True, slots=True)
class Saved:
    """A dump that is complete under its final name."""

    path: str
    bytes: int
    keys: int
    usec: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How a snapshot child ended; `status` and `signal` are waitpid(2)'s, `usec` since the fork."""

    pid: int
    status: int
    signal: int
    usec: int
    cow_kb: int
    """The highest Private_Dirty that the child has reported, 0 if none."""
    saved: Saved | None
    """The new dump, None if the old one stands."""
    cancelled: bool
    """It was told to give up (SIGUSR1), which is no error."""
    reports: list[Report]
    """What it still said at the end."""


def save(
    keyspace: Keyspace, disk: Disk, settings: DumpSettings, log: Log, pace: Pace | None = None
) -> Saved:
    """Write the dump here and now; raises SaveError after a line of the log has said why."""
    started = time.perf_counter_ns()
    directory = settings.directory
    temporary = settings.temporary(os.getpid())
    name = os.path.basename(temporary)
    failing = functools.partial(_failing, disk, temporary, log)

    # 1. grow under a temporary name
    with failing(
        f"Failed opening the temp RDB file {name} (in server root dir {directory}) for saving"
    ):
        fd = disk.open(temporary, REPLACE)
    try:
        with failing("Write error saving DB on disk(rdbSaveRio)"):
            dump = Dump(disk, fd, checksum=settings.checksum)
            dump.add_opcode(rdb_format.header(_origin(keyspace)))
            write_keyspace(dump, keyspace, pace or Pace(settings.key_delay_usec))
            dump.finish()
        # 2. the bytes are on the disk before the name leads to them
        with failing("Write error saving DB on disk(fsync)"):
            disk.fsync(fd)
    finally:
        disk.close(fd)
    # 3. in one step the new dump takes the old one's place
    with failing(
        f"Error moving temp DB file {name} on the final destination {settings.filename} "
        f"(in server root dir {directory})"
    ):
        disk.rename(temporary, settings.path)
    # 4. the name is on the disk, too
    with failing("Write error saving DB on disk(fsyncFileDir)"):
        disk.fsync_directory(directory)
    log("*", "DB saved on disk")
    usec = (time.perf_counter_ns() - started) // 1000
    return Saved(settings.path, dump.bytes, dump.keys, usec)


def bgsave(
    keyspace: Keyspace, disk: Disk, settings: DumpSettings, control: ParentEnd, log: Log
) -> Snapshot:
    """Fork a child that writes the dump while the parent goes on serving.

    `control` belongs to this snapshot alone and may hold already. `log` is called in both
    processes; in the child it must do nothing but write the line. Raises ForkError; `control`
    is then the caller's to abandon.
    """

    def child() -> int:
        # memory stands still here: it is as it was at the fork, whatever the parent writes
        end = ChildEnd(control, subject="RDB", log=log, key_delay_usec=settings.key_delay_usec)
        try:
            saved = save(keyspace, disk, settings, end.log, end)
        except SaveError:
            end.failed()
            return 1
        end.finish(saved.keys, saved.bytes)
        return 0

    forked = fork(child, name="rdb-bgsave", keep=control.child_fds, log=log)
    # the parent returns at once; from now on its first write to a page makes the kernel copy it
    control.forked()
    log("*", f"Background saving started by pid {forked.pid}")
    return Snapshot(forked, control, len(keyspace), settings, disk, log)


class Snapshot:
    """A running snapshot child, as its parent sees it."""

    def __init__(
        self,
        forked: Forked,
        control: ParentEnd,
        total_keys: int,
        settings: DumpSettings,
        disk: Disk,
        log: Log,
    ) -> None:
        self.forked = forked
        self.pid = forked.pid
        self.control = control
        """Holds, steps, releases, lets go; `control.report_fd` is for the event loop."""
        self.total_keys = total_keys
        """Keys at the fork."""
        self.settings = settings
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
            self._saved = Saved(self.settings.path, report.bytes, report.keys, report.usec)

    def cancel(self, *, patient: bool = True) -> None:
        """Tell the child to give up (SIGUSR1); `reap` returns it soon after, also from a hold.

        Not patient: SIGKILL, which one that was stopped by SIGSTOP obeys, too.
        """
        self._cancelled = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGUSR1 if patient else signal.SIGKILL)

    def reap(self, *, block: bool = False) -> Ending | None:
        """How the child ended, None while it lives; logs the outcome and removes what it left.

        To be called until it returns an Ending; after that the snapshot is of no more use.
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
            self._log("*", "Background saving terminated with success")
        else:
            # a child that was killed could not remove its file itself
            with contextlib.suppress(OSError):
                self._disk.unlink(self.settings.temporary(pid))
            if cancelled or killed_by:
                number = int(killed_by or signal.SIGUSR1)
                self._log("#", f"Background saving terminated by signal {number}")
            else:
                self._log("#", "Background saving error")
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

    def _as_found(self, usec: int) -> Saved | None:
        """The dump of a child that left as one does after success, but could not say so."""
        try:
            size = self._disk.size(self.settings.path)
        except OSError:
            return None
        return Saved(self.settings.path, size, self.total_keys, usec)

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


@contextlib.contextmanager
def _failing(disk: Disk, temporary: str, log: Log, what: str) -> Iterator[None]:
    """A failure in here removes the temporary file, is logged as `what` and becomes SaveError."""
    try:
        yield
    except (OSError, EngineError) as error:
        with contextlib.suppress(OSError):
            disk.unlink(temporary)
        reason = error.strerror if isinstance(error, OSError) else error
        line = f"{what}: {reason}"
        log("#", line)
        raise SaveError(line) from error


def _origin(keyspace: Keyspace) -> dict[str, str]:
    return rdb_format.aux_fields(
        now=keyspace.now_ms() // 1000, used_memory=keyspace.arena.used_bytes, aof_base=False
    )
