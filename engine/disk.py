"""The engine's disk: the few system calls through which everything persistent goes.

AOF, manifest and dump reach their files through one `Disk`, so that a slow, failing or modelled
disk can stand in between without the rest knowing. Nothing is buffered here: a method is a system
call, and its failure is the OSError that the call gave.

What each call promises (Linux, POSIX.1-2017):

    write            the bytes are in the page cache: they survive kill -9, not a power cut
    fdatasync        the file's bytes, and the size needed to read them, are on the disk
    fsync            the same and all of its metadata
    rename           the name changes in one step for every process; not yet on the disk
    fsync_directory  the directory's names (files created, renamed, removed) are on the disk
"""

from __future__ import annotations

import os

READ = os.O_RDONLY
APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT
REPLACE = os.O_WRONLY | os.O_TRUNC | os.O_CREAT
ALTER = os.O_WRONLY


class Disk:
    """The machine's own disk. Paths are strings, `fd` a descriptor that `open` gave."""

    def open(self, path: str, flags: int) -> int:
        """A descriptor; a new file is readable by all and writable by its owner (0644)."""
        return os.open(path, flags | os.O_CLOEXEC, 0o644)

    def close(self, fd: int) -> None:
        os.close(fd)

    def read(self, fd: int, size: int) -> bytes:
        """At most `size` bytes from where the descriptor stands; empty at the end."""
        return os.read(fd, size)

    def seek(self, fd: int, position: int) -> None:
        """Where the next read begins."""
        os.lseek(fd, position, os.SEEK_SET)

    def write(self, fd: int, data: bytes | memoryview) -> int:
        """How many bytes were written: fewer than given when the disk is nearly full."""
        return os.write(fd, data)

    def ftruncate(self, fd: int, size: int) -> None:
        os.ftruncate(fd, size)

    def fdatasync(self, fd: int) -> None:
        os.fdatasync(fd)

    def fsync(self, fd: int) -> None:
        os.fsync(fd)

    def rename(self, old: str, new: str) -> None:
        os.rename(old, new)

    def unlink(self, path: str) -> None:
        os.unlink(path)

    def mkdir(self, path: str) -> None:
        os.mkdir(path, 0o755)

    def fsync_directory(self, path: str) -> None:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def size(self, path: str) -> int:
        """Bytes of the file; FileNotFoundError if there is none."""
        return os.stat(path).st_size

    def exists(self, path: str) -> bool:
        """Whether the name is there, file or directory."""
        return os.path.lexists(path)


def write_all(disk: Disk, fd: int, data: bytes | memoryview) -> None:
    """Write every byte, going on after short writes; raises the OSError that stopped it."""
    rest = memoryview(data)
    while rest:
        rest = rest[disk.write(fd, rest) :]


def read_all(disk: Disk, path: str) -> bytes:
    """The whole file, for small ones."""
    fd = disk.open(path, READ)
    try:
        pieces = []
        while piece := disk.read(fd, 1 << 16):
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        disk.close(fd)


def replace_file(disk: Disk, path: str, temporary: str, data: bytes) -> None:
    """Put `data` under `path` so that a crash at any moment leaves the old or the new file.

    1. write the whole under a temporary name   2. sync it   3. rename it over the old one
    4. sync the directory. Raises the OSError of the call that failed.
    """
    fd = disk.open(temporary, REPLACE)
    try:
        write_all(disk, fd, data)
        disk.fdatasync(fd)
    finally:
        disk.close(fd)
    disk.rename(temporary, path)
    disk.fsync_directory(os.path.dirname(path) or ".")
