from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import lzf


def compress(data: bytes) -> bytes:
    """A slow compressor after the format's words: the longest match that begins earlier."""
    out, literals, at = bytearray(), bytearray(), 0

    def flush() -> None:
        for start in range(0, len(literals), 32):
            piece = literals[start : start + 32]
            out.append(len(piece) - 1)
            out.extend(piece)
        literals.clear()

    while at < len(data):
        best, distance = 0, 0
        for start in range(max(0, at - 8192), at):
            length = 0
            while (
                length < 264
                and at + length < len(data)
                and (data[start + length] == data[at + length])
            ):
                length += 1
            if length > best:
                best, distance = length, at - start
        if best < 3:
            literals.append(data[at])
            at += 1
            continue
        flush()
        code, back = best - 2, distance - 1
        if code < 7:
            out.append(code << 5 | back >> 8)
        else:
            out.extend((7 << 5 | back >> 8, code - 7))
        out.append(back & 0xFF)
        at += best
    flush()
    return bytes(out)


@pytest.mark.parametrize(
    ("packed", "plain"),
    [
        (b"", b""),
        (b"\x02abc", b"abc"),
        (b"\x00a\xe0\x5b\x00", b"a" * 101),  # a copy that reads what it writes
        (b"\x01ab\x20\x01", b"ababa"),
        (b"\x03abcd\x40\x03", b"abcdabcd"),
    ],
)
def test_known_pieces(packed: bytes, plain: bytes) -> None:
    assert lzf.decompress(packed, len(plain)) == plain


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(st.sampled_from([b"a", b"bc", b"ab" * 9, bytes(50), b"longer text"]), max_size=30))
def test_what_was_packed_is_unpacked(pieces: list[bytes]) -> None:
    plain = b"".join(pieces)
    assert lzf.decompress(compress(plain), len(plain)) == plain


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.binary(max_size=100), st.integers(0, 300))
def test_anything_else_is_refused(packed: bytes, size: int) -> None:
    try:
        plain = lzf.decompress(packed, size)
    except ValueError:
        return
    assert len(plain) == size
    assert size <= len(packed) * lzf.MAX_RATIO
