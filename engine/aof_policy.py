"""The AOF's policy: when to write, when to fsync, what may be acknowledged.

Theory of operation
-------------------
Bytes climb three rungs. They are *appended* to aof_buf (memory of this process), *written* to the
file (the kernel's page cache) and *fsynced* (on the disk). Three offsets in the file say how far
each rung has come, and always

    fsynced <= written <= appended = written + bytes in aof_buf

The event loop gives the machine a turn's bytes with `append`, then calls `flush`, then sends the
turn's replies. So all commands of a turn share one write and one fsync, and whatever the policy
promises about an acknowledged write is settled before its reply leaves:

    always    write, fdatasync, reply. An acknowledged write survives a power cut. When that cannot
              be kept the process must stop: the reply's effect can't be taken back.
    everysec  write, reply; a background thread syncs once a second. While that sync still runs,
              the next write waits for it for up to 2 s (the replies do not: acknowledged bytes then
              live in process memory alone), then goes ahead and is counted as delayed.
    no        write, reply. The kernel syncs when it likes, after some 30 s.

The machine does no I/O and has no clock. Every input answers a list of intentions, to be carried
out in order; carrying out `Write`, `Truncate` and `Sync` is reported by the input that names it,
which may answer further intentions. What may come when stands in MOVES; anything else raises
IllegalMoveError and changes nothing.

`now` is seconds of any one clock. Like Redis, "a second has passed" is judged on whole seconds: the
first write after a pause is synced at once, one soon after it when the next second begins.

A failed fdatasync may have cost the bytes it was for: Linux marks the pages clean, and a later
success says nothing about them (fsync(2), "fsyncgate" 2018). As in Redis the later success ends the
refusal of writes, but `fsynced` stays where it was until a new file begins.

Source: Redis 7.0.15, aof.c (flushAppendOnlyFile), bio.c; retries once a second are serverCron's.
Unlike 7.0, 2 s are measured exactly (as 7.4 does), and `always` syncs what an earlier policy left.
"""

from __future__ import annotations

import errno as errnos
import os
from typing import Literal

from engine.aof_intentions import (
    Delayed,
    Exit,
    IllegalMoveError,
    Intention,
    LogLine,
    Postpone,
    Sync,
    Truncate,
    Write,
)
from engine.events import Policy

POSTPONE_SECONDS = 2.0
LOG_EVERY_SECONDS = 30

READY, WRITING, TRUNCATING, SYNCING, STOPPED = (
    "ready",
    "writing",
    "truncating",
    "syncing",
    "stopped",
)

MOVES: dict[str, frozenset[str]] = {
    # stage       what may come while the machine is in it
    READY: frozenset({"append", "flush", "sync", "discard", "begin_file"}),
    WRITING: frozenset({"written", "write_failed"}),
    TRUNCATING: frozenset({"truncated", "truncate_failed"}),
    SYNCING: frozenset({"synced", "sync_failed"}),  # of the main thread's own sync
    STOPPED: frozenset(),  # an Exit was asked for
}
"""The background thread's `synced` and `sync_failed` may come in any stage."""

DISK_BUSY = (
    "Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without "
    "waiting for fsync to complete, this may slow down Redis."
)
WRITE_FATAL = "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting..."
FSYNC_FATAL = (
    "Can't persist AOF for fsync error when the AOF fsync policy is 'always': %s. Exiting..."
)


