"""Parses RDB dumps, strictly: every byte is accounted for, or the file is refused with the offset.

Theory of operation. The file passes through a window of about 1 MiB. An item (an opcode with its
operands, or a key with its value) is parsed optimistically from the window; if it does not end
there, the window is refilled from the item's start and the item parsed again. So nothing looks for
the window's end on the way, and a length that the file is too short for is refused before memory
is taken for it. A plain string's bytes are handed on as they stand: they are the record that the
arena wants. Keys are handed on before the checksum at the end is known, as in Redis: who loads must
take the error as fatal.
Source: rdbLoadRioWithLoadingCtx() in rdb.c (Redis 7.0.15).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from engine import lzf, rdb_format
from engine.arena import MAX_DATABASES
from engine.disk import READ, Disk
from engine.errors import CorruptFileError
from engine.inline import shown
from engine.rdb_format import (
    EXPIRETIME,
    EXPIRETIME_MS,
    FREQ,
    IDLE,
    TYPE_NAMES,
    TYPE_STRING,
)
from engine.records import HEADER_SIZE, build_string

WINDOW = 1 << 20
"""Bytes that are read at a time, at least."""

_INT8, _INT16, _INT32 = struct.Struct("<b"), struct.Struct("<h"), struct.Struct("<i")
_INTEGERS = {
    rdb_format.ENCODED_INT8: _INT8,
    rdb_format.ENCODED_INT16: _INT16,
    rdb_format.ENCODED_INT32: _INT32,
}
_EXPIRE_MS, _EXPIRE_SECONDS = struct.Struct("<q"), struct.Struct("<i")
_CHECKSUM = struct.Struct("<Q")
_FIRST_WITH_CHECKSUM = 5
_MODULE_EOF, _MODULE_SINT, _MODULE_UINT, _MODULE_FLOAT, _MODULE_DOUBLE, _MODULE_STRING = range(6)

_T = TypeVar("_T")


class Entry(NamedTuple):
    """One key of a dump. `record[value_at:]` is a string's value, `expire_ms` 0 for no expiry."""

    db: int
    key: bytes
    record: bytes
    """[0xFC expiry] type key value, all lengths plain: what the arena keeps behind a header."""
    value_at: int
    expire_ms: int


class _Short(Exception):
    """The window ends before the item does; it must reach `end`."""

    def __init__(self, end: int) -> None:
        self.end = end


