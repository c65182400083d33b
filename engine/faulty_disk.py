"""A disk that is slow, fails, is full or takes little at a time, as far as faults are set.

Theory of operation
-------------------
Calls go to the real files; a fault adds what a bad disk would do (`faults` keeps them):

    fsync-delay ms       fsync and fdatasync, of folders as well, take so much longer, asleep in the
                         thread that called. The postponed write, aof_delayed_fsync and the latency
                         of `always` follow from that by themselves
    fsync-error [n]      the next n of them (or all, until it is off) fail with EIO, and nothing is
                         synced. What the kernel does then: it marks the pages clean, so that the
                         next fsync succeeds without having written them
    full [bytes]         so much more fits (0: nothing). A write that does not fit is first a short
                         one, then ENOSPC. Truncating, removing and replacing make room again
    short-write bytes    a write takes so many bytes at most: no error, who goes on loses nothing

A fault is `scripted`; how long a call took with it is measured all the same. With none set a call
costs one look at a byte more.
"""

from __future__ import annotations

import errno
import os
import time

from engine.disk import Disk
from engine.faults import (
    ABSENT,
    FOR_EVER,
    FSYNC_DELAY,
    FSYNC_ERROR,
    FULL,
    SHORT_WRITE,
    Faults,
)


class FaultyDisk(Disk):
    """The machine's own disk, with these faults."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._armed = faults.armed

    # bytes

    def open(self, path: str, flags: int) -> int:
        freed = self._size(path) if self._armed[0] and flags & os.O_TRUNC else 0
        fd = super().open(path, flags)
        self._make_room(freed)
        return fd

    def write(self, fd: int, data: bytes | memoryview) -> int:
        if not self._armed[0]:
            return os.write(fd, data)
        return self._write(fd, memoryview(data))

    def _write(self, fd: int, data: memoryview) -> int:
        faults = self.faults
        narrow, room = faults.left[SHORT_WRITE], faults.left[FULL]
        taken = data.nbytes
        if narrow != ABSENT and taken > narrow:
            taken = narrow
            faults.strike(SHORT_WRITE)
        if room != ABSENT and taken > room:
            taken = max(0, room)
            faults.strike(FULL)
            if not taken:
                raise _error(errno.ENOSPC)
        written = os.write(fd, data[:taken])
        if room != ABSENT:
            faults.left[FULL] = max(0, faults.left[FULL] - written)
        return written

    def ftruncate(self, fd: int, size: int) -> None:
        before = os.fstat(fd).st_size if self._armed[0] else 0
        super().ftruncate(fd, size)
        self._make_room(before - size)

    def _make_room(self, freed: int) -> None:
        if freed > 0 and self.faults.left[FULL] != ABSENT:
            self.faults.left[FULL] += freed

    def _size(self, path: str) -> int:
        try:
            return os.stat(path).st_size
        except OSError:
            return 0

    # names

    def rename(self, old: str, new: str) -> None:
        freed = self._size(new) if self._armed[0] else 0
        super().rename(old, new)
        self._make_room(freed)

    def unlink(self, path: str) -> None:
        freed = self._size(path) if self._armed[0] else 0
        super().unlink(path)
        self._make_room(freed)

    # syncs

    def fdatasync(self, fd: int) -> None:
        if self._armed[0]:
            self._suffer()
        os.fdatasync(fd)

    def fsync(self, fd: int) -> None:
        if self._armed[0]:
            self._suffer()
        os.fsync(fd)

    def fsync_directory(self, path: str) -> None:
        if self._armed[0]:
            self._suffer()
        super().fsync_directory(path)

    def _suffer(self) -> None:
        faults = self.faults
        if (delay := faults.left[FSYNC_DELAY]) != ABSENT:
            faults.strike(FSYNC_DELAY)
            time.sleep(delay / 1000)
        if (left := faults.left[FSYNC_ERROR]) != ABSENT:
            faults.strike(FSYNC_ERROR, 0 if left == FOR_EVER else 1)
            if left == 1:
                faults.end(FSYNC_ERROR)
            raise _error(errno.EIO)


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
