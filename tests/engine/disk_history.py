"""Random calls of a disk, and a plain account of what they promised.

The account is kept apart from the model that it judges: it copies whole files where the model keeps
offsets. Every file has bytes of its own, so that it is known again under whatever name.
"""

from __future__ import annotations

import contextlib
import os
import random
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.disk import ALTER, APPEND, REPLACE, Disk, write_all

NAMES = ("a", "b", "sub/a", "sub/c")
SIZES = (1, 100, 511, 512, 4000, 4096, 5000, 13000)
CALLS = (
    *("append",) * 6,
    *("replace",) * 2,
    *("sync",) * 4,
    *("rename",) * 2,
    *("unlink", "folder", "folder", "folder", "mkdir"),
)


class Call(NamedTuple):
    """One call: a name, a second name or a number."""

    call: str
    name: str = ""
    other: str = ""
    size: int = 0


def random_calls(seed: int, count: int, *, truncating: bool = False) -> list[Call]:
    """So many calls; some of them will find nothing to do."""
    chance = random.Random(seed)
    calls = [*CALLS, "truncate"] if truncating else list(CALLS)
    return [
        Call(
            chance.choice(calls),
            chance.choice(NAMES),
            chance.choice(NAMES),
            chance.choice(SIZES),
        )
        for _ in range(count)
    ]


