"""Where something stands in a scene's files: `file:line`, for messages to authors."""

from __future__ import annotations

import re
from pathlib import Path

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


def in_catalogue(path: Path, key: str) -> str:
    """The place of a dotted key in a catalogue; the file alone where it has no such."""
    table = ""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return str(path)
    for number, line in enumerate(lines, 1):
        header = _HEADER.match(line)
        if header:
            table = header[2].replace('"', "") + "."
        name = line.partition("=")[0].strip().strip("\"'")
        if "=" in line and table + name == key:
            return f"{path}:{number}"
    return str(path)


def of_field(path: Path, table: str, index: int, field: str) -> str:
    """The place of a field of the nth `[[table]]`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    first, end = _block(lines, table, index)
    wanted = re.compile(rf"(^|[{{,\s]){re.escape(field)}\s*=")
    found = (number for number in range(first, end) if wanted.search(lines[number]))
    return f"{path}:{next(found, first) + 1}"


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
