"""The session's journal: every change of data that its engine told of, to be made again elsewhere.

It lies in a nameless file; only the newest part is in memory. `engine/journal.py` has the format.
"""

from __future__ import annotations

from collections.abc import Iterator

from scenes.errors import SceneError
from scenes.sayings import trouble
from scenes.spool import Spool

PIECE = 1 << 18
"""Bytes that are put into the file at once."""


class Journal:
    """Takes in an engine's messages in their order; from its first command on."""

    def __init__(self) -> None:
        self.covered = 0
        """Number of the last command that is in here."""
        self._gap: int | None = None
        self._spool = Spool()
        self._tail: list[bytes] = []
        self._size = 0

    def take(self, message: bytes) -> None:
        """One message of the channel."""
        line, _, changes = message.partition(b"\n")
        start, end = map(int, line.split())
        if start != self.covered and self._gap is None:
            self._gap = self.covered
        self.covered = end
        self._tail.append(changes)
        self._size += len(changes)
        if self._size > PIECE:
            self._spool.append(b"".join(self._tail))
            self._tail, self._size = [], 0

    def until(self, number: int) -> Iterator[tuple[int, bytes]]:
        """(database, RESP of a command) of all changes by commands up to `number`.

        Raises SceneError where they are not all here.
        """
        if self._gap is not None and number > self._gap:
            raise SceneError(trouble("journal.too_fast", kept_commands=self._gap))
        if number > self.covered:
            raise SceneError(trouble("journal.not_arrived", number=number))
        for piece in self._pieces():
            at = 0
            while at < len(piece):
                end = piece.index(b"\n", at)
                of, db, size = map(int, piece[at:end].split())
                if of > number:
                    return
                at = end + 1 + size
                yield db, piece[end + 1 : at]

    def _pieces(self) -> Iterator[bytes]:
        for number in range(len(self._spool)):
            yield self._spool[number]
        yield b"".join(self._tail)
