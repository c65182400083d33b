"""LZF decompression: how Redis packs strings longer than 20 bytes into a dump.

A control byte below 32 announces that many literal bytes plus one; any other holds a length in its
top three bits (7: another byte follows) and, with the next byte, a distance back into the output.
Source: lzf_d.c of liblzf 3.6, as shipped with Redis.
"""

from __future__ import annotations

MAX_RATIO = 264 // 3 + 1
"""Three bytes can stand for at most 264: no honest input grows by more than this."""


def decompress(data: bytes, size: int) -> bytes:
    """The `size` bytes that `data` stands for; raises ValueError if it does not."""
    out = bytearray()
    at = 0
    end = len(data)
    try:
        while at < end:
            control = data[at]
            at += 1
            if control < 32:
                out += data[at : at + control + 1]
                at += control + 1
                continue
            length = control >> 5
            if length == 7:
                length += data[at]
                at += 1
            length += 2
            distance = ((control & 0x1F) << 8 | data[at]) + 1
            at += 1
            start = len(out) - distance
            if start < 0:
                raise ValueError("LZF: a reference points before the beginning")
            if distance >= length:
                out += out[start : start + length]
            else:  # the copy reads what it writes: a pattern that repeats
                pattern = out[start:]
                out += (pattern * (length // distance + 1))[:length]
    except IndexError:
        raise ValueError("LZF: the data end within a reference") from None
    if at != end or len(out) != size:
        raise ValueError(f"LZF: {len(out)} bytes instead of {size}")
    return bytes(out)
