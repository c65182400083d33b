"""The rewrite buffer: what was written since the fork and has not been sent to the child yet.

Blocks of 10 MiB in a list, so that it grows without ever being copied and shrinks from the front.
Source: aofRewriteBufferAppend() in aof.c (Redis 6.2.14).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

BLOCK = 10 << 20
"""Bytes of a block (AOF_RW_BUF_BLOCK_SIZE)."""


class RewriteBuffer:
    """A queue of bytes."""

    def __init__(self, block: int = BLOCK) -> None:
        self._block = block
        self._blocks: deque[bytearray] = deque()
        self._taken = 0  # bytes of the first block that are gone already
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def block_count(self) -> int:
        return len(self._blocks)

    def append(self, data: bytes) -> int:
        """Add `data` at the end; how many new blocks that took."""
        rest = memoryview(data)
        added = 0
        while rest:
            room = self._block - len(self._blocks[-1]) if self._blocks else 0
            if not room:
                self._blocks.append(bytearray())
                added += 1
                room = self._block
            self._blocks[-1] += rest[:room]
            rest = rest[room:]
        self._length += len(data)
        return added

    def head(self) -> bytes:
        """What is left of the first block, at most 64 KiB of it: a pipe holds no more."""
        return bytes(self._blocks[0][self._taken : self._taken + (64 << 10)])

    def take(self, count: int) -> None:
        """The first `count` bytes of `head` are sent."""
        self._taken += count
        self._length -= count
        if self._taken == len(self._blocks[0]):
            self._blocks.popleft()
            self._taken = 0

    def blocks(self) -> Iterator[memoryview]:
        """All that is left, block by block."""
        for number, block in enumerate(self._blocks):
            yield memoryview(block)[self._taken if number == 0 else 0 :]

    def clear(self) -> None:
        self._blocks.clear()
        self._taken = self._length = 0
