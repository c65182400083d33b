"""Pictures of the screen: Textual's SVG with wide characters corrected and local fonts.

Rich's export counts code points for `textLength`, which squeezes wide characters (its issue 2742),
and names fonts of a content delivery network; both are put right here.
"""

from __future__ import annotations

import html
import re
from typing import Any

from rich.cells import cell_len
from textual.app import App

FONTS = '"DejaVu Sans Mono", "Noto Sans Mono CJK SC", Menlo, Consolas, monospace'
_FACES = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_FAMILY = re.compile(r"font-family: (?:Fira Code|arial)[^;]*;")
_TEXT = re.compile(r'(<text [^>]*textLength=")([\d.]+)("[^>]*>)([^<]*)(</text>)')


def svg(app: App[Any], title: str = "cowscope") -> str:
    """The app's current screen as SVG text."""
    return corrected(app.export_screenshot(title=title))


def corrected(drawing: str) -> str:
    """An exported drawing with local fonts and lengths in cells."""
    drawing = _FACES.sub("", drawing)
    drawing = _FAMILY.sub(f"font-family: {FONTS};", drawing)
    return _TEXT.sub(_in_cells, drawing)


def _in_cells(match: re.Match[str]) -> str:
    text = html.unescape(match[4])
    if not text or cell_len(text) == len(text):
        return match[0]
    length = float(match[2]) * cell_len(text) / len(text)
    return f"{match[1]}{length:g}{match[3]}{match[4]}{match[5]}"
