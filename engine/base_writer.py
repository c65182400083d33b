"""The base of an AOF, written by a forked child: the data of one moment, as a dump or as commands.

The file grows as temp-rewriteaof-<pid>.aof and, once it is safely on the disk, takes the name under
which the parent looks for it, temp-rewriteaof-bg-<pid>.aof.
Source: rewriteAppendOnlyFile() and rewriteAppendOnlyFileBackground() in aof.c (Redis 7.0.15).
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from typing import ClassVar

from engine import rdb_format
from engine.child_control import ChildEnd, ParentEnd
from engine.disk import REPLACE, Disk
from engine.errors import EngineError
from engine.forking import fork
from engine.keyspace import Keyspace
from engine.rdb_writer import Dump, Pace, write_keyspace
from engine.resp_base import write_commands
from engine.running_child import Log, RunningChild, Saved


class BaseError(EngineError):
    """A base could not be written; the log has said why."""


@dataclass(frozen=True, slots=True)
class BaseTask:
    """What the configuration says of bases, as it stands when a rewrite begins."""

    SUCCEEDED: ClassVar[str] = "Background AOF rewrite terminated with success"
    FAILED: ClassVar[str] = "Background AOF rewrite terminated with error"
    KILLED: ClassVar[str] = "Background AOF rewrite terminated by signal"
    CANCELLING: ClassVar[str] = "Killing running AOF rewrite child:"

    directory: str
    as_dump: bool = True
    """aof-use-rdb-preamble: a dump, else commands."""
    checksum: bool = True
    timestamps: bool = False
    """aof-timestamp-enabled: commands begin with the moment of which they are the data."""
    key_delay_usec: int = 0

    def growing(self, pid: int) -> str:
        """Where child `pid` writes."""
        return os.path.join(self.directory, f"temp-rewriteaof-{pid}.aof")

    def result(self, pid: int) -> str:
        """Where it leaves the finished file."""
        return os.path.join(self.directory, f"temp-rewriteaof-bg-{pid}.aof")

    def leftovers(self, pid: int) -> list[str]:
        """Both."""
        return [self.growing(pid), self.result(pid)]


def write_base(
    keyspace: Keyspace, disk: Disk, task: BaseTask, log: Log, pace: Pace | None = None
) -> Saved:
    """Write the base here and now; raises BaseError after a line of the log has said why."""
    started = time.perf_counter_ns()
    pid = os.getpid()
    growing, result = task.growing(pid), task.result(pid)
    pace = pace or Pace(task.key_delay_usec)
    what = "Opening the temp file for AOF rewrite in rewriteAppendOnlyFile()"
    try:
        fd = disk.open(growing, REPLACE)
        what = "Write error writing append only file on disk"
        try:
            dump = write_data(keyspace, disk, fd, task, pace)
            disk.fsync(fd)
        finally:
            disk.close(fd)
        what = "Error moving temp append only file on the final destination"
        disk.rename(growing, result)
        disk.fsync_directory(task.directory)
    except (OSError, EngineError) as error:
        with contextlib.suppress(OSError):
            disk.unlink(growing)
        line = f"{what}: {error.strerror if isinstance(error, OSError) else error}"
        log("#", line)
        raise BaseError(line) from error
    log("*", f"Successfully created the temporary AOF base file {os.path.basename(result)}")
    usec = (time.perf_counter_ns() - started) // 1000
    return Saved(result, dump.bytes, dump.keys, usec)


def write_data(keyspace: Keyspace, disk: Disk, fd: int, task: BaseTask, pace: Pace) -> Dump:
    """Write all keys to `fd`, as a dump or as commands."""
    dump = Dump(disk, fd, checksum=task.checksum and task.as_dump)
    if task.as_dump:
        dump.add_opcode(rdb_format.header(_origin(keyspace)))
        write_keyspace(dump, keyspace, pace)
        dump.finish()
        return dump
    if task.timestamps:
        dump.add_opcode(b"#TS:%d\r\n" % (keyspace.now_ms() // 1000))
    write_commands(dump, keyspace, pace)
    dump.flush()
    return dump


def bgrewrite(
    keyspace: Keyspace, disk: Disk, task: BaseTask, control: ParentEnd, log: Log
) -> RunningChild:
    """Fork a child that writes the base; as `snapshot.bgsave` in everything else."""

    def child() -> int:
        end = ChildEnd(control, subject="AOF rewrite", log=log, key_delay_usec=task.key_delay_usec)
        try:
            saved = write_base(keyspace, disk, task, end.log, end)
        except BaseError:
            end.failed()
            return 1
        end.finish(saved.keys, saved.bytes)
        return 0

    forked = fork(child, name="aof-rewrite", keep=control.child_fds, log=log)
    control.forked()
    log("*", f"Background append only file rewriting started by pid {forked.pid}")
    return RunningChild(forked, control, len(keyspace), task, disk, log)


def _origin(keyspace: Keyspace) -> dict[str, str]:
    return rdb_format.aux_fields(
        now=keyspace.now_ms() // 1000, used_memory=keyspace.arena.used_bytes, aof_base=True
    )
