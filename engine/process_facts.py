"""What a process says of itself after a fork: who it is, and what it has of its parent.

Each side reads its own /proc and asks the kernel about itself, so that nothing of it is hearsay.
Source: proc_pid_status(5), fork(2) (Linux 6.18).
"""

from __future__ import annotations

import os
import re
import signal
import time
from contextlib import suppress

from engine.errors import ProbeError
from engine.events import LessonSide, Side
from engine.proc import read

_CAUGHT = re.compile(rb"^SigCgt:\s*([0-9a-f]+)$", re.MULTILINE)
_THREADS = re.compile(rb"^Threads:\s*(\d+)$", re.MULTILINE)


def own_side(who: Side, returned: int, address: int, *, error: str = "") -> LessonSide:
    """The calling process, to which fork(2) has `returned` that; `address` is its arena's."""
    status = name = b""
    with suppress(ProbeError):
        status, name = read("/proc/self/status"), read("/proc/self/comm")
    return LessonSide(
        who=who,
        pid=os.getpid(),
        ppid=os.getppid(),
        returned=returned,
        error=error,
        name=name.strip().decode("utf-8", "backslashreplace"),
        threads=_threads(status),
        descriptors=_descriptors(),
        handlers=_caught(status),
        cpu_usec=time.process_time_ns() // 1000,
        address=address,
    )


def _threads(status: bytes) -> int:
    found = _THREADS.search(status)
    return int(found[1]) if found else 0


def _caught(status: bytes) -> list[str]:
    """The names of the signals in SigCgt; glibc keeps two real-time ones to itself."""
    found = _CAUGHT.search(status)
    mask = int(found[1], 16) if found else 0
    return [number.name for number in signal.Signals if mask >> (number - 1) & 1]


def _descriptors() -> int:
    try:
        return len(os.listdir("/proc/self/fd")) - 1  # without the listing's own
    except OSError:
        return 0
