"""Chunks: the parts of a recording's file, each with its kind, its length and a sum over it.

A chunk is 13 bytes (kind, one byte; length of what is said of it and of what it holds, 4 bytes
each; CRC-32, 4 bytes; big-endian), then a short msgpack map that says what it holds, then that,
usually packed by zlib. The sum begins with the file's first line, so that a byte changed there is
found, too, and covers the chunk's own lengths.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import IO

import msgspec

from scenes.errors import SceneError
from scenes.sayings import trouble

_HEAD = struct.Struct(">cIII")
_LENGTHS = struct.Struct(">cII")


class Chunk(msgspec.Struct, frozen=True):
    """Where a whole chunk lies: `offset` and `size` of what it holds, `about` says what that is."""

    kind: bytes
    about: bytes
    offset: int
    size: int


class BrokenChunkError(SceneError):
    """The chunk that begins at `offset` is not what was written; `cut`: the file ends in it."""

    def __init__(self, offset: int, *, cut: bool) -> None:
        super().__init__(trouble("chunks.cut" if cut else "chunks.damaged", offset=offset))
        self.offset = offset
        self.cut = cut


def chunk(kind: bytes, about: bytes, data: bytes, seed: int) -> bytes:
    """The bytes of a chunk; `seed` is the sum of the file's first line."""
    lengths = _LENGTHS.pack(kind, len(about), len(data))
    total = zlib.crc32(data, zlib.crc32(about, zlib.crc32(lengths, seed)))
    return lengths + total.to_bytes(4, "big") + about + data


def chunks(file: IO[bytes], seed: int) -> Iterator[Chunk]:
    """The chunks from where `file` stands to its end, every sum checked.

    Raises BrokenChunkError at the first that is not whole.
    """
    while True:
        start = file.tell()
        head = file.read(_HEAD.size)
        if not head:
            return
        if len(head) < _HEAD.size:
            raise BrokenChunkError(start, cut=True)
        kind, length, size, total = _HEAD.unpack(head)
        about, found = b"", zlib.crc32(head[:-4], seed)
        try:
            about = file.read(length)
            data = file.read(size)
        except (MemoryError, OverflowError) as err:  # lengths that nobody wrote
            raise BrokenChunkError(start, cut=False) from err
        if len(about) + len(data) < length + size:
            raise BrokenChunkError(start, cut=True)
        if zlib.crc32(data, zlib.crc32(about, found)) != total:
            raise BrokenChunkError(start, cut=False)
        yield Chunk(kind, about, start + _HEAD.size + length, size)
