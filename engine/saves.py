"""Snapshots as the server keeps them: how the last one went, when the next one is due.

The forking and writing is `snapshot`'s; here is the bookkeeping of Redis' rdb.c and serverCron():
lastsave, dirty, status, the save points, a scheduled BGSAVE, the answer to a second one.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from engine import save_points
from engine.child_control import ParentEnd
from engine.dirty_watch import DirtyWatch
from engine.errors import EngineError
from engine.events import Clock, RdbSaved, SavePoint
from engine.forking import ForkError
from engine.replies import CommandError, simple
from engine.running_child import Ending, RunningChild, Saved
from engine.scaled_clock import ScaledClock
from engine.snapshot import DumpSettings, SaveError, bgsave, save

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
_OTHER_CHILD = (
    "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in "
    "order to schedule a BGSAVE whenever possible."
)


class Saves:
    """SAVE, BGSAVE, the save points and the hold."""

    def __init__(self, server: Server, persistence: Persistence) -> None:
        self._server = server
        self._persistence = persistence
        self._children = persistence.children
        self.lastsave = int(time.time())
        """Unix seconds of the last successful save; the start counts as one."""
        self.clock = ScaledClock(time.time)
        """What the save points go by: it can be scaled, LASTSAVE can't."""
        self._saved_at = self.clock()
        self.last_ok = True
        self.last_try = 0
        self.last_seconds = -1
        self.started_at = 0
        self.attempts = 0
        self.last_cow_bytes = 0
        self.scheduled = False
        self._dirty_at_fork = 0
        self.dirty_watch = DirtyWatch()

    @property
    def snapshot(self) -> RunningChild | None:
        """The running snapshot child."""
        return self._children.running_for("rdb")

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
        self._persistence.claim_folder()
        if not self.write_dump():
            raise CommandError("ERR")

    def write_dump(self) -> bool:
        """Write the dump in the foreground; False when the log has said why not."""
        server = self._server
        self.attempts += 1
        try:
            self._persistence.folder_lock.take()
        except EngineError as error:
            server.log("#", str(error))
            return False
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
        if self._children.running is not None:
            if schedule:
                return self.schedule_bgsave()
            raise CommandError(_OTHER_CHILD)
        self._persistence.claim_folder()
        if not self._fork():
            raise CommandError("ERR")
        return _STARTED

    def schedule_bgsave(self) -> bytes:
        """Have a BGSAVE begin at the next cron without a child; the reply. Raises CommandError."""
        if self.snapshot is not None:
            raise CommandError(_ALREADY)
        self._persistence.claim_folder()
        self.scheduled = True
        return _SCHEDULED

    def _fork(self) -> bool:
        """Fork the snapshot child; False when the kernel refused, which the log tells."""
        server = self._server
        self.attempts += 1
        self.last_try = self.clock()
        self.started_at = server.unix_seconds()
        settings = self._settings()
        try:
            self._children.start(
                "rdb",
                lambda control: bgsave(
                    server.keyspace, self._persistence.disk, settings, control, server.log
                ),
                self._judge,
                ParentEnd,
            )
        except ForkError as error:
            self.last_ok = False
            server.log("#", f"Can't save in background: {error}")
            server.update_guard()
            return False
        self.scheduled = False
        self._dirty_at_fork = server.keyspace.dirty
        self.dirty_watch.begin(server.keyspace.dirty)
        return True

    # -- its end -------------------------------------------------------------------------------

    def _judge(self, ending: Ending) -> None:
        server = self._server
        self.last_seconds = server.unix_seconds() - self.started_at
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
        self._saved_at = self.clock()
        self.last_ok = True
        self._server.update_guard()
        self._tell(RdbSaved(path=saved.path, bytes=saved.bytes, keys=saved.keys, usec=saved.usec))

    # -- the cron ------------------------------------------------------------------------------

    def check_save_points(self) -> None:
        """Start a BGSAVE when a save point asks for one."""
        server = self._server
        now = self.clock()
        point = save_points.due(
            server.config.save_points,
            now=now,
            lastsave=self._saved_at,
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
                elapsed=now - self._saved_at,
                dirty=server.keyspace.dirty,
                clock_scale=self.clock.scale,
            )
        )
        self._fork()

    def start_scheduled(self) -> None:
        """A BGSAVE that was scheduled begins when no child is left."""
        patient = self.last_ok or self.clock() - self.last_try > save_points.RETRY_SECONDS
        if self.scheduled and self._children.running is None and patient:
            self._fork()

    def scale_clock(self, scale: int) -> None:
        """COWSCOPE CLOCK: the save points' seconds pass so many times faster from now on."""
        self.clock.run(scale)
        self._tell(Clock(scale=scale, source="scripted"))

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
