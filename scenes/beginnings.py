"""Beginnings: what each run of an engine began on, kept so that another engine can begin there too.

The first run begins on the scene's population. A run after a crash or a restart begins on the files
that were left: they are kept as they lay there before the engine read them, in a file without a
name, which goes with the process that made it.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from scenes.journal import Journal
from scenes.last_words import LOG
from scenes.nameless import NamelessFile

MOST_BYTES = 256 << 20
"""A folder with more in it is not kept: a copy would cost the restart seconds."""
_NOT_DATA = frozenset({"lock", "cowscope.lock", LOG})


class Files:
    """A folder's files, as they were at one moment."""

    def __init__(self, packed: NamelessFile) -> None:
        self._packed = packed

    @classmethod
    def of(cls, folder: Path) -> Files | None:
        """Those of a folder that nobody writes to; None where they are too much. May block."""
        paths = [path for path in sorted(folder.rglob("*")) if path.name not in _NOT_DATA]
        if sum(path.stat().st_size for path in paths if path.is_file()) > MOST_BYTES:
            return None
        packed = NamelessFile()
        with packed.opened() as file, tarfile.open(fileobj=file, mode="w") as tar:
            for path in paths:
                if path.is_dir() or path.is_file():
                    tar.add(path, str(path.relative_to(folder)), recursive=False)
        return cls(packed)

    def lay_out(self, folder: Path) -> None:
        """Write them into a folder, down to the disk. May block."""
        with self._packed.opened() as kept, tarfile.open(fileobj=kept, mode="r") as tar:
            for member in tar:
                path, packed = folder / member.name, tar.extractfile(member)
                if packed is None:
                    path.mkdir(exist_ok=True)
                    continue
                with path.open("wb") as file:
                    shutil.copyfileobj(packed, file)
                    file.flush()
                    os.fsync(file.fileno())  # what was left has survived already


class Beginning(msgspec.Struct):
    """Of one run: what it began on, and what changed from there on."""

    journal: Journal
    files: Files | None = None
    """What was left to a run after the first; None for the population."""
    changed: Mapping[str, str] = {}
    """Directives that a step had changed by a restart."""
    too_large: bool = False
    """What was left was too much to be kept."""
