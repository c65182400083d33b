"""DUMP's payload: one value as a dump has it, with the version and a checksum behind.

    type byte | value | RDB version u16 | CRC-64 of all before u64        (both little endian)

What comes from outside is read by the parser that reads dumps, from a dump of this one key.
Source: createDumpPayload(), verifyDumpPayload() in cluster.c (Redis 7.0.15).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from engine import rdb_format
from engine.database import Database
from engine.disk import Disk
from engine.errors import CorruptFileError
from engine.rdb_elements import FORMS
from engine.rdb_format import TYPE_STRING, crc64, pack_checksum
from engine.rdb_parser import RdbParser
from engine.rdb_reader import as_redis_keeps
from engine.records import rdb_length
from engine.values.collection import Collection
from engine.values.encodings import Limits

_VERSION = struct.Struct("<H")
_FOOTER_SIZE = _VERSION.size + 8


class PayloadError(Exception):
    """The payload is damaged, or of a type that this engine does not have."""


class Value(NamedTuple):
    """What a payload holds: `text` of a string, `elements` of a collection, as in a dump."""

    kind: type[Collection] | None
    text: bytes
    elements: list[bytes]
    is_compact: bool


def payload(database: Database, key: bytes) -> bytes:
    """The payload of a key, which exists."""
    collection = database.collections.get(key)
    if collection is None:
        value = database.get(key) or b""
        parts = [bytes((TYPE_STRING,)), rdb_length(len(value)), value]
    else:
        parts = [bytes((collection.RDB_TYPE,)), rdb_length(len(collection)), *collection.raw()]
    parts.append(_VERSION.pack(rdb_format.WRITTEN_VERSION))
    data = b"".join(parts)
    return data + pack_checksum(crc64(data))


def is_whole(data: bytes) -> bool:
    """Whether the checksum is right and the version is one that this engine reads."""
    if len(data) < _FOOTER_SIZE:
        return False
    (version,) = _VERSION.unpack_from(data, len(data) - _FOOTER_SIZE)
    if version > rdb_format.NEWEST_READ_VERSION:
        return False
    return pack_checksum(crc64(data[:-8])) == data[-8:]


def value_of(data: bytes) -> Value:
    """The value in a payload that `is_whole`; raises PayloadError."""
    kind = data[0]
    if kind != TYPE_STRING and kind not in FORMS:
        raise PayloadError(f"type {kind}")
    dump = rdb_format.header({}) + bytes((kind, 0)) + data[1:-_FOOTER_SIZE]
    dump += bytes((rdb_format.EOF,)) + bytes(8)
    values: list[Value] = []
    try:
        for entry in RdbParser("", _OneFile(dump)).entries():
            if entry.elements is None:
                values.append(Value(None, entry.record[entry.value_at :], [], False))
                continue
            elements = [element for batch in entry.elements for element in batch]
            values.append(Value(entry.elements.kind, b"", elements, entry.elements.is_compact))
    except CorruptFileError as error:
        raise PayloadError(str(error)) from error
    if len(values) != 1 or not (values[0].kind is None or values[0].elements):
        raise PayloadError("not one value")
    return values[0]


def put(database: Database, key: bytes, value: Value, expire_ms: int, limits: Limits) -> None:
    """Give a key this value, whatever it had; raises PayloadError or ArenaFullError, and has
    changed nothing then."""
    if value.kind is None:
        database.set(key, value.text, expire_ms)
        return
    made = value.kind(database.arena, database.index, key, expire_ms)
    try:
        made.load(value.elements)
    except KeyError as error:
        made.free()
        raise PayloadError("an element twice") from error
    except BaseException:
        made.free()
        raise
    as_redis_keeps(limits, made, is_compact=value.is_compact)
    database.adopt(key, made)


class _OneFile(Disk):
    """A disk with one file, which can only be read."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = data
        self._at = 0

    def size(self, path: str) -> int:
        return len(self._data)

    def open(self, path: str, flags: int) -> int:
        return 0

    def read(self, fd: int, size: int) -> bytes:
        start = self._at
        self._at += size
        return self._data[start : start + size]

    def close(self, fd: int) -> None:
        pass
