"""Listpack: strings and integers one behind the other, each with its size behind it.

    bytes u32   count u16 (65535: not known)   entries   0xFF

    entry: encoding and data, then the size of both in 1 to 5 bytes, to be read backwards
    0xxxxxxx             integer 0 to 127           0xF0 length u32   string
    10xxxxxx             string of up to 63 bytes   0xF1 i16          integer
    110xxxxx xxxxxxxx    integer of 13 bits         0xF2 i24          integer
    1110xxxx xxxxxxxx    string of up to 4095       0xF3 i32, 0xF4 i64

Integers are little endian, but for those of 13 bits. Source: listpack.c (Redis 7.0.15).
"""

from __future__ import annotations

import struct

from engine.formats import BlobError

_HEADER = struct.Struct("<IH")
_UNKNOWN_COUNT = 0xFFFF
_END = 0xFF
_INTEGER_SIZES = {0xF1: 2, 0xF2: 3, 0xF3: 4, 0xF4: 8}


def strings(blob: bytes) -> list[bytes]:
    """The entries, integers as Redis prints them; raises BlobError."""
    if len(blob) < _HEADER.size + 1:
        raise BlobError(len(blob), "the listpack is shorter than its header")
    size, count = _HEADER.unpack_from(blob)
    if size != len(blob):
        raise BlobError(0, f"the listpack has {len(blob)} bytes and says {size}")
    last = size - 1
    found: list[bytes] = []
    at = _HEADER.size
    while at < last:
        start = at
        entry, at = _entry(blob, at)
        back = _SHORT_BACK[at - start] if at - start < 128 else _back(at - start)
        if blob[at : at + len(back)] != back:
            raise BlobError(at, "a listpack entry's size behind it is wrong")
        at += len(back)
        found.append(entry)
    if at != last or blob[last] != _END:
        raise BlobError(last, "the listpack's end is not where it belongs")
    if count not in (len(found), _UNKNOWN_COUNT):
        raise BlobError(4, f"the listpack has {len(found)} entries and says {count}")
    return found


def _entry(blob: bytes, at: int) -> tuple[bytes, int]:
    """(entry, offset behind its data) at `at`."""
    first = blob[at]
    if first < 0x80:
        return b"%d" % first, at + 1
    if first < 0xC0:
        start, end = at + 1, at + 1 + (first & 0x3F)
    elif first < 0xE0:
        number = (first & 0x1F) << 8 | blob[at + 1]
        return b"%d" % (number if number < 0x1000 else number - 0x2000), at + 2
    elif first < 0xF0:
        start = at + 2
        end = start + ((first & 0x0F) << 8 | blob[at + 1])
    elif first == 0xF0:
        start = at + 5
        end = start + int.from_bytes(blob[at + 1 : start], "little")
    elif first in _INTEGER_SIZES:
        end = at + 1 + _INTEGER_SIZES[first]
        return b"%d" % int.from_bytes(blob[at + 1 : end], "little", signed=True), end
    else:
        raise BlobError(at, f"no listpack entry begins with {first:#04x}")
    if end >= len(blob):
        raise BlobError(at, "a listpack entry is longer than the listpack")
    return blob[start:end], end


def _back(size: int) -> bytes:
    """An entry's size as it stands behind the entry: seven bits a byte, the highest first."""
    if size < 128:
        return bytes((size,))
    count = 2 if size < 16383 else 3 if size < 2097151 else 4 if size < 268435455 else 5
    groups = [size >> 7 * place & 0x7F for place in reversed(range(count))]
    return bytes((groups[0], *(group | 0x80 for group in groups[1:])))


_SHORT_BACK = tuple(_back(size) for size in range(128))
