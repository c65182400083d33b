"""Reads a collection's elements from a dump: every form in which Redis up to 7.0 writes them.

An element comes as its bytes in a plain dump, which is what its chunk in the arena keeps: one
string (list, set), two (hash), a string and a double (sorted set). Where the file has exactly
that, elements are cut out; all other forms are put into it. A batch is about what a window holds,
so that the memory taken depends on neither the file's words nor the collection's size.
Source: rdbLoadObject() in rdb.c (Redis 7.0.15).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from engine.formats import BlobError, intset, listpack, ziplist, zipmap
from engine.rdb_window import Window
from engine.values.chunks import string
from engine.values.collection import Collection
from engine.values.hashes import Hash
from engine.values.lists import List
from engine.values.sets import Set
from engine.values.sorted_sets import SortedSet, element_of, pack_score

_ZSET_ASCII = 3
_ZIPMAP = 9
_QUICKLIST, _QUICKLIST2 = 14, 18
_PLAIN_NODE, _PACKED_NODE = 1, 2
_ASCII_NAN, _ASCII_INF, _ASCII_MINUS_INF = 253, 254, 255
_DOUBLE = struct.Struct("<d")
_NUMBER = re.compile(rb"[+-]?(?:inf|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)", re.IGNORECASE)
_NAN = "Zset with NAN score detected"


class _Form(NamedTuple):
    """How a type is written: as counted elements or nodes, or as one blob."""

    kind: type[Collection]
    strings: Callable[[bytes], list[bytes]] | None = None
    """Reads a blob."""


FORMS = {
    1: _Form(List),
    2: _Form(Set),
    _ZSET_ASCII: _Form(SortedSet),
    4: _Form(Hash),
    5: _Form(SortedSet),
    _ZIPMAP: _Form(Hash, zipmap.strings),
    10: _Form(List, ziplist.strings),
    11: _Form(Set, intset.strings),
    12: _Form(SortedSet, ziplist.strings),
    13: _Form(Hash, ziplist.strings),
    _QUICKLIST: _Form(List, ziplist.strings),
    16: _Form(Hash, listpack.strings),
    17: _Form(SortedSet, listpack.strings),
    _QUICKLIST2: _Form(List, listpack.strings),
    20: _Form(Set, listpack.strings),
}
"""Type byte -> form, of the types that are collections."""

_NODES = (_QUICKLIST, _QUICKLIST2)
_SHAPES: dict[type[Collection], tuple[int, int]] = {
    List: (1, 0),
    Set: (1, 0),
    Hash: (2, 0),
    SortedSet: (1, _DOUBLE.size),
}
"""Kind -> (strings, bytes behind them) of an element."""


class Elements:
    """One collection's elements: iterate over the batches, once."""

    def __init__(self, window: Window, rdb_type: int) -> None:
        """The key has just been read: of counted types, the count is next."""
        form = FORMS[rdb_type]
        self.kind = form.kind
        is_blob = form.strings is not None and rdb_type not in _NODES
        self.is_compact = is_blob and rdb_type != _ZIPMAP
        """Redis keeps it in the compact encoding, however long its elements are."""
        self._window = window
        self.rdb_type = rdb_type
        """How the file has it."""
        self._strings = form.strings
        self._left = 1 if is_blob else window.length()
        self._batches = self._read()

    def __iter__(self) -> Iterator[list[bytes]]:
        return self._batches

    def _read(self) -> Iterator[list[bytes]]:
        window = self._window
        is_plain = self._strings is None and self.rdb_type != _ZSET_ASCII
        shape = _SHAPES[self.kind]
        while self._left:
            batch: list[bytes] = []
            base = window.base
            while self._left and window.base == base:
                if is_plain:
                    before = len(batch)
                    window.at = _cut(window.data, window.at, self._left, shape, batch)
                    self._left -= len(batch) - before
                if self._left:
                    batch += window.retrying(self._unit)
                    self._left -= 1
            if batch:
                yield batch

    def _unit(self) -> list[bytes]:
        """What the count counts: an element, or a node of several; else the one blob."""
        window = self._window
        if self._strings is not None:
            return self._node()
        name = string(window.string())
        if self.rdb_type == _ZSET_ASCII:
            return [name + pack_score(self._ascii_score())]
        if self.kind is Hash:
            return [name + string(window.string())]
        if self.kind is SortedSet:
            score = window.take(_DOUBLE.size)
            if _DOUBLE.unpack(score)[0] != _DOUBLE.unpack(score)[0]:
                raise window.corrupt(_NAN)
            return [name + score]
        return [name]

    def _ascii_score(self) -> float:
        window = self._window
        length = window.byte()
        if length == _ASCII_NAN:
            raise window.corrupt(_NAN)
        if length in (_ASCII_INF, _ASCII_MINUS_INF):
            return float("inf" if length == _ASCII_INF else "-inf")
        text = window.take(length)
        if not _NUMBER.fullmatch(text):
            raise window.corrupt("a score that is no number")
        return float(text)

    def _node(self) -> list[bytes]:
        window = self._window
        assert self._strings is not None
        if self.rdb_type == _QUICKLIST2:
            container = window.length()
            if container == _PLAIN_NODE:
                return [string(window.string())]
            if container != _PACKED_NODE:
                raise window.corrupt(f"a list's node of unknown kind {container}")
        start = window.offset
        blob = window.string()
        try:
            return self._elements_of(self._strings(blob))
        except BlobError as error:
            raw_at = window.offset - len(blob)
            where = raw_at + error.at if raw_at > start else start
            raise window.corrupt_at(where, str(error)) from error

    def _elements_of(self, words: list[bytes]) -> list[bytes]:
        """The words of a blob as elements; raises BlobError."""
        if self.kind in (List, Set):
            return [string(word) for word in words]
        if len(words) % 2:
            raise BlobError(0, "the last field or member has nothing behind it")
        pairs = zip(words[::2], words[1::2], strict=True)
        if self.kind is Hash:
            return [string(field) + string(value) for field, value in pairs]
        if not all(map(_NUMBER.fullmatch, words[1::2])):
            raise BlobError(0, "a score is no number")
        return [element_of(member, float(score)) for member, score in pairs]


def _cut(data: bytes, at: int, most: int, shape: tuple[int, int], found: list[bytes]) -> int:
    """Add at most `most` elements to `found` that stand in `data` as the arena wants them.

    Returns where they end: at one that the window ends in, or that is written in another way.
    """
    strings, tail = shape
    both = strings == 2
    size = len(data)
    most += len(found)
    try:
        while len(found) < most:
            end = at + 1 + data[at]
            if end - at > 0x40:
                end = _behind(data, at)
            if both:
                end = end + 1 + data[end] if data[end] < 0x40 else _behind(data, end)
            elif tail:
                end += tail
                if data[end - 1] & 0x7F == 0x7F:  # infinite or NaN, perhaps
                    return at
            if end > size:
                return at
            found.append(data[at:end])
            at = end
    except IndexError:
        pass  # the window ends here
    return at


def _behind(data: bytes, at: int) -> int:
    """Where a string of 64 to 16383 bytes ends; IndexError if it is written in another way."""
    first = data[at]
    length = (first & 0x3F) << 8 | data[at + 1]
    if not 0x40 <= first < 0x80 or length < 0x40:
        raise IndexError
    return at + 2 + length
