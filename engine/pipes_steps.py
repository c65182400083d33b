"""The rewrite with pipes, carried out: what `pipes_rewrite` wants meets pipes, disk and AOF.

Of the server it needs the functions that fork and that watch descriptors; tests give others.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from engine.aof_file import AofFatalError, AppendOnlyFile
from engine.bio import Bio
from engine.disk import APPEND, READ, Disk, write_all
from engine.errors import EngineError
from engine.events import PipesStage
from engine.pipes_rewrite import (
    INSTALLING,
    SENDING,
    CloseOld,
    Fork,
    OpenPipes,
    PipesRewrite,
    RenameOver,
    Step,
    Switch,
    WriteResidual,
)
from engine.rewrite_buffer import BLOCK
from engine.single_file import SingleFile

NAMES: dict[type[Step], PipesStage] = {
    OpenPipes: "open-pipes",
    Fork: "fork",
    WriteResidual: "residual-written",
    RenameOver: "renamed",
    Switch: "switched",
    CloseOld: "old-file-closed",
}
"""Stages of the `rewrite` event; those in between have names of their own below."""
DIFF_BUFFERED: PipesStage = "diff-buffered"
DIFF_SENT: PipesStage = "diff-sent"
CHILD_ASKS: PipesStage = "child-asks-stop"
PARENT_AGREES: PipesStage = "parent-agrees"
DIFF_APPENDED: PipesStage = "child-diff-appended"
TOLD_EVERY = 16 << 10
"""Bytes by which the rewrite buffer has grown when it is told of again."""


class Pipes(Protocol):
    """The parent's side of `rewrite_pipes.RewritePipes`."""

    def send(self, data: bytes) -> int: ...
    def was_asked(self) -> bool: ...
    def agree(self) -> None: ...


