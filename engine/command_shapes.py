"""Shapes: the framing that commands with arguments of the same sizes share, checked and cut in C.

`SET key:000000000001 xyz` and `SET key:000000000002 abc` differ only inside their arguments: every
header, every line's end and every size is the same. That common framing is a *shape*. A regular
expression made from it proves a whole run of commands with one call, and a `struct` format cuts the
run into arguments with another. Both cost about 0.2 microseconds a command; walking the headers in
Python costs seven times that.

A shape is made only from sizes that the framer has just read header by header, within all limits,
and it fits only bytes that the framer would read the same way.
"""

from __future__ import annotations

import operator
import re
import struct
import sys
from collections.abc import Callable, Iterator

MAX_ARGUMENTS = 64
MAX_BYTES = 64 * 1024
"""Commands with more arguments, or longer ones, have no shape: their framing is not the cost."""
MAX_SHAPES = 256
"""So many shapes are remembered."""
SIGHTINGS = 64
"""A shape is worth its compilation (about 0.2 ms) after so many commands of it in one window."""
WINDOW = 2**18
"""Strictly read commands after which sightings start anew, and a full table too."""

_AGAIN = b"++" if sys.version_info >= (3, 11, 5) else b"+"
"""Possessive, for speed. Up to CPython 3.11.4 (Debian 12 has 3.11.2) a possessive group that fails
at its last repetition counts a part of it as matched: gh-101955."""
_FIRST: Callable[[tuple[bytes, ...]], bytes] = operator.itemgetter(0)

Sizes = tuple[int, ...]
"""The lengths of a command's arguments, its name included."""


class Shape:
    """One framing: `whole` and `run` prove it, `cut` takes it apart."""

    __slots__ = ("_piece", "cut", "framing", "length", "name", "run", "split", "whole")

    whole: Callable[[bytes], re.Match[bytes] | None]
    """Is the buffer one or more commands of this shape, and nothing else?"""
    run: Callable[[bytes, int], re.Match[bytes] | None]
    """One or more commands of this shape from a position on."""
    cut: Callable[[bytes], Iterator[tuple[bytes, ...]]]
    """The arguments of every command of a run; the caller has proved that it is one."""

    split: Callable[[bytes], tuple[bytes, ...]]
    """One command's framing and arguments in turn; it has `length` bytes."""
    framing: tuple[bytes, ...]
    """What the framing among them must be."""
    name: slice
    """Where the first argument of the first command is."""
    length: int
    """Bytes of one command, framing included."""

    def __init__(self, sizes: Sizes) -> None:
        before = b"*%d\r\n" % len(sizes)
        framing = []
        pattern, cut, split = b"", "=", "="
        for size in sizes:
            before += b"$%d\r\n" % size
            framing.append(before)
            pattern += re.escape(before) + b".{%d}" % size
            cut += f"{len(before)}x{size}s"
            split += f"{len(before)}s{size}s"
            before = b"\r\n"
        self.framing = (*framing, before)
        self.name = slice(len(framing[0]), len(framing[0]) + sizes[0])
        runs = re.compile(b"(?:" + pattern + re.escape(before) + b")" + _AGAIN, re.DOTALL)
        self.whole = runs.fullmatch
        self.run = runs.match
        self.cut = struct.Struct(f"{cut}2x").iter_unpack
        self.split = struct.Struct(f"{split}2s").unpack
        self.length = struct.calcsize(f"{cut}2x")
        self._piece = struct.Struct(f"{self.length}s").iter_unpack

    def pieces(self, run: bytes) -> Iterator[bytes]:
        """The bytes of every command of a run."""
        return map(_FIRST, self._piece(run))


class ShapeTable:
    """The shapes that are seen often, shared by all connections."""

    def __init__(self) -> None:
        self._shapes: dict[Sizes, Shape] = {}
        self._sightings: dict[Sizes, int] = {}
        self._window = WINDOW
        self.by_length: dict[int, Shape] = {}
        """The shape that a read of so many bytes had last: its length nearly names it."""

    def recognise(self, argv: list[bytes]) -> Shape | None:
        """Note a command that was read strictly; answers its shape once that is worth having."""
        if len(argv) > MAX_ARGUMENTS:
            return None
        sizes = tuple(map(len, argv))
        shape = self._shapes.get(sizes)
        if shape is None:
            self._count(sizes)
            if self._sightings[sizes] < SIGHTINGS or len(self._shapes) >= MAX_SHAPES:
                return None
            if sum(sizes) > MAX_BYTES:
                return None
            shape = self._shapes[sizes] = Shape(sizes)
        self.by_length[shape.length] = shape
        return shape

    def _count(self, sizes: Sizes) -> None:
        self._window -= 1
        if self._window == 0:
            self._window = WINDOW
            self._sightings.clear()
            if len(self._shapes) >= MAX_SHAPES:
                self._shapes.clear()
                self.by_length.clear()
        self._sightings[sizes] = self._sightings.get(sizes, 0) + 1