@dataclass(eq=False)
class File:
    """One file's bytes."""

    number: int
    live: bytes = b""
    durable: bytes = b""
    states: list[bytes] = field(default_factory=lambda: [b""])
    """Every content that it ever had."""

    def bytes(self, size: int) -> bytes:
        """The next bytes to write: no zeros, and not those of another file, or of this before."""
        at, salt = len(self.live), self.number * 31 + len(self.states) * 57
        return bytes(1 + (salt + n * 7 + n // 250) % 255 for n in range(at, at + size))

    def now(self, live: bytes) -> None:
        self.live = live
        self.states.append(live)


Names = dict[str, File | None]
"""None is a folder."""


class Account:
    """Carries out calls on a disk and keeps account of what is durable, as POSIX promises it."""

    def __init__(self, disk: Disk, root: str) -> None:
        self.disk = disk
        self.root = root
        self.names: Names = {}
        self.durable: Names = {}
        self.pending: list[tuple[set[str], Names, set[str]]] = []
        """Changes of names: (all names, those that lead to something, those that are gone)."""
        self.histories: list[Names] = [{}]
        """The names after each change."""
        self._count = 0

    def path(self, name: str) -> str:
        return os.path.join(self.root, name) if name else self.root

    def run(self, calls: list[Call]) -> None:
        for call in calls:
            with contextlib.suppress(_NothingToDo):
                self.perform(call)

    def perform(self, call: Call) -> None:
        folder = os.path.dirname(call.name)
        if folder and folder not in self.names and call.call != "mkdir":
            raise _NothingToDo
        match call.call:
            case "append" | "replace":
                self._write(call, REPLACE if call.call == "replace" else APPEND)
            case "sync":
                file = self._file(call.name)
                fd = self.disk.open(self.path(call.name), APPEND)
                (self.disk.fsync if call.size % 2 else self.disk.fdatasync)(fd)
                self.disk.close(fd)
                file.durable = file.live
            case "truncate":
                file = self._file(call.name)
                fd = self.disk.open(self.path(call.name), ALTER)
                self.disk.ftruncate(fd, min(call.size, len(file.live)))
                self.disk.close(fd)
                file.now(file.live[: call.size])
            case "rename":
                self._rename(call)
            case "unlink":
                self._file(call.name)
                self.disk.unlink(self.path(call.name))
                self._change({}, {call.name})
            case "mkdir":
                if "sub" in self.names:
                    raise _NothingToDo
                self.disk.mkdir(self.path("sub"))
                self._change({"sub": None}, set())
            case "folder":
                self.disk.fsync_directory(self.path(folder))
                self._folder_synced(folder)

    def _write(self, call: Call, flags: int) -> None:
        file = self.names.get(call.name)
        if file is None:
            self._count += 1
            file = File(self._count)
            self._change({call.name: file}, set())
        elif flags == REPLACE:
            file.now(b"")
        fd = self.disk.open(self.path(call.name), flags)
        data = file.bytes(call.size)
        write_all(self.disk, fd, data)
        self.disk.close(fd)
        file.now(file.live + data)

    def _rename(self, call: Call) -> None:
        file = self._file(call.name)
        folder = os.path.dirname(call.other)
        if call.name == call.other or (folder and folder not in self.names):
            raise _NothingToDo
        self.disk.rename(self.path(call.name), self.path(call.other))
        self._change({call.other: file}, {call.name})

    def _file(self, name: str) -> File:
        file = self.names.get(name)
        if file is None:
            raise _NothingToDo
        return file

    def _change(self, new: Names, gone: set[str]) -> None:
        _apply(self.names, new, gone)
        self.pending.append(({*new, *gone}, new, gone))
        self.histories.append(dict(self.names))

    def _folder_synced(self, folder: str) -> None:
        """Its changes are durable, and those before them without which they make no sense."""
        while True:
            due = [n for n, (all_, _, _) in enumerate(self.pending) if _is_in(all_, folder)]
            if not due:
                return
            first = due[0]
            touched, needed = set(self.pending[first][0]), [first]
            for n in range(first - 1, -1, -1):
                if touched & self.pending[n][0]:
                    touched |= self.pending[n][0]
                    needed.insert(0, n)
            for n in needed:
                _apply(self.durable, *self.pending[n][1:])
            self.pending = [change for n, change in enumerate(self.pending) if n not in needed]

    def worst(self) -> dict[str, bytes]:
        """The files that a power cut leaves if it takes all that it may."""
        return {
            name: file.durable
            for name, file in self.durable.items()
            if file is not None and (not os.path.dirname(name) or "sub" in self.durable)
        }

    def allowed_names(self) -> list[Names]:
        """What names a power cut may leave: the durable ones, or after some more changes."""
        names, allowed = dict(self.durable), [dict(self.durable)]
        for _, new, gone in self.pending:
            _apply(names, new, gone)
            allowed.append(dict(names))
        return allowed


def complaint(account: Account, left: dict[str, bytes], *, worst: bool) -> str:
    """What is wrong with the files that a power cut has left; empty if they can be so."""
    if worst:
        for name in {*left, *account.worst()}:
            if left.get(name) != account.worst().get(name):
                return f"{name} is not what was durable"
        return ""
    reasons = [_disagreement(names, left) for names in account.allowed_names()]
    return "" if "" in reasons else reasons[0]


def _disagreement(names: Names, left: dict[str, bytes]) -> str:
    files = {
        name: file
        for name, file in names.items()
        if file is not None and (not os.path.dirname(name) or "sub" in names)
    }
    if set(files) != set(left):
        return f"{sorted(left)} are left, not {sorted(files)}"
    for name, file in files.items():
        data = left[name]
        if not any(_survives(data, state, file.durable) for state in file.states):
            return f"{name} has bytes that were never in it"
        if file.live.startswith(file.durable) and not data.startswith(file.durable):
            return f"{name} has lost what was synced"
    return ""


def _survives(data: bytes, state: bytes, durable: bytes) -> bool:
    """Whether all of `data` is of this content, of the durable one, or zero."""
    if len(data) > max(len(state), len(durable)):
        return False
    state, durable = state.ljust(len(data), b"\0"), durable.ljust(len(data), b"\0")
    return all(
        byte in (0, was, safe) for byte, was, safe in zip(data, state, durable, strict=False)
    )


def contents(root: str) -> dict[str, bytes]:
    """All files below `root` by name."""
    found = {}
    for folder, _, files in os.walk(root):
        for file in files:
            path = os.path.join(folder, file)
            with open(path, "rb") as opened:
                found[os.path.relpath(path, root)] = opened.read()
    return found


def _is_in(names: set[str], folder: str) -> bool:
    return any(os.path.dirname(name) == folder for name in names)


def _apply(names: Names, new: Names, gone: set[str]) -> None:
    for name in gone:
        names.pop(name, None)
    names.update(new)


class _NothingToDo(Exception):
    """The call makes no sense now."""
