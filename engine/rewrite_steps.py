"""The multi-part rewrite's steps, carried out: what `rewrite` wants meets the disk and the AOF.

Of the server it needs nothing but a function that forks, so that tests run it on a disk that
forgets. Every step is told by its name in NAMES.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from time import monotonic

from engine.aof_file import AofFatalError, AppendOnlyFile
from engine.aof_folder import AofFolder
from engine.bio import Bio
from engine.disk import APPEND, READ, REPLACE, Disk
from engine.errors import EngineError
from engine.events import MultipartStage
from engine.rewrite import (
    Create,
    Fork,
    GoOnIn,
    Install,
    MultipartRewrite,
    Persist,
    Remove,
    Rename,
    Settle,
    Step,
    StopWriting,
)

NAMES: dict[type[Step], MultipartStage] = {
    Settle: "settle-old-increment",
    Create: "create-increment",
    Persist: "persist-manifest",
    GoOnIn: "switch-increment",
    Fork: "fork",
    Install: "install-base",
    Rename: "list-increment",
    Remove: "remove-files",
    StopWriting: "stop-writing",
}
"""Stages of the `rewrite` event."""


class RewriteSteps:
    """One folder's rewrites."""

    def __init__(
        self,
        machine: MultipartRewrite,
        disk: Disk,
        bio: Bio,
        aof: AppendOnlyFile,
        log: Callable[[str, str], None],
        *,
        folder: Callable[[], AofFolder],
        fork: Callable[[], None],
        tell: Callable[[MultipartStage, int], None] = lambda stage, size: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`fork` starts the child that writes the base; it raises EngineError. `tell` hears
        (stage, bytes) of each step, `clock` is that of the AOF's `flush`."""
        self.machine = machine
        self._disk = disk
        self._bio = bio
        self._aof = aof
        self._log = log
        self._folder = folder
        self._fork = fork
        self._tell = tell
        self._clock = clock
        self._next_fd = -1
        self._base = ""
        """The child's finished file."""

    def begin(self, *, turning_on: bool = False) -> bool:
        """Begin a rewrite; False when the log has said why not.

        Raises AofFatalError: a promise can't be kept, and no reply may leave.
        """
        folder, machine = self._folder(), self.machine
        steps = machine.begin(
            appending=self._aof.enabled,
            turning_on=turning_on,
            free_seq=folder.free_increment(machine.manifest),
        )
        return self._carry_out(folder, steps)

    def child_ended(self, base: str, size: int) -> bool:
        """The child has left `size` bytes at `base`: False if they can't be made the base."""
        folder, machine = self._folder(), self.machine
        self._base = base
        steps = machine.child_ended(
            base_seq=folder.free_base(machine.manifest, rdb=machine.rdb_base),
            free_seq=folder.free_increment(machine.manifest),
        )
        if not self._carry_out(folder, steps):
            with contextlib.suppress(OSError):
                self._disk.unlink(base)
            return False
        machine.finished()
        if self._aof.enabled:
            self._aof.rebased(size)
        self.collect()
        return True

    def child_failed(self) -> None:
        """The child has left nothing."""
        self._undo(self._folder(), self.machine.child_failed())

    def collect(self) -> None:
        """Delete the history, unless aof-disable-auto-gc keeps it."""
        steps = self.machine.collect()
        if steps and self._undo(self._folder(), steps):
            self.machine.collected()

    # carrying out

    def _carry_out(self, folder: AofFolder, steps: list[Step]) -> bool:
        for step in steps:
            try:
                self._do(folder, step)
            except AofFatalError:
                raise
            except (OSError, EngineError) as error:
                self._complain(step, error)
                self._undo(folder, self.machine.failed(step))
                return False
            self.machine.done(step)
        return True

    def _undo(self, folder: AofFolder, steps: list[Step]) -> bool:
        """Do these while they can be done: one that fails may be what makes the next one safe."""
        if self._next_fd != -1:
            self._disk.close(self._next_fd)
            self._next_fd = -1
        for step in steps:
            try:
                self._do(folder, step)
            except (OSError, EngineError) as error:
                self._complain(step, error)
                return False
        return True

    def _complain(self, step: Step, error: Exception) -> None:
        reason = error.strerror if isinstance(error, OSError) else error
        self._log("#", f"AOF rewrite: the step {NAMES[type(step)]} failed: {reason}")

    def _do(self, folder: AofFolder, step: Step) -> None:
        size = 0
        match step:
            case Settle():
                self._aof.settle(self._clock())
            case Create(name):
                self._create(folder, name)
            case Persist(manifest):
                folder.persist(manifest)
            case GoOnIn(name):
                self._aof.go_on_in(name, self._next_fd, self._clock())
                self._next_fd = -1
            case Fork():
                self._fork()
            case Install(name):
                size = self._install(folder, name)
            case Rename(old, new):
                self._disk.rename(folder.path(old), folder.path(new))
                self._aof.renamed(new)
                self._log("*", f"Successfully renamed the temporary AOF incr file {old} into {new}")
            case Remove(names):
                for name in names:
                    self._remove(folder, name)
            case StopWriting():
                self._aof.abandon()
        self._tell(NAMES[type(step)], size)

    def _create(self, folder: AofFolder, name: str) -> None:
        folder.make()
        self._next_fd = self._disk.open(folder.path(name), REPLACE | APPEND)
        self._disk.fsync_directory(folder.root)
        self._log("*", f"Creating AOF incr file {name} on background rewrite")

    def _install(self, folder: AofFolder, name: str) -> int:
        folder.make()
        size = self._disk.size(self._base)
        self._disk.rename(self._base, folder.path(name))
        self._disk.fsync_directory(folder.root)
        self._log(
            "*",
            "Successfully renamed the temporary AOF base file "
            f"{os.path.basename(self._base)} into {name}",
        )
        return size

    def _remove(self, folder: AofFolder, name: str) -> None:
        """Unlink a file; closing its last descriptor frees its blocks, which bio may wait for."""
        path = folder.path(name)
        if any(name == file.name for file in self.machine.manifest.history):
            self._log("*", f"Removing the history file {name} in the background")
        elif name == f"temp-{self.machine.prefix}.incr":
            self._log("*", f"Removing the temp incr aof file {name} in the background")
        try:
            fd = self._disk.open(path, READ)
        except (FileNotFoundError, NotADirectoryError):
            return
        self._disk.unlink(path)
        self._bio.close(fd)
