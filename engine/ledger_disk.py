"""A disk that writes down what was made durable, in a ledger that outlives the engine.

Every call goes on to the disk below, so that the files are the real ones and `kill -9` does to them
what it does. The ledger is a folder on the same file system, outside of the engine's `dir`:

    records   what began and what was done (`ledger_records`), one line a call
    inodes/   a link to every file that was ever opened for writing, renamed or removed, by its
              inode number: what an unsynced rename or removal would bring back stays to be had
    kept/     what truncations cut off

An fsync counts as begun when its first line is there, as completed when its second is. A write(2)
of the engine leaves no line: how long a file was is noted when an fsync begins, and seen when the
power is cut. So files must grow at their ends; those of the engine do.
"""

from __future__ import annotations

import contextlib
import fcntl
import os

from engine.disk import Disk
from engine.ledger import LedgerFolder, LedgerWriter, check_head
from engine.ledger_records import (
    VERSION,
    Creating,
    Cutting,
    Done,
    Failed,
    Ledger,
    LedgerError,
    MakingFolder,
    Opened,
    Renaming,
    Syncing,
    SyncingFolder,
    Unlinking,
)

_PIECE = 1 << 20


class LedgerDisk(Disk):
    """Stands between the engine and `below`."""

    def __init__(self, below: Disk, ledger: str, directory: str) -> None:
        """A `ledger` that is missing is made, in a folder that exists; else it is gone on with:
        what was not durable when an engine was killed is not durable for the next one, either.
        Raises LedgerError."""
        ledger = os.path.normpath(ledger)
        self._below = below
        self._directory = os.path.realpath(directory)
        self._ledger = LedgerFolder(ledger)
        _refuse_a_bad_place(ledger, self._directory)
        try:
            _refuse_another_device(os.path.dirname(ledger), self._directory)
            self._ledger.make()
            self._writer = LedgerWriter(self._ledger.records)
            self._hold(self._ledger.records, 0)  # raises where there are no hard links
            os.unlink(self._ledger.inode(0))
            self._begin()
        except OSError as error:
            raise LedgerError(f"Can't keep the disk's ledger in {ledger}: {error}") from error

    def _begin(self) -> None:
        size = os.fstat(self._writer.fd).st_size
        if not size:
            self._writer.write(Ledger(VERSION, self._directory))
            return
        whole = os.pread(self._writer.fd, size, 0)
        if torn := size - whole.rfind(b"\n") - 1:  # by the kill that ended the engine before
            os.ftruncate(self._writer.fd, size - torn)
        check_head(whole, self._ledger.records, self._directory)

    # the calls that leave no line

    def close(self, fd: int) -> None:
        self._below.close(fd)

    def read(self, fd: int, size: int) -> bytes:
        return self._below.read(fd, size)

    def seek(self, fd: int, position: int) -> None:
        if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY:
            raise LedgerError("the model knows only files that grow at their ends")
        self._below.seek(fd, position)

    def write(self, fd: int, data: bytes | memoryview) -> int:
        return self._below.write(fd, data)

    def size(self, path: str) -> int:
        return self._below.size(path)

    def exists(self, path: str) -> bool:
        return self._below.exists(path)

    # bytes

    def open(self, path: str, flags: int) -> int:
        if flags & os.O_ACCMODE == os.O_RDONLY:
            return self._below.open(path, flags)
        writer, name = self._own(), self._name(path)
        there = _stat(path)
        if there is not None:
            self._hold(path, there.st_ino)
            writer.write(Opened(name, there.st_ino, there.st_size))
            if flags & os.O_TRUNC:
                self._keep(writer, there, 0)
            return self._below.open(path, flags)
        token = writer.token()
        writer.write(Creating(token, name))
        fd = self._below.open(path, flags)
        try:
            number = os.fstat(fd).st_ino
            self._hold(path, number)
            writer.write(Opened(name, number, token=token))
        except BaseException:
            self._below.close(fd)
            raise
        return fd

    def ftruncate(self, fd: int, size: int) -> None:
        writer = self._own()
        with writer.lock:
            self._keep(writer, os.fstat(fd), size)
            self._below.ftruncate(fd, size)

    def fdatasync(self, fd: int) -> None:
        writer, token = self._sync_begins(fd)
        with _told(writer, token):
            self._below.fdatasync(fd)

    def fsync(self, fd: int) -> None:
        writer, token = self._sync_begins(fd)
        with _told(writer, token):
            self._below.fsync(fd)

    def _sync_begins(self, fd: int) -> tuple[LedgerWriter, str]:
        writer = self._own()
        token = writer.token()
        with writer.lock:  # no truncation between the size and its line
            file = os.fstat(fd)
            writer.write(Syncing(token, file.st_ino, file.st_size))
        return writer, token

    # names

    def rename(self, old: str, new: str) -> None:
        moved, replaced = _stat(old), _stat(new)
        if moved is None:
            self._below.rename(old, new)  # fails as it should
            return
        writer = self._own()
        token = writer.token()
        self._hold(old, moved.st_ino)
        record = Renaming(token, self._name(old), self._name(new), moved.st_ino, moved.st_size)
        if replaced is not None:
            self._hold(new, replaced.st_ino)
            record = Renaming(
                *(token, record.old, record.new, record.inode, record.size),
                *(replaced.st_ino, replaced.st_size),
            )
        writer.write(record)
        with _told(writer, token):
            self._below.rename(old, new)
        if replaced is not None:
            writer.gone.append((os.path.dirname(record.new), replaced.st_ino))

    def unlink(self, path: str) -> None:
        there = _stat(path)
        if there is None:
            self._below.unlink(path)
            return
        writer = self._own()
        token, name = writer.token(), self._name(path)
        self._hold(path, there.st_ino)
        writer.write(Unlinking(token, name, there.st_ino, there.st_size))
        with _told(writer, token):
            self._below.unlink(path)
        writer.gone.append((os.path.dirname(name), there.st_ino))

    def mkdir(self, path: str) -> None:
        writer = self._own()
        token = writer.token()
        writer.write(MakingFolder(token, self._name(path)))
        with _told(writer, token):
            self._below.mkdir(path)

    def fsync_directory(self, path: str) -> None:
        writer = self._own()
        token, name = writer.token(), self._name(path)
        gone = [entry for entry in writer.gone if entry[0] == name]
        writer.write(SyncingFolder(token, name))
        with _told(writer, token):
            self._below.fsync_directory(path)
        for entry in gone:  # no cut brings these back any more
            writer.gone.remove(entry)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._ledger.inode(entry[1]))

    # the ledger

    def _own(self) -> LedgerWriter:
        """This process' writer: a forked child has neither its parent's descriptor nor its lock."""
        if self._writer.pid != os.getpid():
            self._writer = LedgerWriter(self._ledger.records)
        return self._writer

    def _name(self, path: str) -> str:
        name = os.path.relpath(path, self._directory)
        return "" if name == os.curdir else name

    def _hold(self, path: str, number: int) -> None:
        with contextlib.suppress(FileExistsError):
            os.link(path, self._ledger.inode(number))

    def _keep(self, writer: LedgerWriter, file: os.stat_result, size: int) -> None:
        """Copy what a truncation is about to cut off."""
        if file.st_size <= size:
            return
        name = writer.token()
        with (
            open(self._ledger.inode(file.st_ino), "rb") as source,
            open(self._ledger.source(name), "xb") as copy,
        ):
            source.seek(size)
            while piece := source.read(_PIECE):
                copy.write(piece)
        writer.write(Cutting(file.st_ino, size, file.st_size, name))


class _told:
    """Whether what is in here was done or has failed is told to the ledger."""

    def __init__(self, writer: LedgerWriter, token: str) -> None:
        self._writer = writer
        self._token = token

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        self._writer.write(Done(self._token) if kind is None else Failed(self._token))


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _refuse_a_bad_place(ledger: str, directory: str) -> None:
    if not os.path.isabs(ledger):
        raise LedgerError(f"cowscope-disk-ledger must be an absolute path, not {ledger!r}")
    place = os.path.realpath(ledger)
    if place == directory or place.startswith(os.path.join(directory, "")):
        raise LedgerError(f"the disk's ledger can't be in {directory}, of which it is kept")


def _refuse_another_device(place: str, directory: str) -> None:
    if os.stat(place).st_dev != os.stat(directory).st_dev:
        raise LedgerError(
            f"the disk's ledger in {place} must be on the file system of {directory}: it holds "
            "files by hard links"
        )
