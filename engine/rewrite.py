"""The AOF's rewrite in Redis 7's multi-part way: which files are the database, and when.

Theory of operation
-------------------
A rewrite replaces the base and all increments by a new base, written by a forked child, while the
parent goes on appending. No moment may leave a manifest that does not lead to all data:

    1. the AOF goes on in a new, empty increment, which the manifest lists from now on
    2. fork: the child writes the data of this moment as a base. Everything later is in the new
       increment, everything earlier in the files before it
    3. the child's file takes its name in the folder; the manifest lists it as the base, the new
       increment behind it, and the rest as history
    4. the history is deleted in the background, and leaves the manifest

Until 3 is on the disk the old base and increments are what a restart loads, the new increment
last; from then on it is the new base and that increment. A child that fails leaves the increments
as they are: one more than before, and nothing lost.

Turning the AOF on is the same with an increment that is not listed: commands go to a temporary file
until the first base exists, for without a base they would be an AOF of nothing.

The machine does no I/O. It answers each input with steps to be done in order. A step that fails is
told with `failed`, which answers what is to be undone; what may come when stands in MOVES.
Unlike Redis, step 1 syncs the old increment before anything enters the new one: bytes of the new
could else reach the disk before the end of the old, and no prefix could be loaded any more.
Source: Redis 7.0.15, aof.c (rewriteAppendOnlyFileBackground, openNewIncrAofForAppend,
backgroundRewriteDoneHandler).
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from engine.aof_intentions import IllegalMoveError
from engine.manifest import Manifest, ManifestFile

IDLE, STARTING, CHILD, INSTALLING = "idle", "starting", "child", "installing"

MOVES: dict[str, frozenset[str]] = {
    # stage     what may come while the machine is in it
    IDLE: frozenset({"begin", "adopt"}),
    STARTING: frozenset({"forked", "failed"}),
    CHILD: frozenset({"child_ended"}),
    INSTALLING: frozenset({"finished", "failed"}),
}


class Create(msgspec.Struct, frozen=True):
    """Make an empty file of this name in the folder and sync the folder."""

    name: str


class Persist(msgspec.Struct, frozen=True):
    """Make this the folder's manifest, safely on the disk."""

    manifest: Manifest


class GoOnIn(msgspec.Struct, frozen=True):
    """Write and sync what the AOF has, then append to this file."""

    name: str


class Fork(msgspec.Struct, frozen=True):
    """Fork the child that writes the base. Answer with `forked`, later with `child_ended`."""


class Install(msgspec.Struct, frozen=True):
    """Give the child's finished file this name in the folder."""

    name: str


class Rename(msgspec.Struct, frozen=True):
    """Give the file that the AOF appends to, so far unlisted, its name in the manifest."""

    old: str
    new: str


class Remove(msgspec.Struct, frozen=True):
    """Delete these files of the folder, in the background where they are large."""

    names: tuple[str, ...]


class StopWriting(msgspec.Struct, frozen=True):
    """The AOF was about to be turned on, and is not."""


Step: TypeAlias = Create | Persist | GoOnIn | Fork | Install | Rename | Remove | StopWriting


class MultipartRewrite:
    """The machine for one folder."""

    def __init__(self, prefix: str, *, rdb_base: bool = True, collects: bool = True) -> None:
        self.prefix = prefix
        self.rdb_base = rdb_base
        """aof-use-rdb-preamble: the next base's format."""
        self.collects = collects
        """aof-disable-auto-gc no: history is deleted once it is superseded."""
        self.stage = IDLE
        self.manifest = Manifest()
        """What is on the disk."""
        self._created = ""
        self._unlisted = ""
        self._appending = False

    # Inputs

    def adopt(self, manifest: Manifest) -> None:
        """What the folder holds at the start."""
        self._enter("adopt")
        self.manifest = manifest

    def begin(self, *, appending: bool, turning_on: bool = False, free_seq: int = 0) -> list[Step]:
        """A rewrite is wanted. `free_seq` is a number for an increment that no file has.

        `appending`: the AOF is on. `turning_on`: it is to be on when the base is there.
        """
        self._enter("begin")
        self.stage = STARTING
        self._appending = appending or turning_on
        self._created = self._unlisted = ""
        if turning_on:
            self._unlisted = f"temp-{self.prefix}.incr"
            return [Create(self._unlisted), GoOnIn(self._unlisted), Fork()]
        if not appending:
            return [Fork()]
        manifest = self.manifest.with_increment(self.prefix, free_seq)
        self._created = manifest.increments[-1].name
        return [Create(self._created), Persist(manifest), GoOnIn(self._created), Fork()]

    def done(self, step: Step) -> None:
        """A step is done."""
        if isinstance(step, Persist):
            self.manifest = step.manifest
            self._created = ""

    def forked(self) -> None:
        """The child is at work."""
        self._enter("forked")
        self.stage = CHILD

    def failed(self) -> list[Step]:
        """A step could not be done, and nothing of it happened: what is to be undone."""
        self._enter("failed")
        self.stage = IDLE
        undo: list[Step] = []
        if self._unlisted:
            undo += StopWriting(), Remove((self._unlisted,))
        if self._created:
            undo.append(Remove((self._created,)))
        self._created = self._unlisted = ""
        return undo

    def child_failed(self) -> list[Step]:
        """The child has left no file: what is to be undone."""
        self._enter("child_ended")
        self.stage = INSTALLING
        return self.failed()

    def child_ended(self, *, base_seq: int = 0, free_seq: int = 0) -> list[Step]:
        """The child has left a finished file. The numbers are those that no file has."""
        self._enter("child_ended")
        self.stage = INSTALLING
        manifest = self.manifest
        steps: list[Step] = []
        if self._unlisted:
            manifest = manifest.with_increment(self.prefix, free_seq)
            steps.append(Rename(self._unlisted, manifest.increments[-1].name))
        manifest = manifest.with_base(self.prefix, base_seq, rdb=self.rdb_base)
        assert manifest.base is not None
        self._created = manifest.base.name
        behind = len(manifest.increments) - (1 if self._appending else 0)
        superseded = (
            ManifestFile(file.name, file.seq, "h") for file in manifest.increments[:behind]
        )
        current = Manifest(manifest.base, (), manifest.increments[behind:])
        history = (*manifest.history, *superseded)
        steps.insert(0, Install(manifest.base.name))
        steps.append(Persist(Manifest(current.base, history, current.increments)))
        if history and self.collects:
            steps += Remove(tuple(file.name for file in history)), Persist(current)
        return steps

    def finished(self) -> None:
        """All steps after the child's end are done."""
        self._enter("finished")
        self._unlisted = self._created = ""
        self.stage = IDLE

    # Inside

    def _enter(self, move: str) -> None:
        if move not in MOVES[self.stage]:
            raise IllegalMoveError(f"{move} while {self.stage}")
