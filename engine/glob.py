"""Glob patterns as KEYS, SCAN, PSUBSCRIBE and CONFIG GET understand them.

`*` any run of bytes, `?` one byte, `[a-c]` one of a class, `[^a]` none of it, `\\x` x itself.
Source: stringmatchlen() in util.c (Redis 7.0), its lenience included: a class that is never closed
ends with the pattern, a backslash at the very end stands for itself, a class's range may be written
backwards. A pattern becomes a regular expression once; runs of stars become one, and every star is
followed up lazily with possessive groups, so that `*a*a*a*b` takes no exponential time.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable


@functools.lru_cache(maxsize=256)
def matcher(pattern: bytes, *, ignore_case: bool = False) -> Callable[[bytes], object]:
    """A function that is true for the byte strings that the pattern matches as a whole."""
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return re.compile(_translate(pattern), flags).fullmatch


def matches(pattern: bytes, text: bytes, *, ignore_case: bool = False) -> bool:
    """Whether the pattern matches the whole text."""
    return bool(matcher(pattern, ignore_case=ignore_case)(text))


def _translate(pattern: bytes) -> bytes:
    """The pieces between stars; each but the last is taken at its first place, for good."""
    pieces = [b""]
    position = 0
    while position < len(pattern):
        byte = pattern[position : position + 1]
        if byte == b"*":
            if pieces[-1] or len(pieces) == 1:
                pieces.append(b"")
            position += 1
        elif byte == b"?":
            pieces[-1] += b"."
            position += 1
        elif byte == b"[":
            translated, position = _class(pattern, position + 1)
            pieces[-1] += translated
        else:
            if byte == b"\\" and position + 1 < len(pattern):
                position += 1
                byte = pattern[position : position + 1]
            pieces[-1] += re.escape(byte)
            position += 1
    if len(pieces) == 1:
        return pieces[0]
    first, *middle, last = pieces
    return first + b"".join(b"(?>.*?%b)" % piece for piece in middle) + b".*" + last


def _class(pattern: bytes, position: int) -> tuple[bytes, int]:
    """(a regular expression's class, the position behind it) of what follows a `[`."""
    negated = pattern[position : position + 1] == b"^"
    position += negated
    chosen: set[int] = set()
    while position < len(pattern):
        byte = pattern[position]
        if byte == ord("\\") and position + 1 < len(pattern):
            chosen.add(pattern[position + 1])
            position += 2
        elif byte == ord("]"):
            position += 1
            break
        elif pattern[position + 1 : position + 2] == b"-" and position + 2 < len(pattern):
            low, high = sorted((byte, pattern[position + 2]))
            chosen.update(range(low, high + 1))
            position += 3
        else:
            chosen.add(byte)
            position += 1
    if negated:
        chosen = set(range(256)) - chosen
    if not chosen:
        return b"(?!)", position
    return b"[%b]" % b"".join(b"\\x%02x" % byte for byte in sorted(chosen)), position
