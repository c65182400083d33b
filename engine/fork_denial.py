"""Makes the kernel refuse fork(2), really: a mapping so large that a child could not have it, too.

With the default overcommit_memory of 0 the kernel grants any one private mapping that could fit
into all of the machine's memory, written to or not, and asks again for each mapping that fork(2)
copies. Two neighbours of two thirds each are granted one by one and become one mapping of four
thirds: that one no fork may copy. Not a page of it is ever touched. This is the "Can't save in
background: fork: Cannot allocate memory" of Redis' FAQ, without filling a machine.

Where the kernel grants everything (overcommit_memory 1) a limit on processes is tried, which binds
whoever is not root. Source: __vm_enough_memory() and dup_mmap() (Linux 6.18), setrlimit(2).
"""

from __future__ import annotations

import ctypes
import mmap
import os
import re
import resource
from collections.abc import Callable

from engine.errors import EngineError
from engine.forking import ForkError, fork
from engine.proc import read

_PROT_NONE = 0
_READ_WRITE = mmap.PROT_READ | mmap.PROT_WRITE
_PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
_NORESERVE = 0x4000
_FIXED = 0x10
_FAILED = ctypes.c_void_p(-1).value
_TOTALS = re.compile(rb"^(?:MemTotal|SwapTotal):\s*(\d+) kB$", re.MULTILINE)


class ForkDenial:
    """While it stands, fork(2) is refused in this process."""

    def __init__(self, log: Callable[[str, str], None]) -> None:
        self._log = log
        self._lift: Callable[[], None] | None = None

    @property
    def stands(self) -> bool:
        """Whether forks are refused now."""
        return self._lift is not None

    def impose(self) -> str:
        """Have fork(2) refused from now on; the kernel's reason. Raises EngineError if it forks."""
        for attempt in (_crowd, _limit):
            self.lift()
            self._lift = attempt()
            reason = self._reason()
            if reason:
                self._log("#", f"From now on fork(2) is refused: {reason}")
                return reason
        self.lift()
        raise EngineError(
            "this kernel refuses no fork to root: overcommit_memory grants every mapping, and root "
            "is under no limit of processes; run the engine as an ordinary user"
        )

    def lift(self) -> None:
        """Let it fork again."""
        if self._lift is not None:
            self._lift()
            self._lift = None

    def _reason(self) -> str:
        """What the kernel says to a fork on trial; empty if it forks."""
        try:
            forked = fork(lambda: 0, name="fork-trial", log=self._log)
        except ForkError as error:
            return str(error)
        os.waitpid(forked.pid, 0)
        return ""


def _crowd() -> Callable[[], None] | None:
    """Map more than the machine has, in two pieces that become one; how to unmap it."""
    libc = _libc()
    each = sum(map(int, _TOTALS.findall(read("/proc/meminfo")))) * 1024 * 2 // 3
    each -= each % mmap.PAGESIZE
    start = libc.mmap(None, 2 * each, _PROT_NONE, _PRIVATE | _NORESERVE, -1, 0)
    if start in (None, _FAILED):
        return None
    for at in (start, start + each):  # a refusal leaves that piece without access: no matter
        libc.mmap(at, each, _READ_WRITE, _PRIVATE | _FIXED, -1, 0)
    return lambda: libc.munmap(start, 2 * each)


def _limit() -> Callable[[], None]:
    """Allow this user one process; how to allow as many as before."""
    before = resource.getrlimit(resource.RLIMIT_NPROC)
    resource.setrlimit(resource.RLIMIT_NPROC, (1, before[1]))
    return lambda: resource.setrlimit(resource.RLIMIT_NPROC, before)


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = (
        ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long,
    )  # fmt: skip
    libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
    return libc
