"""Zipmap: how Redis up to 2.4 kept small hashes.

    count u8 (254 and more: not known)   pairs   0xFF

    pair: length, field, length, free u8, value, as many unused bytes as `free` says
    length: one byte up to 253, or 0xFE and u32, little endian

Source: zipmap.c (Redis 7.0.15).
"""

from __future__ import annotations

from engine.formats import BlobError

_LONG = 0xFE
_END = 0xFF


def strings(blob: bytes) -> list[bytes]:
    """Field, value, field, value and so on; raises BlobError."""
    if len(blob) < 2:
        raise BlobError(len(blob), "the zipmap is shorter than its header")
    last = len(blob) - 1
    found: list[bytes] = []
    at = 1
    while at < last:
        field, at = _string(blob, at, 0)
        value, at = _string(blob, at, 1)
        found += (field, value)
    if at != last or blob[last] != _END:
        raise BlobError(last, "the zipmap's end is not where it belongs")
    if not found:
        raise BlobError(0, "the zipmap is empty")
    if blob[0] < _LONG and blob[0] * 2 != len(found):
        raise BlobError(0, f"the zipmap has {len(found) // 2} pairs and says {blob[0]}")
    return found


def _string(blob: bytes, at: int, free_bytes: int) -> tuple[bytes, int]:
    """(string, offset behind it and what is unused); a value has one byte that says how much."""
    length, start = blob[at], at + 1
    if length == _LONG:
        start = at + 5
        length = int.from_bytes(blob[at + 1 : start], "little")
    elif length == _END:
        raise BlobError(at, "the zipmap ends within a pair")
    start += free_bytes
    end = start + length
    if end >= len(blob):
        raise BlobError(at, "a string is longer than the zipmap")
    return blob[start:end], end + (blob[start - 1] if free_bytes else 0)
