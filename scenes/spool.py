"""Byte strings by number, in a file without a name: it goes with the process that made it."""

from __future__ import annotations

import os
import tempfile
from typing import IO


class Spool:
    """Grows at its end; where no file can be made or written, memory holds what comes."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._places: list[tuple[int, int] | bytes] = []
        """(offset, length) in the file, or the bytes themselves."""

    def __del__(self) -> None:
        if self._file is not None:
            self._file.close()

    def __len__(self) -> int:
        return len(self._places)

    def append(self, data: bytes) -> None:
        """Put `data` at the end."""
        try:
            self._file = self._file or tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (kept)
            offset = self._file.seek(0, os.SEEK_END)
            whole = self._file.write(data) == len(data)
        except OSError:
            whole = False
        self._places.append((offset, len(data)) if whole else data)

    def __getitem__(self, number: int) -> bytes:
        """The bytes of a number; raises IndexError for one that is not there."""
        place = self._places[number]
        if isinstance(place, bytes):
            return place
        assert self._file is not None
        self._file.seek(place[0])
        return self._file.read(place[1])
