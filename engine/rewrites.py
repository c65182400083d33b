"""AOF rewrites as the server keeps them: BGREWRITEAOF, the triggers, and each step carried out.

What has to happen, and in which order, is `rewrite`'s to say; here it meets the folder, the open
file and the child. Every step is told as a `rewrite` event.
Source: aof.c, serverCron() in server.c (Redis 7.0.15).
"""

from __future__ import annotations

import os
from time import monotonic
from typing import TYPE_CHECKING

from engine.aof_folder import AofFolder
from engine.base_writer import BaseTask, bgrewrite
from engine.disk import READ, REPLACE
from engine.errors import EngineError
from engine.events import Rewrite
from engine.forking import ForkError
from engine.replies import CommandError, simple
from engine.rewrite import (
    IDLE,
    Create,
    Fork,
    GoOnIn,
    Install,
    MultipartRewrite,
    Persist,
    Remove,
    Rename,
    Step,
    StopWriting,
)
from engine.rewrite_triggers import RetryLimit, growth_due
from engine.running_child import Ending, RunningChild

if TYPE_CHECKING:
    from engine.persistence import Persistence
    from engine.server import Server

_STARTED = simple(b"Background append only file rewriting started")
_SCHEDULED = simple(b"Background append only file rewriting scheduled")
_ALREADY = "ERR Background append only file rewriting already in progress"
_FAILED = (
    "ERR Can't execute an AOF background rewriting. Please check the server logs for more "
    "information."
)


