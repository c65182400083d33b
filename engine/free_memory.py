"""How much memory may be used: what the machine has free, and what control groups still allow.

Sources: MemAvailable of /proc/meminfo (proc(5)); memory.max and memory.current of every control
group above this process (cgroups(7), version 2), or memory.limit_in_bytes and
memory.usage_in_bytes (version 1). All figures are bytes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

MAX_ARENA = 64 * 2**30
"""The arena never gets more by default."""
_UNKNOWN = 2 * 2**30
"""What is taken for free where nobody tells."""


def default_arena_pages(root: str = "/") -> int:
    """Half of the free memory in pages, at least one page and at most 64 GiB."""
    return max(1, min(free_memory(root) // 2, MAX_ARENA) // os.sysconf("SC_PAGE_SIZE"))


def free_memory(root: str = "/") -> int:
    """Bytes that this process can still get; `root` is where proc and sys are mounted."""
    free = _UNKNOWN
    available = re.search(r"^MemAvailable:\s+(\d+) kB$", _read(root, "proc/meminfo"), re.MULTILINE)
    if available is not None:
        free = int(available[1]) * 1024
    return max(0, min([free, *_left_by_control_groups(root)]))


def _left_by_control_groups(root: str) -> Iterator[int]:
    for line in _read(root, "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            files = "sys/fs/cgroup", "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            files = "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        mount, limit_file, usage_file = files
        # In a container the path may be the host's, of which only the mount's root is to be seen.
        names = [name for name in path.split("/") if name]
        for depth in range(len(names), -1, -1):
            folder = "/".join([mount, *names[:depth]])
            limit = _read(root, f"{folder}/{limit_file}").strip()
            usage = _read(root, f"{folder}/{usage_file}").strip()
            if limit.isdecimal() and usage.isdecimal():
                yield int(limit) - int(usage)


def _read(root: str, path: str) -> str:
    """The file's text; nothing where there is no such file."""
    try:
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
