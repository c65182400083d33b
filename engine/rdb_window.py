"""A dump's bytes as they pass by: a window of about 1 MiB, and the operands that are cut out of it.

Theory of operation. An item (an opcode with its operands, an element) is parsed optimistically
from the window; if it does not end there, the window is refilled from the item's start and the
item parsed again. So nothing looks for the window's end on the way, and a length that the file is
too short for is refused before memory is taken for it.
Source: rdbLoadLenByRef(), rdbGenericLoadStringObject() in rdb.c (Redis 7.0.15).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TypeVar

from engine import lzf, rdb_format
from engine.disk import READ, Disk
from engine.errors import CorruptFileError

WINDOW = 1 << 20
"""Bytes that are read at a time, at least."""

_INTEGERS = {
    rdb_format.ENCODED_INT8: struct.Struct("<b"),
    rdb_format.ENCODED_INT16: struct.Struct("<h"),
    rdb_format.ENCODED_INT32: struct.Struct("<i"),
}
_CUT_SHORT = "Unexpected end of file: it is cut short"

_T = TypeVar("_T")


class _Short(Exception):
    """The window ends before the item does; it must reach `end`."""

    def __init__(self, end: int) -> None:
        self.end = end


class Window:
    """One file, read once from its start."""

    def __init__(
        self,
        path: str,
        disk: Disk,
        *,
        verify_checksum: bool = True,
        on_move: Callable[[int], None] = lambda offset: None,
    ) -> None:
        """`on_move(offset)` is called whenever the window moves on."""
        self.path = path
        self.data = b""
        """What is in the window."""
        self.at = 0
        """Where in `data` the next operand begins."""
        self.base = 0
        """Offset of `data` in the file, in bytes."""
        self.reading = ""
        """Which key is being read, for error messages."""
        self._disk = disk
        self._verify = verify_checksum
        self._on_move = on_move
        self._crc = 0
        self._size = 0
        self._fd = -1

    @property
    def offset(self) -> int:
        """Offset of the next operand in the file, in bytes."""
        return self.base + self.at

    def open(self) -> None:
        """Raises the OSError of a file that can't be read."""
        self._size = self._disk.size(self.path)
        self._fd = self._disk.open(self.path, READ)

    def close(self) -> None:
        self._disk.close(self._fd)

    # -- operands, to be read within `retrying` ------------------------------------------------

    def byte(self) -> int:
        """One byte."""
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        start = self.at
        end = start + count
        if end > len(self.data):
            raise _Short(end)
        self.at = end
        return self.data[start:end]

    def length(self) -> int:
        """A length, or another number that is written like one."""
        first = self.byte()
        if first >= 0xC0:
            raise self.corrupt("an encoded string where a length belongs")
        return self._rest_of_length(first)

    def _rest_of_length(self, first: int) -> int:
        if first < 0x40:
            return first
        if first < 0x80:
            return (first & 0x3F) << 8 | self.byte()
        if first in (0x80, 0x81):
            return int.from_bytes(self.take(4 if first == 0x80 else 8), "big")
        raise self.corrupt(f"Unknown length encoding {first:#04x}")

    def string(self) -> bytes:
        """A string in any of its encodings."""
        first = self.byte()
        if first < 0xC0:
            return self.take(self._rest_of_length(first))
        if first in _INTEGERS:
            integer = _INTEGERS[first]
            (number,) = integer.unpack(self.take(integer.size))
            return b"%d" % number
        if first != rdb_format.ENCODED_LZF:
            raise self.corrupt(f"Unknown RDB string encoding type {first & 0x3F}")
        packed_length = self.length()
        length = self.length()
        if length > packed_length * lzf.MAX_RATIO:
            raise self.corrupt("Invalid LZF compressed string")
        packed = self.take(packed_length)
        try:
            return lzf.decompress(packed, length)
        except ValueError as error:
            raise self.corrupt(f"Invalid LZF compressed string ({error})") from error

    # -- refusing ------------------------------------------------------------------------------

    def corrupt(self, what: str, advice: str = "") -> CorruptFileError:
        """The error to raise where the next operand would begin."""
        return self.corrupt_at(self.offset, what, advice)

    def corrupt_at(self, offset: int, what: str, advice: str = "") -> CorruptFileError:
        """The error to raise for what stands at `offset`."""
        usual = f"Restore the file from a backup; redis-check-rdb {self.path} may tell more"
        return CorruptFileError(self.path, offset, what + self.reading, advice or usual)

    # -- moving --------------------------------------------------------------------------------

    def retrying(self, parse: Callable[[], _T]) -> _T:
        """What `parse` returns; the window is refilled from the item's start as often as needed."""
        while True:
            start = self.at
            try:
                return parse()
            except _Short as short:
                self.at = start
                self._refill(short.end - start)

    def _refill(self, needed: int) -> None:
        """Move the window to `at`, so that it holds at least `needed` bytes from there on."""
        if self._verify:
            self._crc = rdb_format.crc64(memoryview(self.data)[: self.at], self._crc)
        self.base += self.at
        self.data = self.data[self.at :]
        self.at = 0
        if self.base + needed > self._size:
            raise self.corrupt_at(self._size, _CUT_SHORT)
        pieces = [self.data]
        missing = max(needed - len(self.data), WINDOW)
        while missing > 0 and (piece := self._disk.read(self._fd, missing)):
            pieces.append(piece)
            missing -= len(piece)
        self.data = b"".join(pieces)
        if len(self.data) < needed:
            raise self.corrupt_at(self._size, _CUT_SHORT)
        self._on_move(self.base)

    def checksum(self) -> int:
        """CRC-64 of the file up to the next operand; 0 if it is not verified."""
        if not self._verify:
            return 0
        return rdb_format.crc64(memoryview(self.data)[: self.at], self._crc)
