"""Writes the compact forms of collections, slowly and with nothing of the engine's readers."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence

CANONICAL = re.compile(rb"0|-?[1-9][0-9]{0,18}")


def number_of(text: bytes) -> int | None:
    """The integer that Redis would keep instead of the text."""
    if CANONICAL.fullmatch(text) and -(1 << 63) <= int(text) < 1 << 63:
        return int(text)
    return None


def intset(members: Sequence[bytes]) -> bytes:
    """Of members that are integers."""
    numbers = sorted(int(member) for member in members)
    size = next(
        size
        for size in (2, 4, 8)
        if all(-(1 << 8 * size - 1) <= number < 1 << 8 * size - 1 for number in numbers)
    )
    body = b"".join(number.to_bytes(size, "little", signed=True) for number in numbers)
    return struct.pack("<II", size, len(numbers)) + body


def listpack(entries: Sequence[bytes]) -> bytes:
    """Integers in the shortest form."""
    body = b"".join(map(_listpack_entry, entries))
    return struct.pack("<IH", len(body) + 7, min(len(entries), 65535)) + body + b"\xff"


def _listpack_entry(text: bytes) -> bytes:
    number, size = number_of(text), len(text)
    if number is not None:
        entry = _listpack_integer(number)
    elif size < 64:
        entry = bytes((0x80 | size,)) + text
    elif size < 4096:
        entry = bytes((0xE0 | size >> 8, size & 255)) + text
    else:
        entry = b"\xf0" + struct.pack("<I", size) + text
    groups = [len(entry) & 127]
    while len(entry) >> 7 * len(groups):
        groups.insert(0, len(entry) >> 7 * len(groups) & 127)
    return entry + bytes([groups[0], *(group | 128 for group in groups[1:])])


def _listpack_integer(number: int) -> bytes:
    if 0 <= number < 128:
        return bytes((number,))
    if -4096 <= number < 4096:
        return struct.pack(">H", 0xC000 | number & 0x1FFF)
    for code, size in ((0xF1, 2), (0xF2, 3), (0xF3, 4), (0xF4, 8)):
        if -(1 << 8 * size - 1) <= number < 1 << 8 * size - 1:
            return bytes((code,)) + number.to_bytes(size, "little", signed=True)
    raise AssertionError(number)


def ziplist(entries: Sequence[bytes]) -> bytes:
    """Integers in the shortest form, sizes of the entry before in the short form where they fit."""
    body, before, tail = bytearray(), 0, 10
    for text in entries:
        tail = 10 + len(body)
        previous = bytes((before,)) if before < 254 else b"\xfe" + struct.pack("<I", before)
        entry = previous + _ziplist_entry(text)
        before = len(entry)
        body += entry
    count = min(len(entries), 65535)
    return b"%b%b\xff" % (struct.pack("<IIH", len(body) + 11, tail, count), body)


def _ziplist_entry(text: bytes) -> bytes:
    number, size = number_of(text), len(text)
    if number is None:
        if size < 64:
            return bytes((size,)) + text
        if size < 16384:
            return struct.pack(">H", 0x4000 | size) + text
        return b"\x80" + struct.pack(">I", size) + text
    if 0 <= number <= 12:
        return bytes((0xF1 + number,))
    for code, width in ((0xFE, 1), (0xC0, 2), (0xF0, 3), (0xD0, 4), (0xE0, 8)):
        if -(1 << 8 * width - 1) <= number < 1 << 8 * width - 1:
            return bytes((code,)) + number.to_bytes(width, "little", signed=True)
    raise AssertionError(number)


def zipmap(words: Sequence[bytes], unused: int = 0) -> bytes:
    """Of field, value, field, value; `unused` bytes behind each value."""
    body = b""
    for place, word in enumerate(words):
        size = len(word)
        body += bytes((size,)) if size < 254 else b"\xfe" + struct.pack("<I", size)
        body += word if place % 2 == 0 else bytes((unused,)) + word + b"?" * unused
    return bytes((min(len(words) // 2, 254),)) + body + b"\xff"
