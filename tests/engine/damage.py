"""Damaged files: every truncation, and every byte with other bits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

PATTERNS = (1, 2, 4, 8, 16, 32, 64, 128, 0xFF, 0x09)
"""What a byte is XORed with: each single bit, all of them, and what makes `*` a `#`."""


def flips(data: bytes, patterns: Sequence[int] = PATTERNS) -> Iterator[tuple[int, bytes]]:
    """(offset, file) for every byte and every pattern."""
    for at, byte in enumerate(data):
        for pattern in patterns:
            yield at, data[:at] + bytes([byte ^ pattern]) + data[at + 1 :]


def cuts(data: bytes) -> Iterator[bytes]:
    """The file cut off at every length, from nothing to one byte less than all."""
    for length in range(len(data)):
        yield data[:length]
