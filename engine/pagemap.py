"""/proc/PID/pagemap: what the page tables say of each page, one status byte a page.

The kernel writes 64 bits a page. All that a probe needs lies in the highest byte: bit 7 present,
bit 6 swapped, bit 0 exclusively mapped (no other process has this frame). Frame numbers are in the
lower bytes and are for root alone; the flags are not, so that any user can watch its processes.

Source: Documentation/admin-guide/mm/pagemap.rst (Linux 6.18; bit 56 since 4.2).
"""

from __future__ import annotations

import os
import sys

from engine.errors import ProbeError
from engine.page_states import EXCLUSIVE_BIT, PRESENT_BIT
from engine.proc import Pid, reading

ENTRY_BYTES = 8
_STATUS_AT = 7 if sys.byteorder == "little" else 0
_IS_EXCLUSIVE = bytes(
    1 if status & PRESENT_BIT and status & EXCLUSIVE_BIT else 0 for status in range(256)
)


def status_bytes(entries: bytes | bytearray) -> bytes:
    """The highest byte of each 64-bit entry."""
    return bytes(entries[_STATUS_AT::ENTRY_BYTES])


def exclusive(status: bytes) -> bytes:
    """1 for every page that is present and that no other process has, else 0."""
    return status.translate(_IS_EXCLUSIVE)


def count_exclusive(status: bytes) -> int:
    """Pages that are present and that no other process has."""
    return exclusive(status).count(1)


class Pagemap:
    """A process' pagemap; keeps a descriptor and a buffer."""

    def __init__(self, pid: Pid = "self", proc: str = "/proc") -> None:
        self._path = f"{proc}/{pid}/pagemap"
        self._buffer = bytearray()
        with reading(self._path):
            self._fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)

    def read(self, address: int, pages: int, page_size: int) -> bytes:
        """One status byte for each of `pages` pages from `address` on; raises ProbeError."""
        size = pages * ENTRY_BYTES
        if len(self._buffer) != size:
            self._buffer = bytearray(size)
        with reading(self._path):
            got = os.preadv(self._fd, [self._buffer], address // page_size * ENTRY_BYTES)
        if got != size:
            raise ProbeError(
                f"Can't read {self._path}: {got} of {size} bytes at address {address:#x}. "
                "The process has ended, or the address is not its own."
            )
        return status_bytes(self._buffer)

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._fd)
