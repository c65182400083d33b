"""Commands as RESP text: how the bytes in the append only file read on one line."""

from __future__ import annotations

from app.glyphs import Glyphs


def resp_text(text: str, glyphs: Glyphs) -> str:
    """`text` (RESP bytes as text, or a command's words) with line ends made visible."""
    if text.startswith("*"):
        for ending in ("\\r\\n", "\r\n", "\n"):  # escaped by the engine, or as they are
            text = text.replace(ending, glyphs.newline)
        return text
    words = text.split()
    parts = [f"*{len(words)}", *(part for word in words for part in (f"${len(word)}", word))]
    return glyphs.newline.join(parts) + glyphs.newline
