"""Persistence of one server: the AOF, the saves, what is loaded, what is left behind.

The machines are elsewhere (`aof_policy`, `snapshot`, `saves`); here they meet the event loop.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING, NoReturn

from engine import cachestat, insistence, persistence_info, state_report
from engine.aof_file import AofFatalError, AofTail, AppendOnlyFile
from engine.aof_policy import AofPolicy
from engine.bio import Bio
from engine.children import Children
from engine.disk import Disk
from engine.errors import ConfigError, EngineError, ProbeError
from engine.events import encode
from engine.fault_watch import FaultWatch
from engine.faults import Faults
from engine.faulty_disk import FaultyDisk
from engine.folder_lock import FolderLock
from engine.ledger_disk import LedgerDisk
from engine.lessons import Lessons
from engine.log import FROM_HANDLER
from engine.pipes_rewrites import PipesRewrites
from engine.probe import Probe, Reading, check_invariant
from engine.recovery import Recovery
from engine.replies import CommandError
from engine.rewrites import Rewrites
from engine.saves import Saves
from engine.walks import Walks

if TYPE_CHECKING:
    from engine.observer import Observer
    from engine.running_child import RunningChild
    from engine.server import Server


@contextlib.contextmanager
def _no_reply_after_a_broken_promise() -> Iterator[None]:
    """Under `always` a failed write or fsync ends the process here, before any reply leaves."""
    try:
        yield
    except AofFatalError:
        os._exit(1)  # the log has said why


class Persistence:
    """What the server asks of everything that outlives it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        config = server.config
        self.directory = os.getcwd()
        self.faults = Faults()
        self._fault_watch = FaultWatch(self.faults)
        self.disk: Disk = FaultyDisk(self.faults)
        if config.cowscope_disk_ledger:
            self.disk = LedgerDisk(self.disk, config.cowscope_disk_ledger, self.directory)
        self.folder_lock = FolderLock(self.directory, server.log)
        self.bio = Bio(self.disk, wake=self._bio_finished)
        self._knows_dirty = False
        """Whether cachestat was seen to count dirty pages in this folder."""
        self.has_disk = True
        self.aof = AppendOnlyFile(
            self.disk,
            self.bio,
            server.log,
            AofPolicy(
                config.appendfsync,
                skip_sync_with_child=config.no_appendfsync_on_rewrite,
            ),
            timestamps=config.aof_timestamp_enabled,
            dirty_pages=self._dirty_pages,
        )
        self.append = self.aof.append
        """Takes a command that changed data, and its database."""
        self.aof.on_refusal = lambda _refusal: server.update_guard()
        self.children = Children(server, self)
        self.saves = Saves(server, self)
        self.lessons = Lessons(server, self)
        self.walks = Walks(server, self)
        self.recovery = Recovery(server, self.disk, self.directory)
        with_pipes = config.aof_rewrite_mode == "pipes"
        self.rewrites = PipesRewrites(server, self) if with_pipes else Rewrites(server, self)
        config.on_change("appendfsync", lambda _change: self._policy_changed())
        config.on_change("no-appendfsync-on-rewrite", lambda _change: self._policy_changed())
        config.on_change("save", lambda _change: self._save_points_changed())
        config.on_change("stop-writes-on-bgsave-error", lambda _change: server.update_guard())
        config.on_change("appendonly", lambda _change: self._switch())
        config.on_change("aof-timestamp-enabled", lambda _change: self._timestamps_changed())

    # -- the folder ----------------------------------------------------------------------------

    def claim_folder_if_used(self, grace: float = 0.0) -> None:
        """Have the folder alone where something will be written by itself, as from the start on.

        Raises EngineError if another engine has it. An engine that only reads needs no lock.
        """
        config = self._server.config
        if config.appendonly or config.save_points:
            self.folder_lock.take(grace)

    def claim_folder(self) -> None:
        """A command wants to write there: raises CommandError if another engine has the folder."""
        try:
            self.folder_lock.take()
        except EngineError as error:
            raise CommandError(f"ERR {error}") from error

    def _save_points_changed(self) -> None:
        try:
            self.claim_folder_if_used()
        except EngineError as error:
            raise ConfigError(str(error)) from error
        self._server.update_guard()

    # -- loading -------------------------------------------------------------------------------

    def load(self) -> None:
        """Load the AOF or, with it off, the dump; raises EngineError."""
        self.recovery.clean_up(alone=self.folder_lock.held)
        self.has_disk = cachestat.has_disk(self.directory)
        self._knows_dirty = self.has_disk and cachestat.proves_dirty(self.directory)
        if self._server.config.appendonly:
            self.bio.start()
            self.recovery.load_aof(self.aof)
        else:
            self.recovery.read_manifest()
            self.recovery.load_dump()
        self.rewrites.machine.adopt(self.recovery.manifest)
        self.rewrites.collect()

    # -- turns and cron ------------------------------------------------------------------------

    def append_transaction(self, changes: list[tuple[int, list[bytes]]]) -> None:
        """What a transaction changed."""
        self.aof.append_transaction(changes)

    def flush(self, *, force: bool = False) -> None:
        """aof_buf to the file, and the file to the disk, as the policy says: once a turn."""
        if self.aof.enabled:
            try:
                self.aof.flush(monotonic(), force)
            except AofFatalError:
                os._exit(1)  # the log has said why: no reply may leave

    def keeping_promises(self) -> contextlib.AbstractContextManager[None]:
        """While entered, an AofFatalError ends the process."""
        return _no_reply_after_a_broken_promise()

    def cron(self) -> None:
        """serverCron's part, in Redis' order: the child first, then save points, then the AOF."""
        self.rewrites.start_scheduled()
        if self.children.running is not None:
            self.children.reap()
        else:
            self.saves.check_save_points()
            if self.children.running is None:
                self.rewrites.check_growth()
        self.flush()
        self.saves.start_scheduled()
        self.check_invariants()
        self.tell_faults()
        observer = self._server.observer
        if observer is not None and self.aof.policy.policy == "no":
            observer.cache_watch.look()

    def _bio_finished(self) -> None:
        """In the background thread: have the loop take note of the finished sync."""
        if not self._server.loop.is_closed():
            self._server.loop.call_soon_threadsafe(self._collect)

    def _collect(self) -> None:
        with _no_reply_after_a_broken_promise():
            self.aof.collect()
        if self._server.observer is not None:
            self._server.observer.wants_flush()

    def _policy_changed(self) -> None:
        config = self._server.config
        self.flush()  # what was acknowledged under the old policy follows the old policy
        self.aof.policy.policy = config.appendfsync
        self.aof.policy.skip_sync_with_child = config.no_appendfsync_on_rewrite

    def _timestamps_changed(self) -> None:
        self.aof.timestamps = self._server.config.aof_timestamp_enabled

    def _switch(self) -> None:
        if self._server.config.appendonly:
            try:
                self.folder_lock.take()
                self.bio.start()
                self.rewrites.turn_on()
            except EngineError as error:
                raise ConfigError(str(error)) from error
            return
        self.rewrites.turn_off()
        if self.aof.enabled:
            with _no_reply_after_a_broken_promise():
                self.aof.turn_off(monotonic())

    def check_invariants(self) -> None:
        """With cowscope-check-invariants: what must be true is, or the log says what is not."""
        server = self._server
        if not server.config.cowscope_check_invariants:
            return
        self.saves.dirty_watch.look(server.keyspace.dirty)
        problems = [check_invariant(server.keyspace.arena)]
        tail = self.aof.tail(monotonic())
        if not tail.fsynced <= tail.written <= tail.appended:
            problems.append(f"AOF offsets overtake each other: {tail}")
        for problem in problems:
            if problem:
                server.log("#", f"Invariant broken: {problem}")

    def tell_faults(self) -> None:
        """The disk's faults may have changed: whoever watches hears of it."""
        self._fault_watch.look(self._server.observer)

    # -- leaving -------------------------------------------------------------------------------

    def finish(self, save: bool | None, *, force: bool = False) -> bool:
        """What Redis saves before it leaves; False if a wanted save failed."""
        server = self._server
        self.children.release()
        if self.saves.snapshot is not None:
            server.log("#", "There is a child saving an .rdb. Killing it!")
            self.children.cancel()
        if self.lessons.child is not None:
            self.children.cancel()
        self.walks.give_up()
        if self.rewrites.child is not None:
            if self.rewrites.waits_for_base:
                if not force:
                    server.log("#", "Writing initial AOF, can't exit.")
                    return False
                server.log("#", "Writing initial AOF. Exit anyway.")
            server.log("#", "There is a child rewriting the AOF. Killing it!")
            self.children.cancel()
        if self.aof.enabled:
            with _no_reply_after_a_broken_promise():
                self.aof.stop(monotonic())
        wanted = bool(server.config.save_points) if save is None else save
        if wanted:
            server.log("*", "Saving the final RDB snapshot before exiting.")
            if not self.saves.write_dump() and not force:
                server.log("#", "Error trying to save the DB, can't exit.")
                return False
        return True

    def give_up(self) -> NoReturn:
        """A signal came twice: end here and now, with the old dump as it is."""
        with contextlib.suppress(Exception):
            self._server.log(FROM_HANDLER, "You insist... exiting now.")
            self.saves.drop_unfinished()
        self.folder_lock.release()
        os._exit(1)

    # -- what commands ask ---------------------------------------------------------------------

    @property
    def lastsave(self) -> int:
        """Unix seconds of the last successful save."""
        return self.saves.lastsave

    def save(self) -> None:
        """SAVE; raises CommandError."""
        with insistence.obeyed(self.give_up, asked=False):
            self.saves.save_now()

    def bgsave(self, schedule: bool) -> bytes:
        """BGSAVE [SCHEDULE]: its reply; raises CommandError."""
        return self.saves.start_bgsave(schedule=schedule)

    def schedule_bgsave(self) -> bytes:
        """BGSAVE inside EXEC: its reply; raises CommandError."""
        return self.saves.schedule_bgsave()

    def cancel_rdb_child(self) -> None:
        """FLUSHALL makes a running snapshot pointless."""
        if self.saves.snapshot is not None:
            self.children.cancel()

    def hold(self) -> None:
        """COWSCOPE HOLD."""
        self.children.hold()

    def step(self, pages: int) -> None:
        """COWSCOPE STEP n; raises CommandError."""
        self.children.step(pages)

    def release(self) -> None:
        """COWSCOPE RELEASE."""
        self.children.release()

    def refusal(self) -> str | None:
        """The MISCONF error that answers every write now, or None."""
        return self.saves.refusal() or (self.aof.policy.refusal if self.aof.enabled else None)

    def state(self) -> bytes:
        """COWSCOPE STATE, as JSON."""
        return encode(state_report.report(self._server))

    def info(self) -> list[tuple[str, str]]:
        """The fields of INFO persistence, in Redis' order."""
        return persistence_info.fields(self._server)

    def reload(self, *, save: bool = True, flush: bool = True, merge: bool = False) -> None:
        """DEBUG RELOAD: save, empty, load; raises CommandError, and has not emptied anything then.

        A dump that was not written now is read once for a trial. Where loading fails all the same
        the process ends, unlike Redis, which goes on and may save the half that it has.
        """
        if save and not self.saves.write_dump():
            raise CommandError("ERR Error trying to save the DB")
        try:
            if not save:
                self.recovery.try_dump()
        except EngineError as error:
            raise CommandError(f"ERR Error trying to load the RDB dump: {error}") from error
        if flush:
            self._server.keyspace.flush()
        try:
            self.recovery.load_dump(replace=merge)
        except EngineError as error:
            self._server.log("#", f"DEBUG RELOAD has half of the data and ends here: {error}")
            os._exit(1)
        self._server.log("#", "DB reloaded by DEBUG RELOAD")

    def load_aof(self) -> None:
        """DEBUG LOADAOF: flush, empty, load. Where that fails the process ends, as Redis' does:
        with half the data in memory, nothing may overwrite what is on the disk."""
        if not self.aof.enabled or self.rewrites.waits_for_base:
            raise CommandError("ERR the append only file is off: start with --appendonly yes")
        with _no_reply_after_a_broken_promise():
            self.aof.turn_off(monotonic())
        self._server.keyspace.flush()
        try:
            self.recovery.load_aof(self.aof)
        except EngineError as error:
            self._server.log("#", str(error))
            os._exit(1)
        self.saves.dirty_was_reset()
        self._server.log("#", "Append Only File loaded by DEBUG LOADAOF")

    def tail(self, now: float) -> AofTail:
        """How far each rung has come at `now` (CLOCK_MONOTONIC)."""
        return self.aof.tail(now)

    # -- being watched -------------------------------------------------------------------------

    def watch(self, observer: Observer | None) -> None:
        """Tell this observer everything from now on, or nobody."""
        aof = self.aof
        aof.on_append = observer.appended if observer else None
        aof.on_write = observer.written if observer else None
        aof.on_fsync = observer.fsynced if observer else None
        aof.on_delayed = observer.delayed if observer else None
        snapshot = self.children.running
        if snapshot is not None:
            snapshot.control.watch(observer is not None)
            if observer is not None:
                observer.probe.child_started(
                    snapshot.pid, self.children.held_at_fork, snapshot.forked.at
                )

    def probe_paused(self) -> contextlib.AbstractContextManager[None]:
        """While entered nothing walks the page tables, for which a fork would have to wait."""
        observer = self._server.observer
        if observer is None:
            return contextlib.nullcontext()
        observer.publisher.settle()  # what was written so far is told as before the fork
        return observer.probe.paused()

    def child_started(self, snapshot: RunningChild, held: bytes) -> None:
        """A child was forked; `held` has 1 for every page mapped then."""
        self.aof.policy.child_active = True
        observer = self._server.observer
        if observer is not None:
            observer.probe.child_started(snapshot.pid, held, snapshot.forked.at)

    def last_reading(self) -> None:
        """The child has finished and waits: read the pages once more while it is there."""
        observer = self._server.observer
        if observer is not None:
            try:
                observer.pages(observer.probe.last_reading())
            except ProbeError as error:
                self._server.log("#", f"The last reading of the pages failed: {error}")

    def child_ended(self) -> None:
        """The child is gone: every page counts as private again."""
        self.aof.policy.child_active = False
        observer = self._server.observer
        if observer is not None:
            observer.probe.child_ended()
            observer.probe.kick()

    def read_pages(self) -> tuple[Reading, bytes]:
        """The pages now, read for this answer: figures and one state byte a page."""
        observer = self._server.observer
        if observer is not None:
            return observer.probe.read_now()
        probe = Probe(self._server.keyspace.arena)
        snapshot = self.children.running
        if snapshot is not None:
            probe.child_started(snapshot.pid, self.children.held_at_fork, snapshot.forked.at)
        return probe.read_now()

    def _dirty_pages(self, fd: int) -> int:
        if not self._knows_dirty:
            return -1
        counts = cachestat.cachestat(fd)
        return -1 if counts is None else counts.nr_dirty + counts.nr_writeback