class RdbParser:
    """One pass over one dump. What the file says of itself is in `version` and `aux`."""

    def __init__(
        self,
        path: str,
        disk: Disk | None = None,
        *,
        verify_checksum: bool = True,
        on_window: Callable[[int], None] = lambda offset: None,
    ) -> None:
        """`on_window(offset)` is called whenever the window moves on."""
        self.path = path
        self.version = 0
        self.aux: dict[str, str] = {}
        """AUX fields by name, complete at the first entry."""
        self.has_checksum = True
        """False when the file was written without one."""
        self.end = 0
        """Bytes of the dump, its checksum included; what a file holds behind them is not read."""
        self._disk = disk or Disk()
        self._verify = verify_checksum
        self._on_window = on_window
        self._data = b""
        self._at = 0
        self._window_offset = 0
        self._crc = 0
        self._size = 0
        self._fd = -1
        self._db = 0

    @property
    def offset(self) -> int:
        """Offset of the item that is being read, in bytes."""
        return self._window_offset + self._at

    def entries(self) -> Iterator[Entry]:
        """Every key in the file's order; raises CorruptFileError, or the OSError of reading."""
        self._size = self._disk.size(self.path)
        self._fd = self._disk.open(self.path, READ)
        try:
            self._read_header()
            yield from self._read_items()
            self._read_checksum()
        finally:
            self._disk.close(self._fd)

    def _read_header(self) -> None:
        head = self._retrying(lambda: self._take(rdb_format.HEADER_SIZE))
        digits = head[len(rdb_format.MAGIC) :]
        if not head.startswith(rdb_format.MAGIC) or not digits.isdigit():
            raise self._corrupt_at(
                0, f"Wrong signature trying to load DB from file: {shown(head)} is no RDB header"
            )
        self.version = int(digits)
        if not 1 <= self.version <= rdb_format.NEWEST_READ_VERSION:
            raise self._corrupt_at(
                len(rdb_format.MAGIC),
                f"Can't handle RDB format version {self.version}",
                f"This engine reads versions 1 to {rdb_format.NEWEST_READ_VERSION}: save the dump "
                "with Redis 7.0 or older, or restore an older one",
            )

    def _read_items(self) -> Iterator[Entry]:
        """The hot loop: plain strings are cut out here, all else is `_read_item`'s."""
        data, at, db = self._data, self._at, self._db
        new_entry = Entry._make
        while True:
            start = at
            try:
                expire_ms = 0
                if data[at] == EXPIRETIME_MS:
                    expire_ms = _EXPIRE_MS.unpack_from(data, at + 1)[0] or -1
                    at += 9
                key_length = data[at + 1]
                if data[at] == TYPE_STRING and key_length < 0x80 and expire_ms >= 0:
                    key_at = at + 2
                    if key_length >= 0x40:
                        key_length = (key_length & 0x3F) << 8 | data[key_at]
                        key_at += 1
                    key_end = key_at + key_length
                    value_length = data[key_end]
                    if value_length < 0x80:
                        value_at = key_end + 1
                        if value_length >= 0x40:
                            value_length = (value_length & 0x3F) << 8 | data[value_at]
                            value_at += 1
                        at = value_at + value_length
                        if at <= len(data):
                            yield new_entry(
                                (
                                    db,
                                    data[key_at:key_end],
                                    data[start:at],
                                    value_at - start,
                                    expire_ms,
                                )
                            )
                            continue
            except (IndexError, struct.error):
                pass  # the window ends here: the careful way refills it
            self._at = start
            entry = self._retrying(self._read_item)
            if self.end:
                return
            if entry is not None:
                yield entry
            data, at, db = self._data, self._at, self._db

    # -- items ---------------------------------------------------------------------------------

    def _read_item(self) -> Entry | None:
        """One item; None for those that are no key."""
        opcode = self._byte()
        if opcode == rdb_format.EOF:
            self.end = self._window_offset + self._at
        elif opcode == rdb_format.SELECTDB:
            index = self._length()
            if index >= MAX_DATABASES:
                raise self._corrupt(f"database {index}, but this engine has {MAX_DATABASES}")
            self._db = index
        elif opcode == rdb_format.RESIZEDB:
            self._length()
            self._length()
        elif opcode == rdb_format.AUX:
            name = self._string()
            self.aux[name.decode("utf-8", "replace")] = self._string().decode("utf-8", "replace")
        elif opcode == rdb_format.FUNCTION2:
            self._string()
        elif opcode == rdb_format.MODULE_AUX:
            self._skip_module_value()
        elif opcode == rdb_format.FUNCTION_PRE_GA:
            raise self._corrupt("Pre-release function format not supported")
        else:
            return self._read_key(opcode)
        return None

    def _read_key(self, opcode: int) -> Entry:
        expire_ms = 0
        while opcode in (EXPIRETIME_MS, EXPIRETIME, IDLE, FREQ):
            if opcode == EXPIRETIME_MS:
                expire_ms = max(_EXPIRE_MS.unpack(self._take(8))[0], 1)
            elif opcode == EXPIRETIME:
                expire_ms = max(_EXPIRE_SECONDS.unpack(self._take(4))[0] * 1000, 1)
            elif opcode == IDLE:
                self._length()
            else:
                self._byte()
            opcode = self._byte()
        if opcode not in TYPE_NAMES:
            raise self._corrupt(f"Unknown RDB encoding type {opcode}")
        key = self._string()
        if opcode != TYPE_STRING:
            raise self._corrupt(
                f"key {shown(key)} is of type {opcode} ({TYPE_NAMES[opcode]}), which this engine "
                "can't load",
                "It loads strings only: save a dump without such keys",
            )
        value = self._string()
        record = build_string(key, value, expire_ms)[HEADER_SIZE:]
        return Entry(self._db, key, record, len(record) - len(value), expire_ms)

    def _skip_module_value(self) -> None:
        """A module's auxiliary value: its identity, when to load it, and typed fields to an end."""
        self._length()
        self._length()
        self._length()
        while (kind := self._length()) != _MODULE_EOF:
            if kind in (_MODULE_SINT, _MODULE_UINT):
                self._length()
            elif kind == _MODULE_FLOAT:
                self._take(4)
            elif kind == _MODULE_DOUBLE:
                self._take(8)
            elif kind == _MODULE_STRING:
                self._string()
            else:
                raise self._corrupt(f"unknown module opcode {kind}")

    # -- operands ------------------------------------------------------------------------------

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, count: int) -> bytes:
        start = self._at
        end = start + count
        if end > len(self._data):
            raise _Short(end)
        self._at = end
        return self._data[start:end]

    def _length(self) -> int:
        first = self._byte()
        if first >= 0xC0:
            raise self._corrupt("an encoded string where a length belongs")
        return self._rest_of_length(first)

    def _rest_of_length(self, first: int) -> int:
        if first < 0x40:
            return first
        if first < 0x80:
            return (first & 0x3F) << 8 | self._byte()
        if first in (0x80, 0x81):
            return int.from_bytes(self._take(4 if first == 0x80 else 8), "big")
        raise self._corrupt(f"Unknown length encoding {first:#04x}")

    def _string(self) -> bytes:
        first = self._byte()
        if first < 0xC0:
            return self._take(self._rest_of_length(first))
        if first in _INTEGERS:
            integer = _INTEGERS[first]
            (number,) = integer.unpack(self._take(integer.size))
            return b"%d" % number
        if first != rdb_format.ENCODED_LZF:
            raise self._corrupt(f"Unknown RDB string encoding type {first & 0x3F}")
        packed_length = self._length()
        length = self._length()
        if length > packed_length * lzf.MAX_RATIO:
            raise self._corrupt("Invalid LZF compressed string")
        packed = self._take(packed_length)
        try:
            return lzf.decompress(packed, length)
        except ValueError as error:
            raise self._corrupt(f"Invalid LZF compressed string ({error})") from error

    def _corrupt(self, what: str, advice: str = "") -> CorruptFileError:
        return self._corrupt_at(self._window_offset + self._at, what, advice)

    def _corrupt_at(self, offset: int, what: str, advice: str = "") -> CorruptFileError:
        usual = f"Restore the file from a backup; redis-check-rdb {self.path} may tell more"
        return CorruptFileError(self.path, offset, what, advice or usual)

    # -- the window ----------------------------------------------------------------------------

    def _retrying(self, parse: Callable[[], _T]) -> _T:
        """What `parse` returns; the window is refilled from the item's start as often as needed."""
        while True:
            start = self._at
            try:
                return parse()
            except _Short as short:
                self._at = start
                self._refill(short.end - start)

    def _refill(self, needed: int) -> None:
        """Move the window to `_at`, so that it holds at least `needed` bytes from there on."""
        if self._verify:
            self._crc = rdb_format.crc64(memoryview(self._data)[: self._at], self._crc)
        self._window_offset += self._at
        self._data = self._data[self._at :]
        self._at = 0
        if self._window_offset + needed > self._size:
            raise self._corrupt_at(self._size, "Unexpected end of file: it is cut short")
        pieces = [self._data]
        missing = max(needed - len(self._data), WINDOW)
        while missing > 0 and (piece := self._disk.read(self._fd, missing)):
            pieces.append(piece)
            missing -= len(piece)
        self._data = b"".join(pieces)
        if len(self._data) < needed:
            raise self._corrupt_at(self._size, "Unexpected end of file: it is cut short")
        self._on_window(self._window_offset)

    def _read_checksum(self) -> None:
        if self.version < _FIRST_WITH_CHECKSUM:
            self.has_checksum = False
            return
        (expected,) = _CHECKSUM.unpack(self._retrying(lambda: self._take(8)))
        self.end += 8
        self.has_checksum = expected != 0
        if not self._verify or not self.has_checksum:
            return
        actual = rdb_format.crc64(memoryview(self._data)[: self._at - 8], self._crc)
        if actual != expected:
            raise self._corrupt_at(
                self.end - 8,
                f"Wrong RDB checksum expected: ({expected:x}) but got ({actual:x})",
            )
