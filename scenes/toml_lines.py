"""Where each thing stands in a TOML text: the line of every table, key and item, by its path.

A path is written as msgspec writes it, without its "$.": `stages[2].do[4].step`. The text must be
sound (`tomllib` has read it); then a scanner that knows strings, brackets and comments is enough.
Source: TOML 1.0.0 (toml.io/en/v1.0.0).
"""

from __future__ import annotations

import bisect
import re

_SPACE = re.compile(r"[ \t\n]*(?:#[^\n]*\n?[ \t\n]*)*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:\\.|[^"\\])*"' r"|'[^']*'",
    re.DOTALL,
)
_BARE = re.compile(r"[\w-]+")
_VALUE = re.compile(r"[^,\]}#\n]+")
_QUOTES = "\"'"


def lines_of(text: str) -> dict[str, int]:
    """The line, from 1, of every path in `text`."""
    return _Scanner(text).found


def nearest(lines: dict[str, int], path: str) -> int:
    """The line of `path`, else of what it lies in; 1 for what stands nowhere."""
    while path:
        if path in lines:
            return lines[path]
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return 1


class _Scanner:
    """Walks through a text once; `found` is what it saw, and on which line."""

    def __init__(self, text: str) -> None:
        self.found: dict[str, int] = {}
        self._text = text
        self._ends = [found.start() for found in re.finditer("\n", text)]
        self._at = 0
        self._items: dict[str, int] = {}
        """How many items an array of tables has so far."""
        self._document()

    def _document(self) -> None:
        table = ""
        while self._skip():
            if self._text.startswith("[[", self._at):
                self._at += 2
                keys = self._key()
                array = self._resolved([*keys[:-1]], keys[-1])
                number = self._items[array] = self._items.get(array, -1) + 1
                table = f"{array}[{number}]"
                self._note(table)
                self._at += 2
            elif self._text[self._at] == "[":
                self._at += 1
                keys = self._key()
                table = self._inside(self._resolved([*keys[:-1]], keys[-1]))
                self._note(table)
                self._at += 1
            else:
                self._pair(table)

    def _resolved(self, parents: list[str], last: str) -> str:
        """The path of a header, whose parents may be arrays: then their last item is meant."""
        path = ""
        for name in parents:
            path = self._inside(_join(path, name))
            self._note(path)
        return _join(path, last)

    def _inside(self, path: str) -> str:
        return f"{path}[{self._items[path]}]" if path in self._items else path

    def _pair(self, table: str) -> None:
        """`key = value`, noted on the line of the key."""
        start = self._at
        path = table
        for name in self._key():
            path = _join(path, name)
            self._note(path, start)
        self._at += 1  # =
        self._value(path)

    def _value(self, path: str) -> None:
        self._skip()
        opening = self._text[self._at]
        if opening == "[":
            self._list(path, "]")
        elif opening == "{":
            self._list(path, "}")
        elif string := (opening in _QUOTES and _STRING.match(self._text, self._at)):
            self._at = string.end()
        elif bare := _VALUE.match(self._text, self._at):
            self._at = bare.end()

    def _list(self, path: str, closing: str) -> None:
        """The items of an array, or the pairs of an inline table."""
        self._at += 1
        number = 0
        while self._skip() and self._text[self._at] != closing:
            if self._text[self._at] == ",":
                self._at += 1
            elif closing == "}":
                self._pair(path)
            else:
                self._note(f"{path}[{number}]")
                self._value(f"{path}[{number}]")
                number += 1
        self._at += 1

    def _key(self) -> list[str]:
        """The parts of a dotted key; stands behind it then."""
        names = []
        while True:
            self._skip()
            quoted = self._text[self._at] in _QUOTES
            part = (_STRING if quoted else _BARE).match(self._text, self._at)
            assert part is not None, "the text was read as TOML before"
            names.append(part[0][1:-1] if quoted else part[0])
            self._at = part.end()
            self._skip()
            if self._text[self._at : self._at + 1] != ".":
                return names
            self._at += 1

    def _skip(self) -> bool:
        """Go on behind spaces and comments; whether anything is left."""
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        return self._at < len(self._text)

    def _note(self, path: str, at: int | None = None) -> None:
        line = bisect.bisect_left(self._ends, self._at if at is None else at) + 1
        self.found.setdefault(path, line)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
