"""The append-only file: it takes commands, and carries out what the policy wants done.

The server calls `append` for every command that changed data, and `flush` once at the end of each
turn of the loop (before any reply of the turn leaves) and from its cron. Facts go to the `on_*`
callables, which are None while nobody watches; their times are measured around the bare system
call. Source: Redis 7.0.15, aof.c (feedAppendOnlyFile, flushAppendOnlyFile, stopAppendOnly).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from engine.aof_folder import AofFolder
from engine.aof_format import encode
from engine.aof_intentions import Delayed, Exit, Intention, LogLine, Sync, Truncate, Write
from engine.aof_policy import AofPolicy
from engine.bio import Bio, Finished
from engine.disk import APPEND, Disk
from engine.errors import EngineError
from engine.events import Policy
from engine.manifest import Manifest

_MULTI = encode([b"MULTI"])
_EXEC = encode([b"EXEC"])


class AofFatalError(EngineError):
    """The AOF can't keep what `appendfsync always` promises: no reply may leave, exit now."""


class AofTail(msgspec.Struct, frozen=True):
    """How far each rung has come; offsets are bytes of `file`."""

    file: str
    policy: Policy
    appended: int
    written: int
    fsynced: int
    next_fsync_at: float
    """On the clock of `flush`'s `now`; 0.0 when no sync is due."""
    buffer_length: int
    pending_bio_fsync: int
    delayed_fsync: int
    last_write_status: str
    current_size: int
    """Bytes of all files of the manifest as far as written (aof_current_size)."""
    base_size: int
    """Bytes of the base (aof_base_size)."""


