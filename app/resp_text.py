"""Commands as RESP text: how the bytes in the append only file read on one line."""

from __future__ import annotations

import re

from app.glyphs import Glyphs

_LINE_END = re.compile(r"\\r\\n|\r\n|\n")
"""Escaped by the engine, or as it is."""
_HEAD = re.compile(r" ?\*\d+")
"""Of merged commands, each behind the first stands after a space."""


def resp_text(text: str, glyphs: Glyphs) -> str:
    """`text` (RESP bytes as text, or a command's words) with line ends made visible."""
    if text.startswith("*"):
        for ending in ("\\r\\n", "\r\n", "\n"):  # escaped by the engine, or as they are
            text = text.replace(ending, glyphs.newline)
        return text
    words = text.split()
    parts = [f"*{len(words)}", *(part for word in words for part in (f"${len(word)}", word))]
    return glyphs.newline.join(parts) + glyphs.newline


def last_command(text: str) -> str:
    """The words of the last command in `text` (RESP bytes as text, perhaps cut), without sizes."""
    parts = _LINE_END.split(text)
    heads = [
        place
        for place, part in enumerate(parts[:-1])
        if _HEAD.fullmatch(part) and parts[place + 1].startswith("$")
    ]
    return " ".join(parts[heads[-1] + 2 :: 2]).rstrip() if heads else text
