"""Parses RDB dumps, strictly: every byte is accounted for, or the file is refused with the offset.

The bytes pass through a window (`rdb_window`), a collection's elements come in batches of their own
(`rdb_elements`). A plain string's bytes are handed on as they stand: they are the record that the
arena wants. What this engine cannot have is passed over where it belongs to no key (function
libraries, modules' auxiliary values), and counted; a key that it cannot have refuses the file, for
the next dump would be without it. Keys are handed on before the checksum at the end is known, as in
Redis: who loads must take the error as fatal.
Source: rdbLoadRioWithLoadingCtx() in rdb.c (Redis 7.0.15).
"""

from __future__ import annotations

import struct
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from engine import rdb_format
from engine.arena import MAX_DATABASES
from engine.disk import Disk
from engine.inline import shown
from engine.rdb_elements import FORMS, Elements
from engine.rdb_format import (
    EXPIRETIME,
    EXPIRETIME_MS,
    FREQ,
    IDLE,
    TYPE_NAMES,
    TYPE_STRING,
)
from engine.rdb_window import Window
from engine.records import HEADER_SIZE, build_string

_EXPIRE_MS, _EXPIRE_SECONDS = struct.Struct("<q"), struct.Struct("<i")
_CHECKSUM = struct.Struct("<Q")
_FIRST_WITH_CHECKSUM = 5
_MODULE_EOF, _MODULE_SINT, _MODULE_UINT, _MODULE_FLOAT, _MODULE_DOUBLE, _MODULE_STRING = range(6)


