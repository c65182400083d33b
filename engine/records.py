"""A record: one key's bytes in the arena, which already are its bytes in a dump.

    header: 8 bytes, little endian          RDB record: rdb_length bytes
    +----------------+------------------+  +---------------------+------+-----+-------+
    | rdb_length u32 | value_at u29     |  | [0xFC expiry ms i64]| type | key | value |
    |                | kind u3 (top)    |  +---------------------+------+-----+-------+
    +----------------+------------------+

`value_at` is where the value's raw bytes begin, counted from the record's start; a string's value
is the last thing in its record. A collection's record ends with the key, and `value_at` leads to
its links (see `values.chunks`). rdb_length 0 marks a free slot. Because the bytes after the header
are what a dump holds, the snapshot child slices memory and encodes nothing.
Source: RDB version 9 (rdb.h, Redis 5.0); lengths are big endian there, expiry little endian.
"""

from __future__ import annotations

import struct

HEADER = struct.Struct("<II")
HEADER_SIZE = HEADER.size
FREE_SLOT = bytes(4)
"""Written over rdb_length when a record is freed."""

KIND_SHIFT = 29
FIRST_COLLECTION = 1 << KIND_SHIFT
"""Header words from here on belong to collections (kinds 1 to 7); below are strings."""

TYPE_STRING = 0
OPCODE_EXPIRETIME_MS = 0xFC
_EXPIRY = struct.Struct("<Bq")
_MAX_KEY = (1 << KIND_SHIFT) - 32


def rdb_length(length: int) -> bytes:
    """A length as RDB writes it: 6, 14, 32 or 64 bits."""
    if length < 64:
        return bytes((length,))
    if length < 16384:
        return bytes((0x40 | length >> 8, length & 0xFF))
    if length < 1 << 32:
        return b"\x80" + length.to_bytes(4, "big")
    return b"\x81" + length.to_bytes(8, "big")


_SHORT_LENGTHS = tuple(rdb_length(length) for length in range(16384))


def build_string(key: bytes, value: bytes, expire_ms: int = 0) -> bytes:
    """The record of a string; `expire_ms` is a Unix time in milliseconds, 0 for none."""
    key_length = len(key)
    value_length = len(value)
    key_prefix = _SHORT_LENGTHS[key_length] if key_length < 16384 else rdb_length(key_length)
    prefix = _SHORT_LENGTHS[value_length] if value_length < 16384 else rdb_length(value_length)
    expiry = _EXPIRY.pack(OPCODE_EXPIRETIME_MS, expire_ms) if expire_ms else b""
    before = len(expiry) + 1 + len(key_prefix) + key_length + len(prefix)
    header = HEADER.pack(before + value_length, HEADER_SIZE + before)
    return b"".join((header, expiry, b"\0", key_prefix, key, prefix, value))


def string_size(key: int, value: int) -> int:
    """Bytes of the record of a string, without expiry, by the bytes of its key and its value."""
    lengths = len(rdb_length(key)) + len(rdb_length(value))
    return HEADER_SIZE + 1 + lengths + key + value


def read_length(data: bytes, at: int) -> tuple[int, int]:
    """(length, offset behind it) of an RDB length at `at`; not for special encodings."""
    first = data[at]
    if first < 0x40:
        return first, at + 1
    if first < 0x80:
        return (first & 0x3F) << 8 | data[at + 1], at + 2
    if first == 0x80:
        return int.from_bytes(data[at + 1 : at + 5], "big"), at + 5
    return int.from_bytes(data[at + 1 : at + 9], "big"), at + 9


def key_of(record: bytes) -> bytes:
    """The key in a record's bytes (header included)."""
    at = HEADER_SIZE
    if record[at] == OPCODE_EXPIRETIME_MS:
        at += _EXPIRY.size
    length, at = read_length(record, at + 1)
    return record[at : at + length]