class AppendOnlyFile:
    """The last increment of the folder, open for appending."""

    def __init__(
        self,
        disk: Disk,
        bio: Bio,
        log: Callable[[str, str], None],
        policy: AofPolicy | None = None,
        *,
        timestamps: bool = False,
        wall_clock: Callable[[], float] = time.time,
        dirty_pages: Callable[[int], int] | None = None,
    ) -> None:
        """`log` takes a level character and a text; `timestamps` is aof-timestamp-enabled.

        `dirty_pages` answers how many pages of a descriptor's file the kernel still has to write
        (-1: it cannot tell); it is asked, in the syncing thread, only while `on_fsync` is set.
        """
        self.policy = policy or AofPolicy()
        """The machine; `policy.policy` is appendfsync and may be set at any time."""
        self.enabled = False
        self.timestamps = timestamps
        self.on_data: Callable[[bytes], object] | None = None
        """(data): hears all that is appended, and what would be if the file were open, while a
        rewrite needs it for another file."""
        self.on_append: Callable[[str, int, int, bytes], object] | None = None
        """(file, start, end, data): a command's bytes entered aof_buf."""
        self.on_write: Callable[[str, int, int, int], object] | None = None
        """(file, start, end, usec): write(2) returned."""
        self.on_fsync: Callable[[str, int, int, int, Policy, str, int], object] | None = None
        """(file, start, end, usec, policy, thread, dirty_pages): fdatasync(2) succeeded."""
        self.on_delayed: Callable[[int], object] | None = None
        """(waited_usec): a write went ahead of a sync that still runs."""
        self.on_refusal: Callable[[str | None], object] | None = None
        """(MISCONF error or None): writes are to be refused from now on, or no longer."""
        self._disk = disk
        self._bio = bio
        self._log = log
        self._wall_clock = wall_clock
        self._dirty_pages = dirty_pages
        self._fd = -1
        self._selected_db = -1
        self._second = 0
        self._turn: list[bytes] = []
        self._turn_bytes = 0
        self._base_size = 0
        self._before_size = 0
        self._refusal: str | None = None

    # life

    def open(self, folder: AofFolder, manifest: Manifest, now: float) -> None:
        """Go on at the end of the manifest's last increment; raises EngineError."""
        name = manifest.increments[-1].name
        try:
            sizes = [self._disk.size(folder.path(file)) for file in manifest.files]
            self._fd = self._disk.open(folder.path(name), APPEND)
        except OSError as err:
            raise EngineError(f"Can't open the append-only file {name}: {err.strerror}") from err
        self._base_size = sizes[0] if manifest.base else 0
        self._before_size = sum(sizes[:-1])
        self._selected_db = -1
        self.policy.begin_file(name, sizes[-1], now)
        self.enabled = True

    def settle(self, now: float) -> None:
        """Write and sync everything; raises EngineError where that fails.

        Another file may follow only behind one that is whole on the disk: a power cut could else
        leave a gap in the middle of what was promised.
        """
        self.flush(now, force=True)
        self._perform(self.policy.sync(now))
        if self.policy.buffer_length or self.policy.refusal:
            raise EngineError(f"the file {self.policy.file} can't be written to its end")

    def go_on_in(self, name: str, fd: int, now: float) -> None:
        """Append from now on to the empty file that `fd` is open for; `settle` comes before."""
        if self.enabled:
            self._bio.close(self._fd)  # behind the syncs that still wait for it
            self._before_size += self.policy.written
        else:
            self._before_size = self._base_size = 0
        self._fd = fd
        self._selected_db = -1
        self.policy.begin_file(name, 0, now)
        self.enabled = True

    def select_again(self) -> None:
        """The next command names its database, whichever was selected."""
        self._selected_db = -1

    def replace(self, name: str, fd: int, size: int, now: float) -> int:
        """Append to the file of `size` bytes that `fd` is open for: it holds all that was executed,
        what aof_buf has included. The old file's descriptor, -1 if there was none."""
        old, self._fd = self._fd, fd
        self._turn.clear()
        self._turn_bytes = 0
        self.policy.discard()
        self.policy.begin_file(name, size, now)
        self._selected_db = -1
        self.enabled = True
        self.rebased(0)
        return old

    def renamed(self, name: str) -> None:
        """The open file, which is settled, has got another name."""
        self.policy.rename(name)

    def rebased(self, base_size: int) -> None:
        """The files before the open one are a new base of so many bytes.

        What the open one has by now counts for the base, too, as growth is measured from here.
        """
        self._before_size = base_size
        self._base_size = base_size + self.policy.written

    def abandon(self) -> None:
        """Close the open file without a look at what it has: it will not be loaded."""
        self._turn.clear()
        self._turn_bytes = 0
        self.policy.discard()
        self._bio.close(self._fd)
        self._fd = -1
        self.enabled = False

    def stop(self, now: float) -> None:
        """At shutdown: write and sync everything, whatever the policy. The file stays open."""
        self._log("*", "Calling fsync() on the AOF file.")
        self.flush(now, force=True)
        self._perform(self.policy.sync(now))
        self._bio.drain()
        self.collect()

    def turn_off(self, now: float) -> None:
        """CONFIG SET appendonly no: write and sync everything, and close."""
        self.flush(now, force=True)
        self._perform(self.policy.sync(now))
        if self._bio.drain():
            self._disk.close(self._fd)
        else:
            self._bio.close(self._fd)
        self.collect()
        if lost := self.policy.discard():
            self._log(
                "#", f"{lost} bytes of the AOF buffer could not be written before turning off"
            )
        self._fd = -1
        self.enabled = False

    # the hot path

    def append(self, db: int, argv: Sequence[bytes], wire: bytes = b"") -> None:
        """A command that changed database `db` enters aof_buf, if anybody needs it.

        `wire` is what it encodes to, where that is known: a client's own bytes.
        """
        if not self.enabled and self.on_data is None:
            return
        data = wire or encode(argv)
        if db != self._selected_db or self.timestamps:
            data = self._annotation() + self._select(db) + data
        if self.on_data is None and self.on_append is None:
            self._turn.append(data)
            self._turn_bytes += len(data)
        else:
            self._take(data)

    def append_transaction(self, changes: Sequence[tuple[int, Sequence[bytes]]]) -> None:
        """What a transaction changed: (db, argv) of each command; two or more stay together."""
        if len(changes) < 2:
            for db, argv in changes:
                self.append(db, argv)
            return
        if not self.enabled and self.on_data is None:
            return
        parts = [self._annotation(), _MULTI]
        for db, argv in changes:
            parts += self._select(db), encode(argv)
        self._take(b"".join([*parts, _EXEC]))

    def _take(self, data: bytes) -> None:
        if self.enabled or self.on_data is None:
            self._turn.append(data)
            self._turn_bytes += len(data)
            if self.on_append is not None:
                self._tell_append(data)
        if self.on_data is not None:
            self.on_data(data)

    # once a turn

    def flush(self, now: float, force: bool = False) -> None:
        """Let the policy decide what the turn's bytes, and those before, are due for.

        `now` is seconds of one clock that never goes back. Raises AofFatalError: then no reply of
        this turn may be sent.
        """
        if self._turn:
            self.policy.append(b"".join(self._turn))
            self._turn.clear()
            self._turn_bytes = 0
        self.collect()
        self._perform(self.policy.flush(now, force))

    def collect(self) -> None:
        """Take note of the background thread's finished syncs; the loop is woken for this, too."""
        for finished in self._bio.collect():
            if finished.job.sync is not None:
                self._perform(self._sync_finished(finished, finished.job.sync))

    def dirty_pages(self) -> int:
        """Pages of the file that the kernel still has to write; -1 where it cannot tell."""
        return self._dirty_pages(self._fd) if self.enabled and self._dirty_pages else -1

    def tail(self, now: float) -> AofTail:
        """Where the file stands."""
        policy = self.policy
        return AofTail(
            file=policy.file,
            policy=policy.policy,
            appended=policy.appended + self._turn_bytes,
            written=policy.written,
            fsynced=policy.fsynced,
            next_fsync_at=policy.next_fsync_at(now),
            buffer_length=policy.buffer_length + self._turn_bytes,
            pending_bio_fsync=policy.pending_bio_fsync,
            delayed_fsync=policy.delayed_fsync,
            last_write_status=policy.last_write_status,
            current_size=self._before_size + policy.written,
            base_size=self._base_size,
        )

    # carrying out

    def _perform(self, intentions: list[Intention]) -> None:
        todo = deque(intentions)
        while todo:
            todo.extend(self._do(todo.popleft()))
        if self._refusal != self.policy.refusal:
            self._refusal = self.policy.refusal
            if self.on_refusal is not None:
                self.on_refusal(self._refusal)

    def _do(self, intention: Intention) -> list[Intention]:
        match intention:
            case Write():
                return self._write(intention)
            case Sync(thread="main"):
                return self._sync(intention)
            case Sync():
                self._bio.sync(self._fd, intention, self._dirty_pages if self.on_fsync else None)
            case Truncate():
                return self._truncate(intention)
            case Delayed():
                if self.on_delayed is not None:
                    self.on_delayed(int(intention.waited * 1_000_000))
            case LogLine():
                self._log(intention.level, intention.text)
            case Exit():
                self._log("#", intention.reason)
                raise AofFatalError(intention.reason)
        return []

    def _write(self, write: Write) -> list[Intention]:
        rest = memoryview(write.data)
        began = time.perf_counter_ns()
        try:
            while rest:
                rest = rest[self._disk.write(self._fd, rest) :]
        except OSError as err:
            return self.policy.write_failed(err.errno or -1, len(write.data) - len(rest))
        usec = (time.perf_counter_ns() - began) // 1000
        if self.on_write is not None:
            self.on_write(write.file, write.start, write.start + len(write.data), usec)
        return self.policy.written_all()

    def _sync(self, sync: Sync) -> list[Intention]:
        began = time.perf_counter_ns()
        try:
            self._disk.fdatasync(self._fd)
        except OSError as err:
            return self.policy.sync_failed(sync, err.errno or -1)
        usec = (time.perf_counter_ns() - began) // 1000
        dirty = self._dirty_pages(self._fd) if self.on_fsync and self._dirty_pages else -1
        return self._synced(sync, usec, dirty)

    def _sync_finished(self, finished: Finished, sync: Sync) -> list[Intention]:
        if finished.errno:
            return self.policy.sync_failed(sync, finished.errno)
        return self._synced(sync, finished.usec, finished.dirty_pages)

    def _synced(self, sync: Sync, usec: int, dirty: int) -> list[Intention]:
        own = self.policy.owns(sync)
        start = self.policy.fsynced
        intentions = self.policy.synced(sync)
        if own and self.on_fsync is not None:  # of a file given up there is nothing left to tell
            policy = "everysec" if sync.thread == "bio" else self.policy.policy
            name, end = self.policy.file, self.policy.fsynced
            self.on_fsync(name, start, end, usec, policy, sync.thread, dirty)
        return intentions

    def _truncate(self, truncate: Truncate) -> list[Intention]:
        try:
            self._disk.ftruncate(self._fd, truncate.size)
        except OSError as err:
            return self.policy.truncate_failed(err.errno or -1, truncate.tail)
        return self.policy.truncated()

    # what precedes a command

    def _select(self, db: int) -> bytes:
        if db == self._selected_db:
            return b""
        self._selected_db = db
        return encode([b"SELECT", b"%d" % db])

    def _annotation(self) -> bytes:
        if not self.timestamps or (second := int(self._wall_clock())) <= self._second:
            return b""
        self._second = second
        return b"#TS:%d\r\n" % second

    def _tell_append(self, data: bytes) -> None:
        assert self.on_append is not None
        end = self.policy.appended + self._turn_bytes
        self.on_append(self.policy.file, end - len(data), end, data)
