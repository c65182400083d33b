"""Lines of styled text: what panels are made of before a terminal is involved.

A line is a tuple of (text, role) spans; roles are named in `app.theme`. Widths are terminal cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.strip import Strip

from app.theme import Palette
from scenes.folding import pieces

Span: TypeAlias = tuple[str, str]
Line: TypeAlias = tuple[Span, ...]

EMPTY: Line = ()
_UNIT = re.compile(r"(?:%|[nµm]?s|[KMG]i?B)(?![A-Za-z])")
"""What stays on the row of its number."""


def line(*spans: Span | str) -> Line:
    """A line; bare strings are in the role `text`."""
    return tuple((span, "text") if isinstance(span, str) else span for span in spans)


def plain(of: Line) -> str:
    """The text of a line without its roles."""
    return "".join(text for text, _ in of)


def width(of: Line) -> int:
    """Cells that a line takes."""
    return sum(cell_len(text) for text, _ in of)


def cut(text: str, cells: int, more: str = "…") -> str:
    """`text` in at most `cells` cells, ending in `more` where something was cut off."""
    if cell_len(text) <= cells:
        return text
    if cells <= 0:
        return ""
    return set_cell_size(text, cells - cell_len(more)).rstrip() + more


def fitting(texts: Sequence[str], cells: int) -> str:
    """The first of several wordings, longest first, that fits; else the last one, cut."""
    return next((text for text in texts if cell_len(text) <= cells), cut(texts[-1], cells))


def roomiest(wordings: Iterable[Line], cells: int) -> Line:
    """The first of several lines, longest first, that fits; else the last one, shortened."""
    found: Line = EMPTY
    for found in wordings:
        if width(found) <= cells:
            return found
    return shortened(found, cells)


def visible(text: str) -> str:
    """`text` with what a terminal would obey instead of show (ESC, CR, bidi marks) spelled out."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else _spelled(ord(one)) for one in text)


def _spelled(code: int) -> str:
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def crop(of: Line, cells: int) -> Line:
    """The first `cells` cells of a line."""
    spans: list[Span] = []
    left = cells
    for text, role in of:
        size = cell_len(text)
        if size >= left:
            spans.append((set_cell_size(text, left), role))
            break
        spans.append((text, role))
        left -= size
    return tuple(spans)


def shortened(of: Line, cells: int) -> Line:
    """A line in at most `cells` cells, ending in an ellipsis where something was cut off."""
    if width(of) <= cells:
        return of
    if cells <= 0:
        return EMPTY
    kept = crop(of, cells - 1)
    return (*kept, ("…", kept[-1][1] if kept else "text"))


def spread(left: Line, right: Line, cells: int) -> Line:
    """`left` and `right` at the two ends of a line; `left` is cropped where both do not fit."""
    gap = cells - width(left) - width(right)
    if gap >= 1:
        return (*left, (" " * gap, "text"), *right)
    room = max(cells - width(right) - 1, 0)
    return (*shortened(left, room), (" ", "text"), *right)


def wrap(text: str, cells: int) -> list[str]:
    """`text` folded at spaces and between wide characters, paragraphs kept.

    A word wider than a line is broken; what closes a sentence never begins a row.
    """
    folded: list[str] = []
    for paragraph in text.strip().splitlines():
        if not paragraph.strip():
            folded.append("")
            continue
        indent = paragraph[: len(paragraph) - len(paragraph.lstrip())]
        current, size = indent, cell_len(indent)
        fresh = True
        for gap, word in _words(paragraph, max(cells - len(indent), 1)):
            need = cell_len(word) + (0 if fresh else len(gap))
            if size + need > cells and not fresh:
                folded.append(current)
                current, size, fresh = indent, cell_len(indent), True
                need = cell_len(word)
            current += word if fresh else gap + word
            size += need
            fresh = False
        folded.append(current)
    return folded


def flow(items: Iterable[Line], cells: int, gap: int = 2) -> list[Line]:
    """Items side by side, `gap` cells apart, in as many lines as they need."""
    lines: list[Line] = []
    for item in items:
        if lines and width(lines[-1]) + gap + width(item) <= cells:
            lines[-1] = (*lines[-1], (" " * gap, "text"), *item)
        else:
            lines.append(item)
    return lines


