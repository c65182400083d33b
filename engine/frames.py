"""Page frames: which 4 KiB of the machine's memory lies behind a page, as far as one may know.

Root reads the kernel's frame numbers from /proc/PID/pagemap. For everybody else they read as 0,
but the flags do not: whether a frame is this process' alone. From those two processes' frames can
be told apart, so the numbers are then made up, and `modelled` says so.
Source: Documentation/admin-guide/mm/pagemap.rst (Linux 6.18; numbers hidden since 4.2).
"""

from __future__ import annotations

import os
import struct
from typing import NamedTuple

from engine.errors import ProbeError
from engine.page_states import EXCLUSIVE_BIT, PRESENT_BIT
from engine.pagemap import ENTRY_BYTES
from engine.proc import Pid, reading

_NUMBER = (1 << 55) - 1
_FLAGS_AT = 56


class Entry(NamedTuple):
    """A page's entry in the page table."""

    present: bool
    exclusive: bool
    """No other process has the frame."""
    frame: int
    """Its number, 0 where it is hidden or nothing is mapped."""


def entries(address: int, pages: int, page_size: int, pid: Pid = "self") -> list[Entry]:
    """The page-table entries from `address` on; raises ProbeError."""
    path = f"/proc/{pid}/pagemap"
    with reading(path):
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.pread(fd, pages * ENTRY_BYTES, address // page_size * ENTRY_BYTES)
        finally:
            os.close(fd)
    if len(data) != pages * ENTRY_BYTES:
        raise ProbeError(
            f"Can't read {path}: the process has ended, or {address:#x} is not its own."
        )
    return [_entry(word) for (word,) in struct.iter_unpack("=Q", data)]


def _entry(word: int) -> Entry:
    flags = word >> _FLAGS_AT
    present = bool(flags & PRESENT_BIT)
    return Entry(present, bool(flags & EXCLUSIVE_BIT), word & _NUMBER if present else 0)


def are_hidden(table: list[Entry]) -> bool:
    """Whether pages are there whose frames the kernel does not name."""
    return any(entry.present and not entry.frame for entry in table)


def made_up(
    parent: list[Entry], child: list[Entry], child_wrote: set[int], first: int
) -> tuple[list[int], list[int]]:
    """Frame numbers by which shared pages can be told from others, where the real ones are hidden.

    Page p had frame p + 1 at the fork. The one who wrote first (`child_wrote`: pages where it was
    the child) has a new one, numbered from behind the last page on.
    """
    new = first + len(parent) + 1
    parents, children = [], []
    for page, (mine, its) in enumerate(zip(parent, child, strict=True), first):
        old = page + 1
        both = mine.present and its.present
        split = both and (mine.exclusive or its.exclusive)
        parent_moves = split and page not in child_wrote
        child_moves = split and page in child_wrote
        parents.append(new + page if parent_moves else old if mine.present else 0)
        children.append(new + page if child_moves else old if its.present else 0)
    return parents, children
