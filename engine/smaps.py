"""/proc/PID/smaps: the kernel's own account of every mapping, in KiB.

The probe asks for two sums: what lies in the arena, and everything else ("the interpreter's own").
Source: proc_pid_smaps(5); field names are the kernel's (Linux 6.18).
"""

from __future__ import annotations

import ctypes
import os
import re
from bisect import bisect_left
from dataclasses import dataclass

from engine.errors import ProbeError
from engine.proc import Pid, ProcessGoneError, reading

_FIELDS = (
    "Rss",
    "Private_Clean",
    "Private_Dirty",
    "Shared_Clean",
    "Shared_Dirty",
    "AnonHugePages",
    "Swap",
)
_HEADER = re.compile(
    rb"\n([0-9a-f]+)-([0-9a-f]+) [rwxps-]{4} [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ \d+ *([^\n]*)"
)
_VALUES = {name: re.compile(rb"\n%s: +(\d+) kB" % name.encode()) for name in _FIELDS}


@dataclass(frozen=True)
class Sums:
    """Sums over some mappings, in KiB."""

    rss_kb: int
    private_clean_kb: int
    private_dirty_kb: int
    shared_clean_kb: int
    shared_dirty_kb: int
    anon_huge_kb: int
    swap_kb: int

    @property
    def private_kb(self) -> int:
        """Private_Clean + Private_Dirty: pages that no other process has."""
        return self.private_clean_kb + self.private_dirty_kb


@dataclass(frozen=True)
class Smaps:
    """The mappings of a process in address order, column by column."""

    starts: list[int]
    ends: list[int]
    names: list[str]
    """Path, or a name in brackets; empty for an anonymous mapping."""
    columns: tuple[list[int], ...]
    """One list of KiB for each field of `Sums`."""

    def inside(self, start: int, end: int) -> Sums:
        """Sums over the mappings in an address range; raises ProbeError if one straddles it."""
        first, last = self._slice(start, end)
        return Sums(*(sum(column[first:last]) for column in self.columns))

    def outside(self, start: int, end: int) -> Sums:
        """Sums over all other mappings."""
        first, last = self._slice(start, end)
        return Sums(*(sum(column) - sum(column[first:last]) for column in self.columns))

    def _slice(self, start: int, end: int) -> tuple[int, int]:
        first, last = bisect_left(self.starts, start), bisect_left(self.starts, end)
        # The arena has fences because the kernel merges neighbours of the same kind.
        for crossed in (first and self.ends[first - 1] > start, last and self.ends[last - 1] > end):
            if crossed:
                raise ProbeError(
                    f"A mapping straddles {start:x}-{end:x}: smaps can't tell the two sides apart."
                )
        return first, last


def parse(text: bytes) -> Smaps:
    """The mappings in the text of an smaps file; raises ProbeError if it is not one."""
    lines = b"\n" + text
    headers = _HEADER.findall(lines)
    columns = tuple([int(kb) for kb in _VALUES[name].findall(lines)] for name in _FIELDS)
    if not headers or any(len(column) != len(headers) for column in columns):
        raise ProbeError(
            f"Can't understand smaps: {len(headers)} mappings with "
            f"{', '.join(f'{len(c)} {n}' for n, c in zip(_FIELDS, columns, strict=True))}. "
            "This kernel prints another form."
        )
    return Smaps(
        [int(start, 16) for start, _, _ in headers],
        [int(end, 16) for _, end, _ in headers],
        [name.decode("utf-8", "surrogateescape") for _, _, name in headers],
        columns,
    )


_libc = ctypes.CDLL(None, use_errno=True)
_libc.fopen.restype = ctypes.c_void_p
_libc.fopen.argtypes = (ctypes.c_char_p, ctypes.c_char_p)
_libc.fread.restype = ctypes.c_size_t
_libc.fread.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p)
_libc.ferror.argtypes = (ctypes.c_void_p,)
_libc.fclose.argtypes = (ctypes.c_void_p,)

_FIRST_BUFFER = 256 << 10


class SmapsFile:
    """A process' smaps; keeps a buffer.

    The kernel hands smaps out in pieces of at most 4 KiB. Read from Python, every piece would ask
    the interpreter for its lock again and wait up to 5 ms for it while the main thread is busy:
    270 ms for one file, measured. C's fread takes all pieces in one call without the lock: 12 ms.
    """

    def __init__(self, pid: Pid = "self", proc: str = "/proc") -> None:
        self._path = f"{proc}/{pid}/smaps"
        self._buffer = ctypes.create_string_buffer(_FIRST_BUFFER)

    def read(self) -> Smaps:
        """The mappings now; raises ProbeError, ProcessGoneError if there is no memory any more."""
        text = self._text()
        if not text:
            raise ProcessGoneError(f"Can't read {self._path}: the process has ended.")
        return parse(text)

    def _text(self) -> bytes:
        while True:
            size = self._fill()
            if size < len(self._buffer):
                return ctypes.string_at(self._buffer, size)
            self._buffer = ctypes.create_string_buffer(2 * len(self._buffer))

    def _fill(self) -> int:
        with reading(self._path):
            file = _libc.fopen(os.fsencode(self._path), b"re")
            if not file:
                raise _last_error()
            try:
                size = int(_libc.fread(self._buffer, 1, len(self._buffer), file))
                if size < len(self._buffer) and _libc.ferror(file):
                    raise _last_error()
                return size
            finally:
                _libc.fclose(file)


def _last_error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
