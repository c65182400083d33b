"""Commands as they stand in an AOF: RESP arrays of bulk strings, between annotation lines.

Reading has two ways that agree. `parse_fast` lets hiredis read a piece of a file and then compares
the piece with what the commands encode to: equal bytes leave nothing to doubt. Everything else,
above all a torn or damaged end, is read by `parse_strict`, which knows every offset.

What can be read is what the loader of redis-server 7.0.15 reads: it skips the two bytes after an
argument without a look, and takes a number as atoi(3) does, with a sign before it and anything
behind it. redis-check-aof is stricter. Where the loader itself errs, nothing is read: a `$` without
a number (to it an empty argument) and a negative length (it crashes) are damage here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import hiredis

from engine.command_shapes import Shape, ShapeTable
from engine.inline import shown

_pack: Callable[[tuple[bytes, ...]], bytes] = hiredis.pack_command  # type: ignore[assignment]
_MAX_LINE = 1024
_NUMBER = re.compile(rb"\s*[+]?(\d{1,18})(?!\d)")
_SENTINEL = b":7\r\n"
_HUGE = re.compile(rb"\r\n[*%~>|]\d{7}")
"""hiredis makes room for as many elements as a header announces."""


_TABLED = 1024
_BULK_HEADERS = tuple(b"\r\n$%d\r\n" % length for length in range(_TABLED))
"""What stands before an argument of so many bytes, the end of the line before it included."""


class FormatError(Exception):
    """The bytes at `offset` can't stand there."""

    def __init__(self, offset: int, what: str) -> None:
        super().__init__(what)
        self.offset = offset
        self.what = what


def encode(argv: Sequence[bytes]) -> bytes:
    """A command as it stands in the file."""
    if len(argv) == 3:  # SET and most other writes: faster than the general case
        name, key, value = argv
        if len(name) < _TABLED and len(key) < _TABLED and len(value) < _TABLED:
            headers = _BULK_HEADERS
            first, second, third = headers[len(name)], headers[len(key)], headers[len(value)]
            return b"".join((b"*3", first, name, second, key, third, value, b"\r\n"))
    return _pack(tuple(argv))


def parse_fast(piece: bytes) -> list[list[bytes]] | None:
    """All commands of a piece that begins and ends between two; None if `parse_strict` is due."""
    if _HUGE.search(piece) or _HUGE.match(b"\r\n" + piece[:16]):
        return None
    reader = hiredis.Reader()
    reader.feed(piece)
    reader.feed(_SENTINEL)  # comes out as the last reply if, and only if, no command was cut
    try:
        commands = list(iter(reader.gets, False))
        whole = commands.pop() == 7 and all(commands)
        if whole and b"".join(map(encode, commands)) == piece:
            return commands
    except (hiredis.HiredisError, TypeError, IndexError):
        pass
    return None


class PieceParser:
    """`parse_fast` for piece after piece of one file, faster still while all have one shape."""

    def __init__(self) -> None:
        self._shapes = ShapeTable()
        self._shape: Shape | None = None

    def parse(self, piece: bytes) -> list[list[bytes]] | None:
        """What `parse_fast` answers."""
        shape = self._shape
        if shape is not None and shape.whole(piece) is not None:
            return list(map(list, shape.cut(piece)))
        commands = parse_fast(piece)
        self._shape = self._shapes.recognise(commands[-1]) if commands else None
        return commands


def parse_strict(data: bytes) -> Iterator[tuple[list[bytes], int, int]]:
    """(argv, start, end) of every complete command; an annotation line has an empty argv.

    Stops where something is incomplete: more bytes may follow there. Raises FormatError at what
    no further bytes could put right.
    """
    start = 0
    while start < len(data):
        argv: list[bytes] = []
        if data.startswith(b"#", start):
            after = _line_end(data, start)
        else:
            count, after = _header(data, start, b"*")
            if after and not count:
                raise FormatError(start, "an empty command")
            while after and len(argv) < count:
                length, at = _header(data, after, b"$")
                after = at + length + 2
                if not at or after > len(data):
                    return
                argv.append(data[at : after - 2])
        if not after:
            return
        yield argv, start, after
        start = after


def _header(data: bytes, at: int, mark: bytes) -> tuple[int, int]:
    """The number in the header at `at`, and the offset after it (0: it is not complete)."""
    if at < len(data) and not data.startswith(mark, at):
        raise FormatError(at, f"expected {shown(mark)}, found {shown(data[at : at + 1])}")
    after = _line_end(data, at)
    if not after:
        return 0, 0
    number = _NUMBER.match(data, at + 1, after)
    if number is None:
        line = data[at + 1 : after].removesuffix(b"\n").removesuffix(b"\r")
        raise FormatError(at, f"expected a number after {shown(mark)}, found {shown(line)}")
    return int(number[1]), after


def _line_end(data: bytes, at: int) -> int:
    """The offset after the line at `at`, 0 if its end is not there."""
    end = data.find(b"\n", at, at + _MAX_LINE)
    if end < 0 and len(data) - at >= _MAX_LINE:
        raise FormatError(at, "a line without an end")
    return end + 1
