"""Byte strings by number, in a file without a name: it goes with the process that made it."""

from __future__ import annotations

import os

from scenes.nameless import NamelessFile


class Spool:
    """Grows at its end; where no file can be made or written, memory holds what comes."""

    def __init__(self) -> None:
        self._file: NamelessFile | None = None
        self._places: list[tuple[int, int] | bytes] = []
        """(offset, length) in the file, or the bytes themselves."""

    def __len__(self) -> int:
        return len(self._places)

    def append(self, data: bytes) -> None:
        """Put `data` at the end."""
        try:
            self._file = self._file or NamelessFile()
            offset = os.lseek(self._file.fd, 0, os.SEEK_END)
            whole = os.write(self._file.fd, data) == len(data)
        except OSError:
            whole = False
        self._places.append((offset, len(data)) if whole else data)

    def __getitem__(self, number: int) -> bytes:
        """The bytes of a number; raises IndexError for one that is not there."""
        place = self._places[number]
        if isinstance(place, bytes):
            return place
        assert self._file is not None
        os.lseek(self._file.fd, place[0], os.SEEK_SET)
        return os.read(self._file.fd, place[1])
