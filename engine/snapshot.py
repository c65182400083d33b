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
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from engine import rdb_format
from engine.child_control import ChildEnd, ParentEnd
from engine.disk import REPLACE, Disk
from engine.errors import EngineError
from engine.forking import fork
from engine.keyspace import Keyspace
from engine.rdb_writer import Dump, Pace, write_keyspace
from engine.running_child import Log, RunningChild, Saved


class SaveError(EngineError):
    """A dump could not be written; the log has said why, and the old dump is untouched."""


@dataclass(frozen=True, slots=True)
class DumpSettings:
    """What the configuration says of dumps, as it stands when a save begins."""

    SUCCEEDED: ClassVar[str] = "Background saving terminated with success"
    FAILED: ClassVar[str] = "Background saving error"
    KILLED: ClassVar[str] = "Background saving terminated by signal"
    CANCELLING: ClassVar[str] = ""

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

    def result(self, pid: int) -> str:
        """The final name, whoever writes it."""
        return self.path

    def leftovers(self, pid: int) -> list[str]:
        """The temporary file."""
        return [self.temporary(pid)]


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
) -> RunningChild:
    """Fork a child that writes the dump while the parent goes on serving.

    `control` belongs to this child alone and may hold already. `log` is called in both
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
    return RunningChild(forked, control, len(keyspace), settings, disk, log)


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