class Rewrites:
    """The multi-part rewrite of one server's AOF."""

    def __init__(self, server: Server, persistence: Persistence) -> None:
        self._server = server
        self._persistence = persistence
        self._children = persistence.children
        config = server.config
        self.machine = MultipartRewrite(
            config.appendfilename,
            rdb_base=config.aof_use_rdb_preamble,
            collects=not config.aof_disable_auto_gc,
        )
        self.scheduled = False
        self.waits_for_base = False
        """The AOF was turned on while the server runs, and its first base is not there yet."""
        self.count = 0
        """Rewrites begun (aof_rewrites)."""
        self.failures = 0
        """Of them, the last so many in a row failed."""
        self.last_ok = True
        self.last_seconds = -1
        self.started_at = 0
        self.last_cow_bytes = 0
        self._limit = RetryLimit()
        self._base = ""
        """The child's finished file."""

    @property
    def child(self) -> RunningChild | None:
        """The running rewrite's child."""
        return self._children.running_for("aof")

    def _folder(self) -> AofFolder:
        return self._persistence.recovery.folder()

    # -- commands ------------------------------------------------------------------------------

    def start(self) -> bytes:
        """BGREWRITEAOF: its reply; raises CommandError."""
        if self.child is not None:
            raise CommandError(_ALREADY)
        if self._children.running is not None:
            return self.schedule()
        if not self.begin():
            raise CommandError(_FAILED)
        return _STARTED

    def schedule(self) -> bytes:
        """Have one begin when no child is left: the reply. Raises CommandError."""
        if self.child is not None:
            raise CommandError(_ALREADY)
        self.scheduled = True
        self.failures = 0  # somebody asked: the limit of automatic tries does not count
        return _SCHEDULED

    def turn_on(self) -> None:
        """CONFIG SET appendonly yes: log to a temporary increment until there is a base.

        Raises EngineError; the AOF then stays off.
        """
        self.waits_for_base = True
        if self._children.running_for("rdb") is not None:
            self.scheduled = True
            self._server.log(
                "*",
                "AOF was enabled but there is already another background operation. An AOF "
                "background was scheduled to start when possible.",
            )
            return
        if self.child is not None:  # one for a base alone, of which the AOF would know nothing
            self._children.cancel()
        if not self.begin():
            self.waits_for_base = False
            raise EngineError("the append only file can't be turned on: the log says why")

    def turn_off(self) -> None:
        """CONFIG SET appendonly no: nobody needs the base any more."""
        if self.child is not None:
            self._children.cancel()
        self.scheduled = self.waits_for_base = False

    # -- the cron ------------------------------------------------------------------------------

    def start_scheduled(self) -> None:
        """A rewrite that was scheduled begins when no child is left."""
        if self.scheduled and self._children.running is None and not self._limited():
            self.begin()

    def check_growth(self) -> None:
        """Begin one when the AOF has outgrown its base."""
        config = self._server.config
        if not self._persistence.aof.enabled or self.waits_for_base:
            return
        tail = self._persistence.tail(monotonic())
        growth = growth_due(
            tail.current_size,
            tail.base_size,
            percentage=config.auto_aof_rewrite_percentage,
            min_size=config.auto_aof_rewrite_min_size,
        )
        if growth is None or self._limited():
            return
        self._server.log("*", f"Starting automatic rewriting of AOF on {growth}% growth")
        self.begin()

    def _limited(self) -> bool:
        waits, minutes = self._limit.must_wait(self.failures, self._server.unix_seconds())
        if minutes:
            self._server.log(
                "*",
                "Background AOF rewrite has repeatedly failed and triggered the limit, will retry "
                f"in {minutes} minutes",
            )
        return waits

    # -- one rewrite ---------------------------------------------------------------------------

    def begin(self) -> bool:
        """Begin a rewrite; False when the log has said why not."""
        server, machine = self._server, self.machine
        config = server.config
        machine.rdb_base = config.aof_use_rdb_preamble
        machine.collects = not config.aof_disable_auto_gc
        self.count += 1
        self.scheduled = False
        self.started_at = server.unix_seconds()
        folder = self._folder()
        steps = machine.begin(
            appending=self._persistence.aof.enabled and not self.waits_for_base,
            turning_on=self.waits_for_base,
            free_seq=folder.free_increment(machine.manifest),
        )
        if self._carry_out(folder, steps):
            return True
        self._failed()
        return False

    def _ended(self, ending: Ending) -> None:
        """The child is gone."""
        server, machine = self._server, self.machine
        self.last_seconds = server.unix_seconds() - self.started_at
        folder = self._folder()
        if ending.saved is None:
            self._undo(folder, machine.child_failed())
            if not ending.cancelled:
                self._failed()
            elif self.waits_for_base:
                self.scheduled = True
            return
        self.last_cow_bytes = ending.cow_kb * 1024
        self._base = ending.saved.path
        steps = machine.child_ended(
            base_seq=folder.free_base(machine.manifest, rdb=machine.rdb_base),
            free_seq=folder.free_increment(machine.manifest),
        )
        if not self._carry_out(folder, steps):
            self._failed()
            return
        machine.finished()
        self.failures = 0
        self.last_ok = True
        self.waits_for_base = False
        self._persistence.aof.rebased(ending.saved.bytes)
        server.log("*", "Background AOF rewrite finished successfully")
        self._tell("finished", ending.saved.bytes)

    def _failed(self) -> None:
        self.failures += 1
        self.last_ok = False
        self.scheduled = self.scheduled or self.waits_for_base
        self._tell("failed", 0)

    def _carry_out(self, folder: AofFolder, steps: list[Step]) -> bool:
        for step in steps:
            try:
                self._do(folder, step)
            except (OSError, EngineError) as error:
                reason = error.strerror if isinstance(error, OSError) else error
                self._server.log("#", f"AOF rewrite: {_NAMES[type(step)]} failed: {reason}")
                self._undo(folder, self.machine.failed())
                return False
            self.machine.done(step)
        return True

    def _undo(self, folder: AofFolder, steps: list[Step]) -> None:
        for step in steps:
            try:
                self._do(folder, step)
            except (OSError, EngineError) as error:
                self._server.log("#", f"AOF rewrite: {_NAMES[type(step)]} failed: {error}")

    def _do(self, folder: AofFolder, step: Step) -> None:
        disk, aof = self._persistence.disk, self._persistence.aof
        size = 0
        match step:
            case Create(name):
                folder.make()
                disk.close(disk.open(folder.path(name), REPLACE))
                disk.fsync_directory(folder.root)
            case Persist(manifest):
                folder.persist(manifest)
            case GoOnIn(name):
                aof.go_on_in(folder, name, monotonic())
            case Fork():
                self._fork()
            case Install(name):
                folder.make()
                size = disk.size(self._base)
                disk.rename(self._base, folder.path(name))
                disk.fsync_directory(folder.root)
            case Rename(old, new):
                disk.rename(folder.path(old), folder.path(new))
                aof.renamed(new)
            case Remove(names):
                for name in names:
                    self._remove(folder.path(name))
            case StopWriting():
                aof.abandon()
        self._tell(_NAMES[type(step)], size)

    def _fork(self) -> None:
        server = self._server
        config = server.config
        task = BaseTask(
            directory=self._persistence.directory,
            as_dump=self.machine.rdb_base,
            checksum=config.rdbchecksum,
            key_delay_usec=config.rdb_key_save_delay,
        )
        try:
            self._children.start(
                "aof",
                lambda control: bgrewrite(
                    server.keyspace, self._persistence.disk, task, control, server.log
                ),
                self._ended,
            )
        except ForkError as error:
            raise EngineError(f"Can't rewrite append only file in background: {error}") from error
        self.machine.forked()

    def _remove(self, path: str) -> None:
        """Unlink a file; closing its last descriptor frees its blocks, which bio may wait for."""
        disk = self._persistence.disk
        name = os.path.basename(path)
        self._server.log("*", f"Removing the history file {name} in the background")
        try:
            fd = disk.open(path, READ)
            disk.unlink(path)
        except FileNotFoundError:
            return
        self._persistence.bio.close(fd)

    def _tell(self, stage: str, size: int) -> None:
        observer = self._server.observer
        if observer is not None:
            child = self.child
            pid = child.pid if child is not None else 0
            observer.publisher.publish(Rewrite(stage=stage, child=pid, bytes=size))
            observer.wants_flush()

    def is_idle(self) -> bool:
        """Whether no rewrite is under way."""
        return self.machine.stage == IDLE


_NAMES: dict[type[Step], str] = {
    Create: "create-increment",
    Persist: "persist-manifest",
    GoOnIn: "switch-increment",
    Fork: "fork",
    Install: "install-base",
    Rename: "list-increment",
    Remove: "remove-files",
    StopWriting: "stop-writing",
}
