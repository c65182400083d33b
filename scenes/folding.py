"""Texts folded to a width in cells: at spaces, and anywhere between wide characters.

Chinese has no spaces and two cells a sign; what closes a sentence never begins a row.
"""

from __future__ import annotations

import re
import unicodedata

_CLOSING = "，。；：！？、）》」』”’%"
_OPENING = "（《「『“‘"
_WIDE = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f]"
_PIECE = re.compile(
    rf"\s+|[{_OPENING}]*(?![{_OPENING}]){_WIDE}[{_CLOSING}]*"
    rf"|[{_OPENING}]*(?:(?!{_WIDE})\S)+[{_CLOSING}]*|\S"
)


def cells(text: str) -> int:
    """Columns of a terminal that `text` takes: wide and fullwidth characters take two."""
    return sum(1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)


def pieces(text: str) -> list[str]:
    """What may stand on a row of its own, and the spaces between."""
    return _PIECE.findall(text)


def fold(text: str, width: int) -> list[str]:
    """Rows of at most `width` cells; a word that is longer has a row of its own."""
    rows: list[str] = []
    row, gap = "", ""
    for piece in pieces(text):
        if piece.isspace():
            gap = " "
            continue
        if row and cells(row + gap + piece) > width:
            rows.append(row)
            row = piece
        else:
            row = row + gap + piece if row else piece
        gap = ""
    return [*rows, row] if row else rows