class PipesSteps:
    """One file's rewrites."""

    def __init__(
        self,
        machine: PipesRewrite,
        disk: Disk,
        bio: Bio,
        aof: AppendOnlyFile,
        log: Callable[[str, str], None],
        *,
        folder: Callable[[], SingleFile],
        open_pipes: Callable[[], Pipes],
        fork: Callable[[Pipes], None],
        watch: Callable[[Pipes, bool], None],
        hang_up: Callable[[Pipes], None],
        tell: Callable[[PipesStage, int], None] = lambda stage, size: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`fork` starts the child and raises EngineError; `watch` calls `send` while pipe 1 has
        room, or no longer; `hang_up` closes the pipes. `tell` hears (stage, bytes), `clock` is
        that of the AOF's `flush`."""
        self.machine = machine
        self._disk = disk
        self._bio = bio
        self._aof = aof
        self._log = log
        self._folder = folder
        self._open_pipes = open_pipes
        self._fork = fork
        self._watch = watch
        self._close = hang_up
        self._tell = tell
        self._clock = clock
        self._pipes: Pipes | None = None
        self._watching = False
        self._base = ""
        self._fds: list[int] = []  # the new file's, and the old one's where the AOF is off
        self._count = 0
        self._told = 0  # bytes of the rewrite buffer when it was told of last

    # -- its beginning -------------------------------------------------------------------------

    def begin(self, *, turning_on: bool = False) -> bool:
        """Begin a rewrite; False when the log has said why not."""
        steps = self.machine.begin(turning_on=turning_on, logging=self._aof.enabled)
        if not self._carry_out(steps):
            self.machine.failed()
            return False
        self.machine.forked()
        if self._aof.enabled or turning_on:
            self._aof.select_again()
            self._aof.on_data = self._appended
        return True

    # -- while the child works -----------------------------------------------------------------

    def _appended(self, data: bytes) -> None:
        before = self.machine.buffer.block_count
        to_send = self.machine.append(data)
        count = self.machine.buffer.block_count
        if count != before and count % 10 == 0:
            level = "#" if count % 100 == 0 else "*"
            self._log(level, f"Background AOF buffer size: {count * BLOCK >> 20} MB")
        if to_send and not self._watching:
            self._set_watching(True)
        size = len(self.machine.buffer)
        self._told = min(self._told, size)
        if size >= self._told + max(TOLD_EVERY, self._told >> 3):
            self._told = size
            self._tell(DIFF_BUFFERED, size)

    def send(self) -> None:
        """Pipe 1 has room: fill it."""
        machine, pipes = self.machine, self._pipes
        if pipes is None or machine.stage != SENDING or not machine.buffer:
            self._set_watching(False)
            return
        total, more = 0, True
        try:
            while more and (count := pipes.send(machine.buffer.head())):
                total += count
                more = machine.sent(count)
        except OSError as error:  # the child is gone, which the cron will see
            self._log("#", f"Can't write diffs to the AOF child: {error.strerror}")
            more = False
        if total:
            self._tell(DIFF_SENT, total)
        if not more:
            self._set_watching(False)

    def hear(self) -> None:
        """Pipe 2 is readable."""
        pipes = self._pipes
        if pipes is None or self.machine.stage != SENDING or not pipes.was_asked():
            return
        self._log("*", "AOF rewrite child asks to stop sending diffs.")
        self._tell(CHILD_ASKS, self.machine.sent_bytes)
        self.machine.asked()
        self._set_watching(False)
        try:
            pipes.agree()
        except OSError as error:
            self._log("#", f"Can't send ACK to AOF child: {error.strerror}")
            return
        self._tell(PARENT_AGREES, len(self.machine.buffer))

    # -- its end -------------------------------------------------------------------------------

    def child_failed(self) -> None:
        """The child has left nothing: the old file goes on."""
        self._hang_up()
        self.machine.child_failed()

    def child_ended(self, base: str, size: int) -> bool:
        """The child has left `size` bytes at `base`; False if they can't become the AOF."""
        self._hang_up()
        self._tell(DIFF_APPENDED, self.machine.sent_bytes)
        self._base = base
        if self._carry_out(self.machine.child_ended()):
            self.machine.finished()
            return True
        for fd in self._fds:
            self._disk.close(fd)
        self._fds = []
        with contextlib.suppress(OSError):
            self._disk.unlink(base)
        self.machine.failed()
        return False

    def collect(self) -> None:
        """There is no history to delete."""

    def _hang_up(self) -> None:
        self._aof.on_data = None
        self._set_watching(False)
        if self._pipes is not None:
            self._close(self._pipes)
            self._pipes = None

    def _set_watching(self, on: bool) -> None:
        if on != self._watching and self._pipes is not None:
            self._watching = on
            self._watch(self._pipes, on)

    # -- carrying out --------------------------------------------------------------------------

    def _carry_out(self, steps: list[Step]) -> bool:
        for step in steps:
            try:
                size = self._do(step)
            except AofFatalError:
                raise
            except (OSError, EngineError) as error:
                reason = error.strerror if isinstance(error, OSError) else error
                self._log("#", f"AOF rewrite: not {NAMES[type(step)]}: {reason}")
                if self.machine.stage != INSTALLING and self._pipes is not None:
                    self._hang_up()
                return False
            self._tell(NAMES[type(step)], size)
        return True

    def _do(self, step: Step) -> int:
        folder = self._folder()
        size = 0
        match step:
            case OpenPipes():
                self._pipes = self._open_pipes()
            case Fork():
                assert self._pipes is not None
                self._fork(self._pipes)
            case WriteResidual():
                size = self._write_residual()
            case RenameOver():
                self._rename_over(folder)
            case Switch():
                size = self._disk.size(folder.path(folder.prefix))
                self._count += 1
                name = f"{folder.prefix} (rewrite {self._count})"
                old = self._aof.replace(name, self._fds.pop(), size, self._clock())
                self._fds = [old] if old != -1 else []
            case CloseOld():
                for fd in self._fds:
                    self._bio.close(fd)
                self._fds = []
        return size

    def _write_residual(self) -> int:
        fd = self._disk.open(self._base, APPEND)
        self._fds = [fd]
        size = len(self.machine.buffer)
        for block in self.machine.buffer.blocks():
            write_all(self._disk, fd, block)
        self._disk.fdatasync(fd)
        self._log(
            "*",
            "Residual parent diff successfully flushed to the rewritten AOF "
            f"({size / (1 << 20):.2f} MB)",
        )
        return size

    def _rename_over(self, folder: SingleFile) -> None:
        path = folder.path(folder.prefix)
        if not self._fds and self._disk.exists(path):
            self._fds = [self._disk.open(path, READ)]  # so that bio frees its blocks, not rename
        self._disk.rename(self._base, path)
        try:
            self._disk.fsync_directory(folder.directory)
        except OSError as error:
            # the name has changed, there is no way back: only a power cut could still undo it
            line = f"Fail to fsync the directory of the AOF: {error.strerror}"
            if self._aof.policy.policy == "always":
                self._log("#", line)
                raise AofFatalError(line) from error
            self._log("#", line)