class Entry(NamedTuple):
    """One key of a dump. `record[value_at:]` is a string's value, `expire_ms` 0 for no expiry."""

    db: int
    key: bytes
    record: bytes
    """[0xFC expiry] type key value, all lengths plain: what the arena keeps behind a header.

    Empty for a collection.
    """
    value_at: int
    expire_ms: int
    elements: Elements | None
    """Of a collection: to be read before the next entry."""


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
        self.left_out: Counter[str] = Counter()
        """What was passed over because this engine has nothing like it: what, how many."""
        self._window = Window(
            path, disk or Disk(), verify_checksum=verify_checksum, on_move=on_window
        )
        self._verify = verify_checksum
        self._db = 0

    @property
    def offset(self) -> int:
        """Offset of the item that is being read, in bytes."""
        return self._window.offset

    def entries(self) -> Iterator[Entry]:
        """Every key in the file's order; raises CorruptFileError, or the OSError of reading."""
        self._window.open()
        try:
            self._read_header()
            yield from self._read_items()
            self._read_checksum()
        finally:
            self._window.close()

    def _read_header(self) -> None:
        window = self._window
        head = window.retrying(lambda: window.take(rdb_format.HEADER_SIZE))
        digits = head[len(rdb_format.MAGIC) :]
        if not head.startswith(rdb_format.MAGIC) or not digits.isdigit():
            raise window.corrupt_at(
                0, f"Wrong signature trying to load DB from file: {shown(head)} is no RDB header"
            )
        self.version = int(digits)
        if not 1 <= self.version <= rdb_format.NEWEST_READ_VERSION:
            raise window.corrupt_at(
                len(rdb_format.MAGIC),
                f"Can't handle RDB format version {self.version}",
                f"This engine reads versions 1 to {rdb_format.NEWEST_READ_VERSION}: save the dump "
                "with Redis 7.0 or older, or restore an older one",
            )

    def _read_items(self) -> Iterator[Entry]:
        """The hot loop: plain strings are cut out here, all else is `_read_item`'s."""
        window = self._window
        data, at, db = window.data, window.at, self._db
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
                            if value_length < 0x40:  # APPEND relies on the shortest form
                                raise IndexError
                        at = value_at + value_length
                        if at <= len(data):
                            yield new_entry(
                                (
                                    db,
                                    data[key_at:key_end],
                                    data[start:at],
                                    value_at - start,
                                    expire_ms,
                                    None,
                                )
                            )
                            continue
            except (IndexError, struct.error):
                pass  # the window ends here: the careful way refills it
            window.at = start
            entry = window.retrying(self._read_item)
            if self.end:
                return
            if entry is not None:
                yield entry
                if entry.elements is not None:
                    deque(entry.elements, maxlen=0)  # those that the caller left
            data, at, db = window.data, window.at, self._db

    # -- items ---------------------------------------------------------------------------------

    def _read_item(self) -> Entry | None:
        """One item; None for those that are no key."""
        window = self._window
        window.reading = ""
        opcode = window.byte()
        if opcode == rdb_format.EOF:
            self.end = window.offset
        elif opcode == rdb_format.SELECTDB:
            index = window.length()
            if index >= MAX_DATABASES:
                raise window.corrupt(f"database {index}, but this engine has {MAX_DATABASES}")
            self._db = index
        elif opcode == rdb_format.RESIZEDB:
            window.length()
            window.length()
        elif opcode == rdb_format.AUX:
            name, value = window.string(), window.string()
            self.aux[name.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
        elif opcode == rdb_format.FUNCTION2:
            window.string()
            self.left_out["function library"] += 1
        elif opcode == rdb_format.MODULE_AUX:
            self._skip_module_value()
            self.left_out["module's auxiliary value"] += 1
        elif opcode == rdb_format.FUNCTION_PRE_GA:
            raise window.corrupt("Pre-release function format not supported")
        else:
            return self._read_key(opcode)
        return None

    def _read_key(self, opcode: int) -> Entry:
        window = self._window
        expire_ms = 0
        while opcode in (EXPIRETIME_MS, EXPIRETIME, IDLE, FREQ):
            if opcode == EXPIRETIME_MS:
                expire_ms = max(_EXPIRE_MS.unpack(window.take(8))[0], 1)
            elif opcode == EXPIRETIME:
                expire_ms = max(_EXPIRE_SECONDS.unpack(window.take(4))[0] * 1000, 1)
            elif opcode == IDLE:
                window.length()
            else:
                window.byte()
            opcode = window.byte()
        if opcode not in TYPE_NAMES:
            raise window.corrupt(f"Unknown RDB encoding type {opcode}")
        key = window.string()
        db = self._db
        if opcode in FORMS:
            window.reading = f" (in key {shown(key)} of DB {db}, a {TYPE_NAMES[opcode]})"
            return Entry(db, key, b"", 0, expire_ms, Elements(window, opcode))
        if opcode != TYPE_STRING:
            raise window.corrupt(
                f"key {shown(key)} of DB {db} is of type {opcode} ({TYPE_NAMES[opcode]}), which "
                "this engine does not have",
                "Load the dump with the server that wrote it and delete such keys, then save it",
            )
        value = window.string()
        record = build_string(key, value, expire_ms)[HEADER_SIZE:]
        return Entry(db, key, record, len(record) - len(value), expire_ms, None)

    def _skip_module_value(self) -> None:
        """A module's auxiliary value: its identity, when to load it, and typed fields to an end."""
        window = self._window
        window.length()
        window.length()
        window.length()
        while (kind := window.length()) != _MODULE_EOF:
            if kind in (_MODULE_SINT, _MODULE_UINT):
                window.length()
            elif kind == _MODULE_FLOAT:
                window.take(4)
            elif kind == _MODULE_DOUBLE:
                window.take(8)
            elif kind == _MODULE_STRING:
                window.string()
            else:
                raise window.corrupt(f"unknown module opcode {kind}")

    def _read_checksum(self) -> None:
        if self.version < _FIRST_WITH_CHECKSUM:
            self.has_checksum = False
            return
        window = self._window
        actual = window.checksum()
        (expected,) = _CHECKSUM.unpack(window.retrying(lambda: window.take(8)))
        self.end += 8
        self.has_checksum = expected != 0
        if self._verify and self.has_checksum and actual != expected:
            raise window.corrupt_at(
                self.end - 8,
                f"Wrong RDB checksum expected: ({expected:x}) but got ({actual:x})",
            )
