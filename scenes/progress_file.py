"""The progress file: read with a doubt, written whole, and never lost where it is damaged.

What cannot be understood is copied beside itself before anything else takes its place, to
`progress.json.damaged`, or `.damaged-2` and so on where that holds something else. Where no copy
can be made, or the file cannot even be read, it is left as it is and nothing is written.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from scenes.sayings import trouble

Entry = TypeVar("Entry")


class ProgressFile(Generic[Entry]):
    """One JSON object in a file, of entries by name."""

    def __init__(self, path: Path, decoder: msgspec.json.Decoder[dict[str, Entry]]) -> None:
        self.path = path
        self.trouble = ""
        """What is wrong with it and what was done, in one line; empty where all is well."""
        self._decoder = decoder
        self._replaceable = True

    def read(self) -> dict[str, Entry]:
        """What it holds; nothing where it is not there, or damaged."""
        self._replaceable = True
        try:
            data = self.path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as err:
            self._replaceable = False
            self._tell("unread", why=str(err.strerror))
            return {}
        try:
            return self._decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
            self._keep_damaged(data, " ".join(str(err).split()))
            return {}

    def _keep_damaged(self, data: bytes, why: str) -> None:
        try:
            copy = next(name for name in _copies(self.path) if _holds(name, data))
        except OSError as err:
            self._replaceable = False
            self._tell("uncopied", why=why, reason=str(err.strerror))
        else:
            self._tell("damaged", why=why, copy=copy.name)

    def _tell(self, what: str, **words: str) -> None:
        self.trouble = trouble(f"progress_file.{what}", path=str(self.path), **words)

    def write(self, entries: Mapping[str, Entry]) -> None:
        """Put `entries` in place at once, unless that would lose what could not be read."""
        if not self._replaceable:
            return
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _put(self.path, msgspec.json.format(msgspec.json.encode(entries)))


def _put(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(data)
        os.replace(name, path)
    except OSError:
        os.unlink(name)


def _copies(path: Path) -> Iterator[Path]:
    """The names that a damaged file's copy may have."""
    first = path.with_name(f"{path.name}.damaged")
    yield first
    for number in count(2):
        yield first.with_name(f"{first.name}-{number}")


def _holds(path: Path, data: bytes) -> bool:
    """Whether a copy holds `data`, already or by now; what holds something else is left alone."""
    try:
        file = open(path, "xb")  # noqa: SIM115 (closed below)
    except FileExistsError:
        return path.is_file() and path.read_bytes() == data
    try:
        with file:
            file.write(data)
    except OSError:
        path.unlink()
        raise
    return True
