"""Where something stands in a scene's files: `file:line`, for messages to authors."""

from __future__ import annotations

import re
from pathlib import Path

from scenes.errors import SceneError
from scenes.toml import text_of
from scenes.toml_lines import lines_of, nearest

_HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.\"'-]+)\s*\]")
_QUOTED = re.compile(r"'([^']+)'|「([^」]+)」")
"""What a message quotes, in either language."""


def in_scene(path: Path, table: str, index: int, hint: str = "") -> str:
    """The place of the nth `[[table]]`; in it, the first line that has what `hint` quotes last.

    `hint` is a message: its words in quotes are looked for, the last ones first. Without a
    table it is the scene's head.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    first, end = _block(lines, table, index)
    found = [one or other for one, other in _QUOTED.findall(hint)]
    for quoted in reversed(found):  # what is said last is the most particular
        for number in range(first, end):
            if quoted in lines[number]:
                return f"{path}:{number + 1}"
    return f"{path}:{first + 1}"


def in_catalogue(path: Path, key: str, text: str = "") -> str:
    """The place of a dotted key in a catalogue, which says `text`; its first line if it is not."""
    try:
        found = lines_of(text or text_of(path))
    except (OSError, SceneError):
        found = {}
    return f"{path}:{nearest(found, key)}"


def of_path(path: Path, text: str, inner: str) -> str:
    """The place of what msgspec calls `$.inner` in a file that says `text`."""
    return f"{path}:{nearest(lines_of(text), inner)}"


def where(path: Path, inner: str) -> str:
    """The same in a file that may be gone by now, or was never one: then its name alone."""
    try:
        return of_path(path, text_of(path), inner)
    except (OSError, SceneError):
        return str(path)


def _block(lines: list[str], table: str, index: int) -> tuple[int, int]:
    """The lines of the nth `[[table]]` with its sub-tables, as a range; else the scene's head."""
    seen, first = -1, 0
    for number, line in enumerate(lines):
        header = _HEADER.match(line)
        if not header:
            continue
        if first or (not table and header[1] == "[["):
            if header[2].startswith(f"{table}.") and table:
                continue
            return first, number
        if header[1] == "[[" and header[2] == table:
            seen += 1
            if seen == index:
                first = number
    return first, len(lines)
