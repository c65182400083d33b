"""The modelled power cut: a folder as a disk would hold it if the power had gone now.

    1. every engine that writes the folder is dead (its group was killed: a power cut stops all
       processes at once); what they wrote is in the page cache, and the ledger says what is durable
    2. the model says which names and bytes are left (`disk_model`)
    3. the files are composed from the ledger's links and kept pieces, then put in place
    4. the ledger begins anew: what is left now is durable
    5. the next start loads the folder as it would any other

Files that never went through the engine's disk (its log, a configuration file) stay as they are.
The figures are `modelled`, and a screen that shows them says so.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from typing import BinaryIO, Literal, TypeAlias

import msgspec

from engine.disk_model import AfterCut, DiskModel, Inode, Left
from engine.file_extents import LIVE, live
from engine.ledger import LedgerFolder, check_head
from engine.ledger_records import LedgerError, parse

WAIT_SECONDS = 5.0
"""How long processes may take that were killed just now."""

Fate: TypeAlias = Literal["whole", "cut", "gone", "older", "back"]
"""What became of a name: all of its file is left; less of it is; nothing has the name any more; an
older file has it again; a name that was taken away is back."""


class FileCut(msgspec.Struct, frozen=True):
    """One name of the folder, before the cut and after it."""

    name: str
    """Relative to the engine's `dir`."""
    fate: Fate
    written: int
    """Bytes of the file that had the name."""
    durable: int
    """Those of them that completed fsyncs covered, if the name was durable, too."""
    kept: int
    """Those of them that are left under this name: with no seed the durable ones."""
    size: int
    """Bytes of the file that has the name now, holes included; 0 if none has."""

    @property
    def lost(self) -> int:
        """Written, and not left under this name."""
        return self.written - self.kept


class CutReport(msgspec.Struct, frozen=True):
    """What a power cut did."""

    directory: str
    seed: int | None
    """None: the worst case."""
    files: list[FileCut]
    """Every file that was there or is there, by name."""
    source: Literal["modelled"] = "modelled"

    @property
    def lost(self) -> int:
        """Bytes over all files."""
        return sum(file.lost for file in self.files)


def cut(directory: str, ledger: str, seed: int | None = None) -> CutReport:
    """Make the folder what a power cut leaves of it; every engine in it must be dead.

    With no seed nothing is left but what was durable; with one, some of the rest. The caller kills
    the whole group first: a process that still writes is waited for up to WAIT_SECONDS. Raises
    LedgerError if one goes on, or if the ledger is not this folder's, and has done nothing then;
    OSError where the folder cannot be written.
    """
    directory = os.path.realpath(directory)
    folder = LedgerFolder(ledger)
    with _alone(folder):
        with open(folder.records, "rb") as file:
            data = file.read()
        check_head(data, folder.records, directory)
        model = DiskModel(parse(data, folder.records))
        after = model.after_cut(seed, lambda number: os.stat(folder.inode(number)).st_size)
        report = CutReport(directory, seed, _files(model, after, folder))
        _put_in_place(directory, model, after, folder)
    return report


@contextlib.contextmanager
def _alone(folder: LedgerFolder) -> Iterator[None]:
    """Nobody else writes the ledger meanwhile."""
    try:
        fd = os.open(folder.records, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise LedgerError(
            f"Can't read {folder.records}: {error.strerror}. Was the engine started with "
            "--cowscope-disk-ledger?"
        ) from error
    try:
        deadline = time.monotonic() + WAIT_SECONDS
        while not _locked(fd):
            if time.monotonic() > deadline:
                raise LedgerError(
                    f"{folder.root} is still written to: kill the engine and its children first"
                )
            time.sleep(0.002)
        yield
    finally:
        os.close(fd)


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# the report


def _files(model: DiskModel, after: AfterCut, folder: LedgerFolder) -> list[FileCut]:
    durable = model.after_cut(None, lambda _number: 0).files
    before = {name: inode for name, inode in model.names.items() if inode.number}
    return [
        _file(name, before.get(name), durable.get(name), after.files.get(name), folder)
        for name in sorted({*before, *after.files})
    ]


def _file(
    name: str,
    before: Inode | None,
    durable: Left | None,
    after: Left | None,
    folder: LedgerFolder,
) -> FileCut:
    written = os.stat(folder.inode(before.number)).st_size if before else 0
    kept = after.content.live_bytes if after and after.inode is before else 0
    return FileCut(
        name,
        _fate(before, after, written),
        written,
        durable.content.live_bytes if durable and durable.inode is before else 0,
        kept,
        after.content.size if after else 0,
    )


def _fate(before: Inode | None, after: Left | None, written: int) -> Fate:
    if after is None:
        return "gone"
    if before is None:
        return "back"
    if after.inode is not before:
        return "older"
    return "whole" if after.content == live(written) else "cut"


# the folder


def _put_in_place(directory: str, model: DiskModel, after: AfterCut, folder: LedgerFolder) -> None:
    # 1. compose every file beside the ledger: the links there still hold all that is needed
    composed = os.path.join(folder.root, "composed")
    shutil.rmtree(composed, ignore_errors=True)
    os.mkdir(composed)
    places = {}
    for count, (name, left) in enumerate(after.files.items()):
        places[name] = os.path.join(composed, str(count))
        _compose(places[name], left, folder)
    # 2. take away what the ledger knows of, the deepest first
    for name in sorted(model.paths - after.folders, key=len, reverse=True):
        _take_away(os.path.join(directory, name))
    # 3. put in place what is left
    for name in sorted(after.folders, key=len):
        os.makedirs(os.path.join(directory, name), exist_ok=True)
    for name, place in places.items():
        path = os.path.join(directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.rename(place, path)
    # 4. what is there now is durable: forget all that was before
    for path in (composed, folder.inodes, folder.kept):
        shutil.rmtree(path)
    folder.make()
    os.truncate(folder.records, 0)


def _compose(path: str, left: Left, folder: LedgerFolder) -> None:
    source = folder.inode(left.inode.number)
    content = left.content
    if content == live(content.size):  # as far as it goes the file itself
        os.link(source, path)
        os.truncate(path, content.size)
        return
    with open(path, "xb") as file:
        shutil.copymode(source, path)
        file.truncate(content.size)
        for extent in content.extents:
            name = source if extent.source == LIVE else folder.source(extent.source)
            with open(name, "rb") as piece:
                piece.seek(extent.at)
                file.seek(extent.start)
                _copy(piece, file, extent.length)


def _copy(source: BinaryIO, target: BinaryIO, length: int) -> None:
    while length > 0 and (piece := source.read(min(length, 1 << 20))):
        target.write(piece)
        length -= len(piece)


def _take_away(path: str) -> None:
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except IsADirectoryError:
        with contextlib.suppress(OSError):  # what others have put there stays, and the folder
            os.rmdir(path)
