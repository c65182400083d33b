"""RESP bytes as one line of text that a person can read.

Line ends show as `\\r\\n`, other bytes that are not printable as `\\xHH`; UTF-8 text stays text.
Widths are terminal cells: a wide character takes two, and is never cut in half.
"""

from __future__ import annotations

import unicodedata

_ELLIPSIS = "…"
_ESCAPES = {"\r": "\\r", "\n": "\\n", "\t": "\\t", "\\": "\\\\"}
_LOOK_AT = 4
"""Bytes per cell that are looked at: no character of one cell is longer in UTF-8."""


def resp_text(data: bytes, cells: int = 0) -> str:
    """`data` as one line of at most `cells` cells, with an ellipsis if cut; 0 is no limit."""
    shown = data[: cells * _LOOK_AT + _LOOK_AT] if cells else data
    text = shown.decode("utf-8", "surrogateescape")
    if text.isascii() and text.isprintable() and "\\" not in text:
        words = text
    else:
        words = "".join(map(_escaped, text))
    if not cells:
        return words
    return cut(words if len(shown) == len(data) else words + _ELLIPSIS, cells)


def cut(text: str, cells: int) -> str:
    """`text` if it fits into `cells` cells, else its beginning and an ellipsis."""
    if text.isascii() and len(text) <= cells:
        return text
    used = 0
    fits = 0  # characters that leave room for the ellipsis
    for position, character in enumerate(text):
        used += cell_width(character)
        if used < cells:
            fits = position + 1
        if used > cells:
            return text[:fits] + _ELLIPSIS if cells > 0 else ""
    return text


def cell_width(character: str) -> int:
    """Terminal cells of one character: 0, 1 or 2 (East Asian Width W and F are wide)."""
    if character < "\x7f":
        return 1
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))
