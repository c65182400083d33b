"""Intset: a set of integers, sorted, all of one width.

    width u32 (2, 4 or 8)   count u32   integers, little endian, rising

Source: intset.c (Redis 7.0.15).
"""

from __future__ import annotations

import struct
from itertools import pairwise

from engine.formats import BlobError

_HEADER = struct.Struct("<II")
_LETTERS = {2: "h", 4: "i", 8: "q"}


def strings(blob: bytes) -> list[bytes]:
    """The members as Redis prints them; raises BlobError."""
    if len(blob) < _HEADER.size:
        raise BlobError(len(blob), "the intset is shorter than its header")
    width, count = _HEADER.unpack_from(blob)
    if width not in _LETTERS:
        raise BlobError(0, f"an intset of integers of {width} bytes")
    if not count or _HEADER.size + count * width != len(blob):
        raise BlobError(4, f"the intset has {len(blob)} bytes, too few or many for {count} members")
    numbers = struct.unpack_from(f"<{count}{_LETTERS[width]}", blob, _HEADER.size)
    if any(low >= high for low, high in pairwise(numbers)):
        raise BlobError(_HEADER.size, "the intset's members do not rise")
    return [b"%d" % number for number in numbers]
