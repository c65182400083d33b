"""What the child of a rewrite with pipes does: the keyspace, then the diff, in one file.

Source: rewriteAppendOnlyFile() in aof.c (Redis 5.0.14, 6.2.14).
"""

from __future__ import annotations

import contextlib
import os

from engine.base_writer import BaseError, BaseTask, write_data
from engine.child_control import ChildEnd, ParentEnd
from engine.disk import REPLACE, Disk, write_all
from engine.errors import EngineError
from engine.forking import fork
from engine.keyspace import Keyspace
from engine.rdb_writer import Dump
from engine.rewrite_pipes import ChildPipes, RewritePipes
from engine.running_child import Log, RunningChild

DRAIN_EVERY = 10 << 10
"""Bytes of output (AOF_READ_DIFF_INTERVAL_BYTES)."""
DIFF_STEP = 8 << 20
"""Bytes of the diff written at a time."""


class DrainingEnd(ChildEnd):
    """Takes from pipe 1 after every 10 KiB of the dump: a pipe holds only 64."""

    pipes: ChildPipes
    _drained_at = 0

    def after_record(self, dump: Dump) -> None:
        super().after_record(dump)
        self._drain(dump)

    def after_page(self, dump: Dump, first: int, last: int) -> None:
        super().after_page(dump, first, last)
        self._drain(dump)

    def data_written(self, dump: Dump) -> None:
        """All keys are in the file, and safe: say so before anything is asked for."""
        self._report("progress", dump.keys, dump.bytes)

    def _drain(self, dump: Dump) -> None:
        if dump.produced - self._drained_at >= DRAIN_EVERY:
            self._drained_at = dump.produced
            self.pipes.drain()


def write_file(keyspace: Keyspace, disk: Disk, task: BaseTask, end: DrainingEnd) -> tuple[int, int]:
    """Write the new AOF; its (keys, bytes). Raises BaseError after the log has said why."""
    pid = os.getpid()
    growing, result = task.growing(pid), task.result(pid)
    pipes = end.pipes
    what = "Opening the temp file for AOF rewrite in rewriteAppendOnlyFile()"
    try:
        fd = disk.open(growing, REPLACE)
        what = "Write error writing append only file on disk"
        try:
            # 1. the data of the fork, safely on the disk while the parent still sends
            dump = write_data(keyspace, disk, fd, task, end)
            disk.fsync(fd)
            end.data_written(dump)
            # 2. catch up, then have the parent stop
            pipes.drain_until_quiet()
            if not pipes.stop():
                raise EngineError("the parent does not agree to stop sending diffs")
            end.log("*", "Parent agreed to stop sending diffs. Finalizing AOF...")
            # 3. the diff behind the data
            size = len(pipes.diff)
            end.log(
                "*", f"Concatenating {size / (1 << 20):.2f} MB of AOF diff received from parent."
            )
            for at in range(0, size, DIFF_STEP):
                write_all(disk, fd, memoryview(pipes.diff)[at : at + DIFF_STEP])
            disk.fsync(fd)
        finally:
            disk.close(fd)
        # 4. only a finished file has the name under which the parent looks for it
        what = "Error moving temp append only file on the final destination"
        disk.rename(growing, result)
        disk.fsync_directory(task.directory)
    except (OSError, EngineError) as error:
        with contextlib.suppress(OSError):
            disk.unlink(growing)
        line = f"{what}: {error.strerror if isinstance(error, OSError) else error}"
        end.log("#", line)
        raise BaseError(line) from error
    end.log("*", "SYNC append only file rewrite performed")
    return dump.keys, dump.bytes + size


def bgrewrite(
    keyspace: Keyspace,
    disk: Disk,
    task: BaseTask,
    control: ParentEnd,
    pipes: RewritePipes,
    log: Log,
) -> RunningChild:
    """Fork the child; raises ForkError, `control` and `pipes` are then the caller's to abandon."""

    def child() -> int:
        end = DrainingEnd(
            control, subject="AOF rewrite", log=log, key_delay_usec=task.key_delay_usec
        )
        end.pipes = ChildPipes(pipes)
        try:
            keys, size = write_file(keyspace, disk, task, end)
        except BaseError:
            end.failed()
            return 1
        end.finish(keys, size)
        return 0

    keep = (*control.child_fds, *pipes.child_fds)
    forked = fork(child, name="aof-rewrite", keep=keep, log=log)
    control.forked()
    pipes.close_childs()
    log("*", f"Background append only file rewriting started by pid {forked.pid}")
    return RunningChild(forked, control, len(keyspace), task, disk, log)