def fold(of: Line, cells: int, hang: int = 0) -> list[Line]:
    """A line in as many as it needs, at spaces or wide characters; all but the first indented."""
    lines: list[Line] = []
    indent = max(min(hang, cells // 3), 0)
    while 0 < cells < width(of):
        text = plain(of)
        taken = _characters(text, cells)
        space = text.rfind(" ", len(text) - len(text.lstrip()), taken + 1)
        wide = _last_break(text, taken)
        broken_at_space = space > max(indent, wide)
        first, rest = _parted(of, space if broken_at_space else wide if wide > indent else taken)
        if broken_at_space:
            rest = _parted(rest, 1)[1]
        lines.append(first)
        of = ((" " * indent, "text"), *rest) if indent else rest
    return [*lines, of]


def _last_break(text: str, most: int) -> int:
    """The last place up to `most` between two pieces that no space parts; 0: there is none."""
    if text.isascii():
        return 0
    place, found, spaced = 0, 0, True
    for piece in pieces(text):
        if place > most:
            break
        if not spaced and not piece.isspace():
            found = place
        spaced = piece.isspace()
        place += len(piece)
    return found


def _characters(text: str, cells: int) -> int:
    """How many characters of `text` fit into so many cells; at least one."""
    used = 0
    for place, character in enumerate(text):
        used += cell_len(character)
        if used > cells:
            return max(place, 1)
    return len(text)


def _parted(of: Line, characters: int) -> tuple[Line, Line]:
    """The spans before and after so many characters."""
    before: list[Span] = []
    after: list[Span] = []
    for text, role in of:
        here = min(len(text), max(characters, 0))
        characters -= len(text)
        if text[:here]:
            before.append((text[:here], role))
        if text[here:]:
            after.append((text[here:], role))
    return tuple(before), tuple(after)


def _words(text: str, cells: int) -> Iterable[tuple[str, str]]:
    """The gap before (a space or none) and each piece that stays on one row."""
    gap = ""
    for piece in _with_units(text):
        if piece.isspace():
            gap = " "
            continue
        for part in _pieces((piece,), cells):
            yield gap, part
            gap = ""


def _with_units(text: str) -> list[str]:
    """What may stand on a row of its own, and the spaces between: a unit goes with its number."""
    found: list[str] = []
    for piece in pieces(text):
        if found[1:] and found[-1] == " " and found[-2][-1].isdigit() and _UNIT.match(piece):
            found[-2:] = [f"{found[-2]} {piece}"]
        else:
            found.append(piece)
    return found


def _pieces(words: Iterable[str], cells: int) -> Iterable[str]:
    for word in words:
        piece = ""
        for character in word:
            if cell_len(piece + character) > cells and piece:
                yield piece
                piece = ""
            piece += character
        yield piece


def paragraph(text: str, cells: int, role: str = "text") -> list[Line]:
    """`wrap` as lines of one role."""
    return [((folded, role),) if folded else EMPTY for folded in wrap(text, cells)]


def padded(text: str, cells: int) -> str:
    """`text` with spaces behind it up to `cells` cells: `str.ljust` counts wide signs as one."""
    return text + " " * max(cells - cell_len(text), 0)


def led(text: str, cells: int) -> str:
    """`text` with spaces before it up to `cells` cells."""
    return " " * max(cells - cell_len(text), 0) + text


def grouped(number: int, at_least: int = 0) -> str:
    """A whole number with thousands grouped, right-aligned in `at_least` cells."""
    return f"{number:>{at_least},}"


def duration(usec: int) -> str:
    """Microseconds as the unit that reads best."""
    if usec < 1_000:
        return f"{usec} µs"
    if usec < 1_000_000:
        return f"{usec / 1_000:.1f} ms"
    return f"{usec / 1_000_000:.2f} s"


_PLAINER = str.maketrans("·—–…µ×→“”‘’", "|--~ux>\"\"''")


def in_ascii(text: str) -> str:
    """`text` with our typographic signs as ASCII of the same width; other scripts stay."""
    return text.translate(_PLAINER)


def strip_of(of: Line, cells: int, palette: Palette, ascii_only: bool = False) -> Strip:
    """A line as Textual draws it: shortened or padded to `cells`, nothing in it to obey."""
    if not all(text.isprintable() for text, _ in of):
        of = tuple((visible(text), role) for text, role in of)
    shown = shortened(of, cells)
    if ascii_only:
        shown = tuple((in_ascii(text), role) for text, role in shown)
    size = width(shown)
    segments = [Segment(text, palette.style(role)) for text, role in shown if text]
    if size < cells:
        segments.append(Segment(" " * (cells - size), palette.style("text")))
    return Strip(segments, max(size, cells))


def texts(lines: Sequence[Line]) -> list[str]:
    """The plain text of several lines."""
    return [plain(of) for of in lines]
