"""A fork on trial: whether this kernel shares pages, copies them one by one, and says so.

A few pages are written, shared with a child that only waits, and some are written again: pagemap
must name exactly those, and smaps must weigh them.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from engine.errors import ProbeError
from engine.pagemap import Pagemap, count_exclusive
from engine.smaps import SmapsFile

PAGES = 8
WRITTEN = 3
"""Pages of the trial, and how many of them are written after the fork."""


@dataclass(frozen=True)
class Trial:
    """What the kernel said of a few pages that were shared by a fork and then written in part."""

    fork_usec: int
    shared: int
    """Exclusive pages right after the fork: 0 where forks share memory."""
    copied: int
    """Exclusive pages after the writes."""
    smaps_kb: int
    """Private KiB after the writes, by smaps; -1 if it could not be read."""
    problem: str = ""
    """Why pagemap could not be read."""
    why: str = ""
    """The same by its kind, as `ProbeError.why`; `fork` where there was no child."""


def try_fork(proc: str = "/proc") -> Trial:
    """Fork a child that waits, write some of the shared pages, and ask; OSError if fork fails."""
    memory = mmap.mmap(-1, (PAGES + 2) * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a kernel without huge pages
        memory.madvise(mmap.MADV_NOHUGEPAGE)
    # A neighbour of the same kind would be merged with the trial's mapping: ask for fences.
    view = ctypes.c_char.from_buffer(memory)
    start = ctypes.addressof(view) + mmap.PAGESIZE
    end = start + PAGES * mmap.PAGESIZE
    libc = ctypes.CDLL(None)
    for fence in (start - mmap.PAGESIZE, end):
        libc.mprotect(ctypes.c_void_p(fence), ctypes.c_size_t(mmap.PAGESIZE), 0)
    for page in range(1, PAGES + 1):
        memory[page * mmap.PAGESIZE] = 1
    shared = copied = smaps_kb = -1
    problem = why = ""
    with _waiting_child() as fork_usec:
        try:
            pagemap = Pagemap("self", proc)
            try:
                shared = count_exclusive(pagemap.read(start, PAGES, mmap.PAGESIZE))
                for page in range(1, WRITTEN + 1):
                    memory[page * mmap.PAGESIZE] = 2
                copied = count_exclusive(pagemap.read(start, PAGES, mmap.PAGESIZE))
            finally:
                pagemap.close()
            smaps_kb = SmapsFile("self", proc).read().inside(start, end).private_kb
        except ProbeError as error:
            problem, why = ("", "") if copied >= 0 else (str(error), error.why)
    del view
    memory.close()
    return Trial(fork_usec, shared, copied, smaps_kb, problem, why)


@contextmanager
def _waiting_child() -> Iterator[int]:
    """A child that waits for the end, or for its parent's; gives the time of the fork in usec."""
    wait, let_go = os.pipe()
    started = time.perf_counter_ns()
    try:
        with warnings.catch_warnings():
            # The child calls close, read and _exit only: no lock of another thread is needed.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
    except OSError:
        os.close(wait)
        os.close(let_go)
        raise
    if pid == 0:
        try:
            os.close(let_go)
            os.read(wait, 1)
        finally:
            os._exit(0)
    fork_usec = (time.perf_counter_ns() - started) // 1000
    os.close(wait)
    try:
        yield fork_usec
    finally:
        os.close(let_go)
        os.waitpid(pid, 0)
