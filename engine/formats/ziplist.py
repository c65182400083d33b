"""Ziplist: what Redis kept small collections in before 7.0; each entry begins with the size before.

    bytes u32   offset of the last entry u32   count u16 (65535: not known)   entries   0xFF

    entry: the previous entry's size in one byte, or 0xFE and u32; encoding; data
    00xxxxxx             string of up to 63 bytes    0xC0 i16   0xD0 i32   0xE0 i64
    01xxxxxx xxxxxxxx    string of up to 16383       0xF0 i24   0xFE i8
    0x80 length u32      string                      0xF1 to 0xFD: 0 to 12

Lengths of strings are big endian, all else little. Source: ziplist.c (Redis 7.0.15).
"""

from __future__ import annotations

import struct

from engine.formats import BlobError

_HEADER = struct.Struct("<IIH")
_UNKNOWN_COUNT = 0xFFFF
_END = 0xFF
_LONG_SIZE = 0xFE
_INTEGER_SIZES = {0xC0: 2, 0xD0: 4, 0xE0: 8, 0xF0: 3, 0xFE: 1}


def strings(blob: bytes) -> list[bytes]:
    """The entries, integers as Redis prints them; raises BlobError."""
    if len(blob) < _HEADER.size + 1:
        raise BlobError(len(blob), "the ziplist is shorter than its header")
    size, tail, count = _HEADER.unpack_from(blob)
    if size != len(blob):
        raise BlobError(0, f"the ziplist has {len(blob)} bytes and says {size}")
    last = size - 1
    found: list[bytes] = []
    at = start = _HEADER.size
    before = 0
    while at < last:
        start = at
        at = _behind_size(blob, at, before)
        entry, at = _entry(blob, at)
        before = at - start
        found.append(entry)
    if at != last or blob[last] != _END:
        raise BlobError(last, "the ziplist's end is not where it belongs")
    if tail != start:
        raise BlobError(4, f"the ziplist's last entry is at {start}, not at {tail}")
    if count not in (len(found), _UNKNOWN_COUNT):
        raise BlobError(8, f"the ziplist has {len(found)} entries and says {count}")
    return found


def _behind_size(blob: bytes, at: int, before: int) -> int:
    """The offset behind the previous entry's size, which must be `before`."""
    size, end = blob[at], at + 1
    if size >= _LONG_SIZE:
        end = at + 5
        size = int.from_bytes(blob[at + 1 : end], "little") if size == _LONG_SIZE else -1
    if size != before:
        raise BlobError(at, "a ziplist entry is wrong about the size of the one before it")
    return end


def _entry(blob: bytes, at: int) -> tuple[bytes, int]:
    """(entry, offset behind it) of the encoding at `at`."""
    first = blob[at] if at < len(blob) else _END
    if 0xF1 <= first <= 0xFD:
        return b"%d" % (first - 0xF1), at + 1
    if first in _INTEGER_SIZES:
        start, end = at + 1, at + 1 + _INTEGER_SIZES[first]
    elif first < 0x40:
        start, end = at + 1, at + 1 + first
    elif first < 0x80:
        start = at + 2
        end = start + ((first & 0x3F) << 8 | blob[at + 1])
    elif first == 0x80:
        start = at + 5
        end = start + int.from_bytes(blob[at + 1 : start], "big")
    else:
        raise BlobError(at, f"no ziplist entry is encoded as {first:#04x}")
    if end >= len(blob):
        raise BlobError(at, "a ziplist entry is longer than the ziplist")
    data = blob[start:end]
    if first in _INTEGER_SIZES:
        return b"%d" % int.from_bytes(data, "little", signed=True), end
    return data, end
