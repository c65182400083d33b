"""What the AOF's files hold at a moment: which numbered writes write(2) has taken, or fsync."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from engine.events import AnyEvent, AofFsync, AofWrite, Rewrite
from scenes.lab import numbered

_OVERLAP = 256
"""Bytes read again before a piece, so that a record across its start is found."""


def files(folder: Path) -> Iterator[Path]:
    """The AOF's files in a data folder, those of a rewrite that is not done yet left out."""
    inside = folder / "appendonlydir"
    with contextlib.suppress(OSError):
        yield from sorted(path for path in inside.glob("*.aof") if path.name[:5] != "temp-")
    single = folder / "appendonly.aof"
    if single.exists():
        yield single


def last_file(folder: Path) -> Path | None:
    """The file that is appended to: the newest increment, or the only one."""
    found = list(files(folder))
    increments = [path for path in found if ".incr." in path.name]
    if increments:
        return max(increments, key=lambda path: int(path.name.split(".")[-3]))
    return found[-1] if found else None


def written(folder: Path) -> set[int]:
    """The numbers whose whole record is in a file, as any process would read it now."""
    found: set[int] = set()
    for path in files(folder):
        with contextlib.suppress(OSError):
            found |= numbered.found_in(path.read_bytes())
    return found


class Heard:
    """What the engine's events say of its AOF, with the numbers that its fsyncs covered.

    At each `aof.fsync` the piece of the file that it covers is read and its numbers are kept: from
    then on no crash may lose them. What has not been heard when the crash comes does not count.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.covered: set[int] = set()
        self.written_end = 0
        self.fsynced_end = 0
        """Offsets in `file`, as last heard."""
        self.file = ""
        self.fsyncs = 0
        self.stages: list[str] = []
        """Of a rewrite, in the order in which they were told."""
        self._switched = False

    def on_event(self, event: AnyEvent) -> None:
        """Take note of what bears upon the AOF."""
        match event:
            case AofWrite():
                self.file, self.written_end = event.file, event.end
            case AofFsync():
                self.file, self.fsynced_end = event.file, event.end
                self.fsyncs += 1
                self._cover(event.file, event.start, event.end)
            case Rewrite():
                self.stages.append(event.stage)
                # with pipes another file takes the old one's name: what is read by name from here
                # on may not be what the event speaks of
                self._switched |= event.stage == "child-asks-stop"
            case _:
                pass

    def _cover(self, name: str, start: int, end: int) -> None:
        if self._switched:
            return
        path = self._folder / name
        if not path.exists():
            path = self._folder / "appendonlydir" / name
        start = max(0, start - _OVERLAP)
        with contextlib.suppress(OSError):
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                self.covered |= numbered.found_in(os.pread(fd, end - start, start))
            finally:
                os.close(fd)
