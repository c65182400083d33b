"""A disk that forgets what was not synced, after leveldb's fault_injection_test.cc.

Files and directory entries are kept apart, as POSIX does: `fdatasync` saves a file's bytes, only
`fsync_directory` saves the name under which they are found.
"""

from __future__ import annotations

import copy
import errno
import os
import random
from collections.abc import Callable

from engine.disk import Disk


class Inode:
    def __init__(self) -> None:
        self.live = b""
        self.durable = b""
        self.lost = False
        """A sync failed: its pages count as clean, and no later sync saves them."""


class FakeDisk(Disk):
    """In memory. `fail[call]` is asked before a call: an errno to fail with, or 0."""

    def __init__(self, *directories: str) -> None:
        self.directories = set(directories)
        self.names: dict[str, Inode] = {}
        self.durable_names: dict[str, Inode] = {}
        self.pending: list[dict[str, Inode | None]] = []
        """Changes of names, not yet synced: inode by path, None for removed. Each is atomic."""
        self.open_files: dict[int, list[object]] = {}
        self.calls: list[tuple[str, str]] = []
        self.fail: dict[str, Callable[[], int]] = {}
        self.room: int | None = None
        """Bytes that still fit; None is without end."""
        self.before_call: Callable[[], object] = lambda: None
        """Called before each call that changes anything."""
        self._next_fd = 1000

    # the calls

    def open(self, path: str, flags: int) -> int:
        self._enter("open", path)
        inode = self.names.get(path)
        if inode is None:
            if not flags & os.O_CREAT:
                raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            inode = Inode()
            self._change({path: inode})
        if flags & os.O_TRUNC:
            inode.live = b""
            inode.lost = False  # the pages that were lost are no longer wanted
        self._next_fd += 1
        self.open_files[self._next_fd] = [path, inode, 0]
        return self._next_fd

    def close(self, fd: int) -> None:
        del self.open_files[fd]

    def read(self, fd: int, size: int) -> bytes:
        _, inode, at = self._file(fd)
        data = inode.live[at : at + size]
        self.open_files[fd][2] = at + len(data)
        return data

    def seek(self, fd: int, position: int) -> None:
        self.open_files[fd][2] = position

    def write(self, fd: int, data: bytes | memoryview) -> int:
        path, inode, _ = self._file(fd)
        self._enter("write", path)
        taken = len(data) if self.room is None else min(len(data), self.room)
        if not taken and len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        if self.room is not None:
            self.room -= taken
        inode.live += bytes(data[:taken])
        return taken

    def ftruncate(self, fd: int, size: int) -> None:
        path, inode, _ = self._file(fd)
        self._enter("ftruncate", path)
        inode.live = inode.live[:size]

    def fdatasync(self, fd: int) -> None:
        path, inode, _ = self._file(fd)
        try:
            self._enter("fdatasync", path)
        except OSError:
            inode.lost = True
            raise
        if not inode.lost:
            inode.durable = inode.live

    def fsync(self, fd: int) -> None:
        path, inode, _ = self._file(fd)
        self._enter("fsync", path)
        inode.durable = inode.live

    def rename(self, old: str, new: str) -> None:
        self._enter("rename", new)
        if old not in self.names:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), old)
        self._change({old: None, new: self.names[old]})

    def unlink(self, path: str) -> None:
        self._enter("unlink", path)
        self._change({path: None})

    def mkdir(self, path: str) -> None:
        self._enter("mkdir", path)
        self.directories.add(path)

    def fsync_directory(self, path: str) -> None:
        self._enter("fsync_directory", path)
        for change in list(self.pending):
            if any(os.path.dirname(name) == path for name in change):
                self.pending.remove(change)
                _apply(change, self.durable_names)

    def size(self, path: str) -> int:
        if path not in self.names:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return len(self.names[path].live)

    def exists(self, path: str) -> bool:
        return path in self.names or path in self.directories

    # the power cut

    def crash(self, seed: int | None = None) -> None:
        """Cut the power: with no seed only what was synced is left, else a bit more by chance."""
        chance = random.Random(seed)
        kept = 0 if seed is None else chance.randint(0, len(self.pending))
        for change in self.pending[:kept]:
            _apply(change, self.durable_names)
        self.pending.clear()
        self.open_files.clear()
        self.names = dict(self.durable_names)
        for inode in self.names.values():
            if seed is not None and inode.live.startswith(inode.durable):
                inode.durable = inode.live[: chance.randint(len(inode.durable), len(inode.live))]
            inode.live = inode.durable

    def after_crash(self, seed: int | None = None) -> FakeDisk:
        """A disk as this one would be if the power went now; this one goes on."""
        left = FakeDisk(*self.directories)
        twins: dict[int, Inode] = {}

        def twin(inode: Inode) -> Inode:
            if id(inode) not in twins:
                twins[id(inode)] = copy.copy(inode)
            return twins[id(inode)]

        left.names = {name: twin(inode) for name, inode in self.names.items()}
        left.durable_names = {name: twin(inode) for name, inode in self.durable_names.items()}
        left.pending = [
            {name: inode and twin(inode) for name, inode in change.items()}
            for change in self.pending
        ]
        left.crash(seed)
        return left

    def content(self, path: str) -> bytes:
        return self.names[path].live

    def put(self, path: str, data: bytes) -> None:
        """A file that has been there, safely, for long."""
        inode = Inode()
        inode.live = inode.durable = data
        self.names[path] = self.durable_names[path] = inode

    # the rest

    def _enter(self, call: str, path: str) -> None:
        self.before_call()
        self.calls.append((call, os.path.basename(path)))
        number = self.fail[call]() if call in self.fail else 0
        if number:
            raise OSError(number, os.strerror(number), path)

    def _file(self, fd: int) -> tuple[str, Inode, int]:
        path, inode, at = self.open_files[fd]
        assert isinstance(path, str) and isinstance(inode, Inode) and isinstance(at, int)
        return path, inode, at

    def _change(self, change: dict[str, Inode | None]) -> None:
        _apply(change, self.names)
        self.pending.append(change)


def _apply(change: dict[str, Inode | None], names: dict[str, Inode]) -> None:
    for name, inode in change.items():
        if inode is None:
            names.pop(name, None)
        else:
            names[name] = inode
