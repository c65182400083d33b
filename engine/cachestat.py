"""The page cache behind a file: cachestat(2), and whether a disk is behind the page cache.

A file system that never reports dirty pages proves nothing by reporting none, so `proves_dirty`
tries it first. Source: mm/filemap.c, include/uapi/linux/mman.h (Linux 6.5 and later).
"""

from __future__ import annotations

import ctypes
import os
import platform
import tempfile
from dataclasses import dataclass

from engine import proc
from engine.errors import ProbeError

_SYS_CACHESTAT = 451
_MACHINES = frozenset({"x86_64", "i686", "aarch64", "armv7l", "riscv64", "ppc64le", "s390x"})
"""Where system calls have the common numbers."""
_IN_MEMORY = frozenset({"tmpfs", "ramfs", "rootfs", "devtmpfs", "hugetlbfs"})
_TRIAL_BYTES = 64 << 10


@dataclass(frozen=True)
class CacheStat:
    """Pages of a file in the page cache."""

    nr_cache: int
    nr_dirty: int
    nr_writeback: int
    nr_evicted: int
    nr_recently_evicted: int


class _Range(ctypes.Structure):
    _fields_ = [("off", ctypes.c_uint64), ("len", ctypes.c_uint64)]


_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_WHOLE_FILE = _Range(0, 0)
_ANSWER = ctypes.c_uint64 * 5
_KNOWN = platform.system() == "Linux" and platform.machine() in _MACHINES


def cachestat(fd: int) -> CacheStat | None:
    """The page cache's account of an open file; None where the kernel has or grants none."""
    if not _KNOWN:
        return None
    answer = _ANSWER()
    failed = _libc.syscall(
        ctypes.c_long(_SYS_CACHESTAT),
        ctypes.c_uint(fd),
        ctypes.byref(_WHOLE_FILE),
        ctypes.byref(answer),
        ctypes.c_uint(0),
    )
    return None if failed else CacheStat(*answer)


def proves_dirty(directory: str) -> bool:
    """Whether a file written in `directory` is seen dirty, and clean after its fsync."""
    try:
        with tempfile.TemporaryFile(dir=directory, buffering=0) as file:
            file.write(bytes(_TRIAL_BYTES))
            written = cachestat(file.fileno())
            os.fsync(file.fileno())
            synced = cachestat(file.fileno())
    except OSError:
        return False
    if written is None or synced is None:
        return False
    return written.nr_dirty > 0 and synced.nr_dirty + synced.nr_writeback == 0


def file_system(directory: str, procfs: str = "/proc") -> str:
    """The type of the file system under `directory`; empty if nobody tells."""
    try:
        mount = proc.mount_of(os.path.realpath(directory), proc.mounts(procfs))
    except ProbeError:
        return ""
    return "" if mount is None else mount.kind


def has_disk(directory: str, procfs: str = "/proc") -> bool:
    """False where files live in memory alone (tmpfs): fsync returns, but nothing is behind it."""
    return file_system(directory, procfs) not in _IN_MEMORY
