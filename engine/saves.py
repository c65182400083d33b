"""Snapshots as the server keeps them: which one runs, how the last one went, what the child holds.

The forking and writing is `snapshot`'s; here is the bookkeeping of Redis' rdb.c and serverCron():
lastsave, dirty, status, the save points, a scheduled BGSAVE, the answer to a second one.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from engine import save_points
from engine.child_control import ParentEnd, Report
from engine.dirty_watch import DirtyWatch
from engine.events import ChildExit, Fork, Hold, PageRange, RdbSaved, SavePoint, SnapshotProgress
from engine.forking import ForkError
from engine.held_pages import held_pages
from engine.proc import page_table_kb
from engine.replies import CommandError, simple
from engine.snapshot import DumpSettings, Ending, Saved, SaveError, Snapshot, bgsave, save

if TYPE_CHECKING:
    from engine.events import Event
    from engine.persistence import Persistence
    from engine.server import Server

_STARTED = simple(b"Background saving started")
_SCHEDULED = simple(b"Background saving scheduled")
_ALREADY = "ERR Background save already in progress"
_MISCONF = (
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to "
    "disk. Commands that may modify the data set are disabled, because this instance is configured "
    "to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option)"
    ". Please check the Redis logs for details about the RDB error."
)
_CANCEL_PATIENCE = 0.5
"""Seconds until a cancelled child that does not leave by itself is killed."""
_CANCEL_LASTS = 2.0
"""Seconds until a cancelled child is waited for no longer."""


class Saves:
    """SAVE, BGSAVE, the save points and the hold."""

    def __init__(self, server: Server, persistence: Persistence) -> None:
        self._server = server
        self._persistence = persistence
        self.snapshot: Snapshot | None = None
        """The running snapshot child."""
        self.lastsave = int(time.time())
        """Unix seconds of the last successful save; the start counts as one."""
        self.last_ok = True
        self.last_try = 0
        self.last_seconds = -1
        self.started_at = 0
        self.attempts = 0
        self.last_cow_bytes = 0
        self.scheduled = False
        self.hold_state = "released"
        self.written_ranges: list[PageRange] = []
        self.held_at_fork = b""
        """1 for every arena page that was mapped when the running child was forked."""
        self._dirty_at_fork = 0
        self.dirty_watch = DirtyWatch()

    # -- saving --------------------------------------------------------------------------------

    def _settings(self) -> DumpSettings:
        config = self._server.config
        return DumpSettings(
            directory=self._persistence.directory,
            filename=config.dbfilename,
            checksum=config.rdbchecksum,
            key_delay_usec=config.rdb_key_save_delay,
        )

    def save_now(self) -> None:
        """SAVE: everybody waits; raises CommandError."""
        if self.snapshot is not None:
            raise CommandError(_ALREADY)
        if not self.write_dump():
            raise CommandError("ERR")

    def write_dump(self) -> bool:
        """Write the dump in the foreground; False when the log has said why not."""
        server = self._server
        self.attempts += 1
        try:
            saved = save(server.keyspace, self._persistence.disk, self._settings(), server.log)
        except SaveError:
            return False
        server.keyspace.dirty = 0
        self.dirty_was_reset()
        self._succeeded(saved)
        return True

    def drop_unfinished(self) -> None:
        """Remove the file that a save of this process has begun; OSError if none has."""
        self._persistence.disk.unlink(self._settings().temporary(os.getpid()))

    def start_bgsave(self, *, schedule: bool = False) -> bytes:
        """BGSAVE: fork a child that saves; the reply. Raises CommandError."""
        if self.snapshot is not None:
            raise CommandError(_ALREADY)
        if schedule and self._persistence.other_child_active():
            return self.schedule_bgsave()
        if not self._fork():
            raise CommandError("ERR")
        return _STARTED

    def schedule_bgsave(self) -> bytes:
        """Have a BGSAVE begin at the next cron without a child; the reply. Raises CommandError."""
        if self.snapshot is not None:
            raise CommandError(_ALREADY)
        self.scheduled = True
        return _SCHEDULED

    def _fork(self) -> bool:
        """Fork the snapshot child; False when the kernel refused, which the log tells."""
        server = self._server
        self.attempts += 1
        self.last_try = self.started_at = server.unix_seconds()
        try:
            control = ParentEnd()
        except OSError as error:  # no descriptors left
            return self._could_not_fork(f"pipe: {error.strerror}")
        if self.hold_state == "armed":
            control.hold()
        control.watch(server.observer is not None)
        self._persistence.flush()
        try:
            with self._persistence.probe_paused():
                held = held_pages(server.keyspace.arena)
                snapshot = bgsave(
                    server.keyspace, self._persistence.disk, self._settings(), control, server.log
                )
        except ForkError as error:
            control.abandon()
            return self._could_not_fork(str(error))
        self.snapshot = snapshot
        self.scheduled = False
        self.held_at_fork = held
        self._dirty_at_fork = server.keyspace.dirty
        self.dirty_watch.begin(server.keyspace.dirty)
        self.written_ranges = []
        server.stats.total_forks += 1
        server.stats.latest_fork_usec = snapshot.forked.usec
        server.loop.add_reader(control.report_fd, self.read_reports)
        self._persistence.child_started(snapshot, held)
        if server.observer is not None:  # /proc is read for those who watch, and for nobody else
            self._tell(
                Fork(
                    pid=os.getpid(),
                    child=snapshot.pid,
                    usec=snapshot.forked.usec,
                    purpose="rdb",
                    page_table_kb=page_table_kb(snapshot.pid),
                    at=snapshot.forked.at,
                )
            )
        return True

    def _could_not_fork(self, why: str) -> bool:
        self.last_ok = False
        self._server.log("#", f"Can't save in background: {why}")
        self._server.update_guard()
        return False

    # -- the child's reports and its end -------------------------------------------------------

    def read_reports(self) -> None:
        """The child's pipe is readable."""
        snapshot = self.snapshot
        if snapshot is None:
            return
        for report in snapshot.read_reports():
            self._take(snapshot, report)
        if snapshot.control.ended:
            self._server.loop.remove_reader(snapshot.control.report_fd)

    def _take(self, snapshot: Snapshot, report: Report, *, gone: bool = False) -> None:
        for level, text in report.log:
            self._server.logger.heard(level, text)
        self.written_ranges = _joined([*self.written_ranges, *report.page_ranges])
        self._tell(
            SnapshotProgress(
                child=snapshot.pid,
                keys=snapshot.keys,
                total_keys=snapshot.total_keys,
                bytes=snapshot.bytes,
                page_ranges=report.page_ranges,
            )
        )
        if report.state == "held":
            self._set_hold("held")
        elif report.state == "done" and not gone:  # a child that has left waits for nothing
            self._persistence.last_reading()
            snapshot.control.let_go()

    def reap(self) -> None:
        """serverCron: has the child ended? Whatever goes wrong here, the next save may begin."""
        snapshot = self.snapshot
        if snapshot is None:
            return
        server = self._server
        server.loop.remove_reader(snapshot.control.report_fd)  # reap closes it
        ending = snapshot.reap()
        if ending is None:
            server.loop.add_reader(snapshot.control.report_fd, self.read_reports)
            return
        try:
            for report in ending.reports:
                self._take(snapshot, report, gone=True)
        finally:
            self._end(ending)

    def _end(self, ending: Ending) -> None:
        """The child is no more: tell it, and judge what it has left."""
        self.snapshot = None
        self.last_seconds = self._server.unix_seconds() - self.started_at
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
        self._set_hold("released")
        self._judge(ending)

    def _judge(self, ending: Ending) -> None:
        server = self._server
        if ending.saved is not None:
            self.dirty_watch.look(server.keyspace.dirty)
            server.keyspace.dirty -= self._dirty_at_fork
            self._check_dirty()
            self.last_cow_bytes = ending.cow_kb * 1024
            self._succeeded(ending.saved)
        elif not ending.cancelled:
            self.last_ok = False
            server.update_guard()

    def _check_dirty(self) -> None:
        problem = self.dirty_watch.verdict(self._server.keyspace.dirty)
        if problem and self._server.config.cowscope_check_invariants:
            self._server.log("#", f"Invariant broken: {problem}")

    def dirty_was_reset(self) -> None:
        """Memory and disk are the same now: a child that still writes has nothing to take off."""
        self._dirty_at_fork = 0
        self.dirty_watch.begin(0)

    def _succeeded(self, saved: Saved) -> None:
        self.lastsave = self._server.unix_seconds()
        self.last_ok = True
        self._server.update_guard()
        self._tell(RdbSaved(path=saved.path, bytes=saved.bytes, keys=saved.keys, usec=saved.usec))

    def cancel(self) -> None:
        """Kill the running child and wait for its end: nobody wants its dump any more.

        One that the kernel does not let go (its disk hangs) is left to the cron.
        """
        if self.snapshot is None:
            return
        self.snapshot.cancel()
        started = time.monotonic()
        while self.snapshot is not None and (waited := time.monotonic() - started) < _CANCEL_LASTS:
            if waited > _CANCEL_PATIENCE:
                self.snapshot.cancel(patient=False)
            self.reap()
            time.sleep(0.001)

    # -- the cron ------------------------------------------------------------------------------

    def check_save_points(self) -> None:
        """Start a BGSAVE when a save point asks for one."""
        server = self._server
        now = server.unix_seconds()
        point = save_points.due(
            server.config.save_points,
            now=now,
            lastsave=self.lastsave,
            dirty=server.keyspace.dirty,
            last_ok=self.last_ok,
            last_try=self.last_try,
        )
        if point is None:
            return
        server.log("*", f"{point.changes} changes in {point.seconds} seconds. Saving...")
        self._tell(
            SavePoint(
                seconds=point.seconds,
                changes=point.changes,
                elapsed=now - self.lastsave,
                dirty=server.keyspace.dirty,
            )
        )
        self._fork()

    def start_scheduled(self) -> None:
        """A BGSAVE that was scheduled begins when no child is left."""
        patient = self.last_ok or self._server.unix_seconds() - self.last_try > (
            save_points.RETRY_SECONDS
        )
        alone = self.snapshot is None and not self._persistence.other_child_active()
        if self.scheduled and alone and patient:
            self._fork()

    # -- the hold ------------------------------------------------------------------------------

    def hold(self) -> None:
        """Stop the child before its next record; with no child the next one will be."""
        if self.snapshot is None:
            self._set_hold("armed")
        else:
            self.snapshot.control.hold()

    def step(self, pages: int) -> None:
        """Let a held child write so many arena pages."""
        if self.snapshot is None or self.hold_state != "held":
            raise CommandError("ERR no snapshot child is held: COWSCOPE HOLD, then BGSAVE")
        self.snapshot.control.step(pages)

    def release(self) -> None:
        """Let the child run on, or disarm the hold."""
        if self.snapshot is not None:
            self.snapshot.control.release()
        self._set_hold("released")

    def _set_hold(self, state: str) -> None:
        if state == self.hold_state:
            return
        self.hold_state = state
        child = self.snapshot.pid if self.snapshot is not None else 0
        self._tell(Hold(state=state, child=child))  # type: ignore[arg-type]

    # -- refusing writes -----------------------------------------------------------------------

    def refusal(self) -> str | None:
        """The MISCONF error while saves fail and are wanted."""
        config = self._server.config
        if self.last_ok or not config.save_points or not config.stop_writes_on_bgsave_error:
            return None
        return _MISCONF

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