class AofPolicy:
    """The machine for one AOF file at a time."""

    def __init__(self, policy: Policy = "everysec", *, skip_sync_with_child: bool = False) -> None:
        self.policy: Policy = policy
        """May be changed at any time; the next flush goes by it."""
        self.skip_sync_with_child = skip_sync_with_child
        """no-appendfsync-on-rewrite: no fsync while a child does its own I/O."""
        self.child_active = False
        self.stage = READY
        self.file = ""
        self.written = 0
        self.fsynced = 0
        self.buffer_length = 0
        """Bytes in aof_buf (aof_buffer_length)."""
        self.delayed_fsync = 0
        """Writes that went ahead although a sync was running (aof_delayed_fsync)."""
        self.pending_bio_fsync = 0
        """Syncs given to the background thread and not yet reported."""
        self.refusal: str | None = None
        """The MISCONF error that answers every write while the disk fails, else None."""
        self._buffer: list[bytes] = []
        self._asked = 0  # the offset that the last sync was asked for
        self._asked_at = 0  # and its whole second
        self._now = 0.0
        self._postponed_since: float | None = None
        self._write_errno = 0
        self._fsync_errno = 0
        self._tried_at = 0  # whole second of the last failed write
        self._logged_at = -LOG_EVERY_SECONDS - 1
        self._may_log = False
        self._confirmed = 0  # the end of the last sync that succeeded
        self._doubtful = False  # a sync of this file failed: see the essay
        self._closing = False
        self._syncs: list[Sync] = []  # of this file, not yet reported

    # What the rest of the engine may know

    @property
    def appended(self) -> int:
        return self.written + self.buffer_length

    @property
    def may_acknowledge(self) -> int:
        """Replies to commands that end at or below this offset may leave now."""
        if self.policy != "always" or self._skips_sync():
            return self.appended
        return self._confirmed

    @property
    def last_write_status(self) -> Literal["ok", "err"]:
        """aof_last_write_status: of the last write and the last background sync."""
        return "err" if self.refusal else "ok"

    def next_fsync_at(self, now: float) -> float:
        """When everysec will ask for its next sync; 0.0 when nothing waits for one."""
        if self.policy != "everysec" or self._asked == self.appended or self._skips_sync():
            return 0.0
        return max(now, float(self._asked_at + 1))

    # Inputs

    def begin_file(self, file: str, size: int, now: float) -> None:
        """Go on at the end of `file`, of whose `size` bytes nobody knows yet whether they are safe.

        aof_buf must be empty. Syncs of the file before are counted, and otherwise ignored.
        """
        self._enter("begin_file")
        if self.buffer_length:
            raise IllegalMoveError(f"{self.buffer_length} bytes for {self.file} are not written")
        self.file = file
        self.written = size
        self.fsynced = self._asked = 0
        self._asked_at = int(now)
        self._confirmed = 0
        self._doubtful = False
        self._syncs.clear()
        self._write_errno = self._fsync_errno = 0
        self._judge()

    def rename(self, file: str) -> None:
        """The file has got another name; syncs that were asked for under the old one count."""
        self._enter("begin_file")
        self.file = file

    def owns(self, sync: Sync) -> bool:
        """Whether this sync, not yet reported, is one of the present file.

        Names do not tell: a file may be renamed, and another one take the old name.
        """
        return any(sync is asked for asked in self._syncs)

    def append(self, data: bytes) -> None:
        """A turn's commands enter aof_buf."""
        self._enter("append")
        self._buffer.append(data)
        self.buffer_length += len(data)

    def flush(self, now: float, force: bool = False) -> list[Intention]:
        """Write aof_buf if it is time to; `force` neither postpones nor waits to retry."""
        self._enter("flush")
        self._now = now
        if not self.buffer_length:
            return self._sync_if_due()
        may_wait = not force and self.policy != "always"
        if may_wait and self._write_errno and int(now) == self._tried_at:
            return []
        intentions: list[Intention] = []
        if self.policy == "everysec" and self.pending_bio_fsync and not force:
            if self._postponed_since is None:
                self._postponed_since = now
                return [Postpone(now)]
            waited = now - self._postponed_since
            if waited < POSTPONE_SECONDS:
                return []
            self.delayed_fsync += 1
            intentions = [LogLine("*", DISK_BUSY), Delayed(waited)]
        data = b"".join(self._buffer)
        self._buffer = [data]
        self.stage = WRITING
        return [*intentions, Write(self.file, self.written, data)]

    def sync(self, now: float) -> list[Intention]:
        """Sync what is written, whatever the policy: the process or the file is about to end.

        A failure is told, but asks for no Exit.
        """
        self._enter("sync")
        self._now = now
        self._closing = True
        return self._ask("main")

    def discard(self) -> int:
        """Forget aof_buf, whose file is given up; how many bytes are lost."""
        self._enter("discard")
        lost = self.buffer_length
        self._buffer.clear()
        self.buffer_length = 0
        self._postponed_since = None
        return lost

    def written_all(self) -> list[Intention]:
        """The Write is done."""
        self._enter("written")
        self.stage = READY
        self._drop(self.buffer_length)
        self._postponed_since = None
        intentions: list[Intention] = []
        if self._write_errno:
            self._write_errno = 0
            self._judge()
            intentions = [LogLine("#", "AOF write error looks solved, Redis can write again.")]
        if self.pending_bio_fsync:
            self._asked_at = int(self._now)
        return intentions + self._sync_if_due()

    def write_failed(self, errno: int, written: int) -> list[Intention]:
        """The Write stopped after `written` bytes, which are now an unwanted tail of the file."""
        self._enter("write_failed")
        self._postponed_since = None
        self._tried_at = int(self._now)
        self._may_log = self._now - self._logged_at > LOG_EVERY_SECONDS
        if self._may_log:
            self._logged_at = int(self._now)
        if not written:
            self._write_errno = errno
            text = f"Error writing to the AOF file: {os.strerror(errno)}"
            return [*self._log(text), *self._give_up_or_retry()]
        self._write_errno = errnos.ENOSPC
        self.stage = TRUNCATING
        text = (
            "Short write while writing to the AOF file: "
            f"(nwritten={written}, expected={self.buffer_length})"
        )
        return [*self._log(text), Truncate(self.file, self.written, written)]

    def truncated(self) -> list[Intention]:
        """The unwanted tail is gone; aof_buf is kept whole."""
        self._enter("truncated")
        return self._give_up_or_retry()

    def truncate_failed(self, errno: int, written: int) -> list[Intention]:
        """The tail of `written` bytes stays: from now on it counts as written."""
        self._enter("truncate_failed")
        self._drop(written)
        text = (
            "Could not remove short write from the append-only file.  Redis may refuse to load "
            f"the AOF the next time it starts.  ftruncate: {os.strerror(errno)}"
        )
        return [*self._log(text), *self._give_up_or_retry()]

    def synced(self, sync: Sync) -> list[Intention]:
        """The sync succeeded: of what lay in the file when it began nothing can be lost."""
        own = self._leave_sync(sync, "synced")
        self._closing = False
        if not own:
            return []
        self._confirmed = max(self._confirmed, sync.end)
        if not self._doubtful:
            self.fsynced = self._confirmed
        self._fsync_errno = 0
        self._judge()
        return []

    def sync_failed(self, sync: Sync, errno: int) -> list[Intention]:
        """The sync failed, and with it perhaps the bytes it was for."""
        own = self._leave_sync(sync, "sync_failed")
        fatal = sync.thread == "main" and not self._closing
        self._closing = False
        if not own:
            return [LogLine("#", f"Fail to fsync the AOF file: {os.strerror(errno)}")]
        self._doubtful = True
        if fatal:
            self.stage = STOPPED
            return [Exit(FSYNC_FATAL % os.strerror(errno))]
        known = self._fsync_errno
        self._fsync_errno = errno
        self._judge()
        if known:
            return []
        return [LogLine("#", f"Fail to fsync the AOF file: {os.strerror(errno)}")]

    # Inside

    def _enter(self, move: str) -> None:
        if move not in MOVES[self.stage]:
            raise IllegalMoveError(f"{move} while {self.stage}")

    def _leave_sync(self, sync: Sync, move: str) -> bool:
        """Whether it was one of this file."""
        if sync.thread == "main":
            self._enter(move)
            self.stage = READY
        else:
            self.pending_bio_fsync -= 1
        own = self.owns(sync)
        self._syncs = [asked for asked in self._syncs if asked is not sync]
        return own

    def _skips_sync(self) -> bool:
        return self.skip_sync_with_child and self.child_active

    def _sync_if_due(self) -> list[Intention]:
        if self._skips_sync():
            return []
        if self.policy == "always" and self._confirmed < self.written:
            return self._ask("main")
        if self.policy == "everysec" and self._asked < self.written:
            second_passed = int(self._now) > self._asked_at
            if second_passed and not self.pending_bio_fsync:
                return self._ask("bio")
        return []

    def _ask(self, thread: Literal["main", "bio"]) -> list[Intention]:
        self._asked = self.written
        self._asked_at = int(self._now)
        if thread == "main":
            self.stage = SYNCING
        else:
            self.pending_bio_fsync += 1
        sync = Sync(self.file, self.fsynced, self.written, thread)
        self._syncs.append(sync)
        return [sync]

    def _drop(self, count: int) -> None:
        """The first `count` bytes of aof_buf are in the file."""
        self._buffer = [self._buffer[0][count:]] if count < self.buffer_length else []
        self.buffer_length -= count
        self.written += count

    def _give_up_or_retry(self) -> list[Intention]:
        if self.policy == "always":
            self.stage = STOPPED
            return [Exit(WRITE_FATAL)]
        self.stage = READY
        self._judge()
        return []

    def _judge(self) -> None:
        errno = self._write_errno or self._fsync_errno
        self.refusal = (
            f"MISCONF Errors writing to the AOF file: {os.strerror(errno)}" if errno else None
        )

    def _log(self, text: str) -> list[Intention]:
        return [LogLine("#", text)] if self._may_log else []
