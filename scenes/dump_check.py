"""An independent look at a dump: is its checksum right, and how many keys does it hold?

Reads the RDB layout (versions 5 to 12; strings of any encoding, and collections as the engine
writes them) with code of its own, so that a mistake in the engine's writer cannot hide behind the
same mistake in the engine's reader.
"""

from __future__ import annotations

import struct

import crcmod

from scenes.sayings import detail

_crc64 = crcmod.mkCrcFun(0x1AD93D23594C935A9, initCrc=0, rev=True, xorOut=0)

_AUX, _RESIZE, _EXPIRE_MS, _EXPIRE_S, _SELECT, _END = 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF
_IDLE, _FREQ = 0xF8, 0xF9
_STRING = 0
_ELEMENTS = {1: (1, 0), 2: (1, 0), 4: (2, 0), 5: (1, 8)}
"""List, set, hash, sorted set -> (strings, bytes behind them) of an element."""
_INTEGER_BYTES = {0: 1, 1: 2, 2: 4}
_LZF = 3


class DumpError(Exception):
    """The dump is not whole; names the file and the offset."""


def count_keys(path: str) -> int:
    """How many keys the dump at `path` holds; raises DumpError when it is damaged."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as err:
        raise DumpError(
            detail("dump_check.cannot_read", path=str(path), strerror=str(err.strerror))
        ) from err
    if data[:5] != b"REDIS" or len(data) < 18:
        raise DumpError(detail("dump_check.not_a_dump", path=path))
    stored = struct.unpack("<Q", data[-8:])[0]
    if stored and stored != _crc64(data[:-8]):
        raise DumpError(
            detail("dump_check.wrong_checksum", path=str(path), offset=str(len(data) - 8))
        )
    try:
        return _count(data)
    except (IndexError, struct.error):
        raise DumpError(
            detail("dump_check.ends_inside_a_record", path=str(path), offset=str(len(data)))
        ) from None
    except ValueError as err:
        raise DumpError(f"{path}: {err}") from None


def _count(data: bytes) -> int:
    keys, at = 0, 9
    while True:
        kind, at = data[at], at + 1
        if kind == _END:
            if at != len(data) - 8:
                raise ValueError(detail("dump_check.early_end_mark", offset=str(at - 1)))
            return keys
        if kind == _AUX:
            at = _skip_string(data, _skip_string(data, at))
        elif kind == _RESIZE:
            at = _length(data, _length(data, at)[1])[1]
        elif kind == _SELECT:
            at = _length(data, at)[1]
        elif kind in (_EXPIRE_MS, _EXPIRE_S):
            at += 8 if kind == _EXPIRE_MS else 4
        elif kind in (_IDLE, _FREQ):
            at = _length(data, at)[1] if kind == _IDLE else at + 1
        elif kind == _STRING:
            at = _skip_string(data, _skip_string(data, at))
            keys += 1
        elif kind in _ELEMENTS:
            at = _skip_collection(data, _skip_string(data, at), *_ELEMENTS[kind])
            keys += 1
        else:
            raise ValueError(
                detail("dump_check.unknown_record", kind=str(kind), offset=str(at - 1))
            )


def _length(data: bytes, at: int) -> tuple[int, int]:
    """An RDB length and the offset after it; negative: ~encoding of a special string."""
    first = data[at]
    match first >> 6:
        case 0:
            return first & 63, at + 1
        case 1:
            return (first & 63) << 8 | data[at + 1], at + 2
        case 2 if first == 0x80:
            return struct.unpack_from(">I", data, at + 1)[0], at + 5
        case 2:
            return struct.unpack_from(">Q", data, at + 1)[0], at + 9
        case _:
            return ~(first & 63), at + 1


def _skip_collection(data: bytes, at: int, strings: int, behind: int) -> int:
    count, at = _length(data, at)
    if count < 1:
        raise ValueError(detail("dump_check.empty_collection", offset=str(at)))
    for _ in range(count):
        for _ in range(strings):
            at = _skip_string(data, at)
        at += behind
    return at


def _skip_string(data: bytes, at: int) -> int:
    length, at = _length(data, at)
    if length < 0 and ~length in _INTEGER_BYTES:
        at += _INTEGER_BYTES[~length]
    elif ~length == _LZF:
        packed, at = _length(data, at)
        at = _length(data, at)[1] + packed
    else:
        at += length
    if at > len(data) - 8:
        raise IndexError
    return at
