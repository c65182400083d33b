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
until the first base exists, for without a base they would be an AOF of nothing. It is synced before
it is listed: from then on all that was executed is safe.

The machine does no I/O. It answers each input with steps to be done in order; each is reported with
`done`, or with `failed`, which answers what is to be undone. What may come when stands in MOVES.
A step that failed may have happened all the same: the manifest is in place, say, but its directory
could not be synced. So the old manifest is persisted again before a file that the new one names is
removed; where that fails, too, the file stays.

Unlike Redis, step 1 syncs the old increment before anything enters the new one: bytes of the new
could else reach the disk before the end of the old, and no prefix could be loaded any more.
Source: Redis 7.0.15, aof.c (rewriteAppendOnlyFileBackground, openNewIncrAofForAppend,
backgroundRewriteDoneHandler, aofDelHistoryFiles).
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from engine.aof_intentions import IllegalMoveError
from engine.manifest import Manifest, ManifestFile

IDLE, STARTING, CHILD, INSTALLING = "idle", "starting", "child", "installing"

MOVES: dict[str, frozenset[str]] = {
    # stage     what may come while the machine is in it
    IDLE: frozenset({"adopt", "begin", "collect"}),
    STARTING: frozenset({"done", "failed"}),  # Fork being done, the child is at work
    CHILD: frozenset({"child_failed", "child_ended"}),
    INSTALLING: frozenset({"done", "failed", "finished"}),
}


class Settle(msgspec.Struct, frozen=True):
    """Write and sync all that the AOF has."""


class Create(msgspec.Struct, frozen=True):
    """Make an empty file of this name in the folder, sync the folder, and keep the file open."""

    name: str


class Persist(msgspec.Struct, frozen=True):
    """Make this the folder's manifest, safely on the disk; one without files is no manifest."""

    manifest: Manifest


class GoOnIn(msgspec.Struct, frozen=True):
    """Append to this file, which was created, from now on. Nothing of this can fail."""

    name: str


class Fork(msgspec.Struct, frozen=True):
    """Fork the child that writes the base. Later comes `child_ended` or
    `child_failed`."""


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
    """Close the unlisted file: the AOF was about to be turned on, and is not yet."""


Step: TypeAlias = (
    Settle | Create | Persist | GoOnIn | Fork | Install | Rename | Remove | StopWriting
)


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
        self.turning_on = False
        """The rewrite under way (or the last) makes the first base of an AOF that begins."""
        self._appending = False
        self._unlisted = ""  # what the AOF appends to while it has no base
        self._made: tuple[str, ...] = ()  # files of this rewrite that no manifest names

    # Inputs

    def adopt(self, manifest: Manifest) -> None:
        """What the folder holds."""
        self._enter("adopt")
        self.manifest = manifest

    def begin(self, *, appending: bool, turning_on: bool = False, free_seq: int = 0) -> list[Step]:
        """A rewrite is wanted. `free_seq` is a number for an increment that no file has.

        `appending`: the AOF is on. `turning_on`: it is to be on when the base is there.
        """
        self._enter("begin")
        self.stage = STARTING
        self.turning_on = turning_on
        self._appending = appending or turning_on
        self._made, self._unlisted = (), ""
        if turning_on:
            temporary = f"temp-{self.prefix}.incr"
            return [Create(temporary), GoOnIn(temporary), Fork()]
        if not appending:
            return [Fork()]
        manifest = self.manifest.with_increment(self.prefix, free_seq)
        name = manifest.increments[-1].name
        return [Settle(), Create(name), Persist(manifest), GoOnIn(name), Fork()]

    def done(self, step: Step) -> None:
        """This step is done."""
        self._enter("done")
        match step:
            case Create(name) | Install(name):
                self._made += (name,)
            case GoOnIn(name) if self.turning_on:
                self._unlisted = name
            case Rename(old, new):
                self._made = (*(name for name in self._made if name != old), new)
            case Persist(manifest):
                self.manifest = manifest
                self._made = ()
            case Fork():
                self.stage = CHILD

    def failed(self, step: Step) -> list[Step]:
        """This step could not be done, or not to its end: what is to be undone, while it can be."""
        self._enter("failed")
        self.stage = IDLE
        match step:
            case Create(name) | Install(name):
                self._made += (name,)
            case Rename(_, new):
                self._made += (new,)
        undo: list[Step] = [StopWriting()] if self._unlisted else []
        if isinstance(step, Persist):
            undo.append(Persist(self.manifest))
        if self._made:
            undo.append(Remove(self._made))
        return undo

    def child_failed(self) -> list[Step]:
        """The child has left no file: what is to be undone."""
        self._enter("child_failed")
        self.stage = IDLE
        return [StopWriting(), Remove(self._made)] if self._unlisted else []

    def child_ended(self, *, base_seq: int = 0, free_seq: int = 0) -> list[Step]:
        """The child has left a finished file. The numbers are those that no file has."""
        self._enter("child_ended")
        self.stage = INSTALLING
        manifest = self.manifest.with_base(self.prefix, base_seq, rdb=self.rdb_base)
        assert manifest.base is not None
        steps: list[Step] = [Install(manifest.base.name)]
        if self._unlisted:
            manifest = manifest.with_increment(self.prefix, free_seq)
            steps += Settle(), Rename(self._unlisted, manifest.increments[-1].name)
        return [*steps, Persist(self._superseding(manifest))]

    def finished(self) -> None:
        """All steps after the child's end are done."""
        self._enter("finished")
        self.stage = IDLE

    def collect(self) -> list[Step]:
        """What rids the folder of its history. A step that fails spoils nothing: leave the rest."""
        self._enter("collect")
        history = self.manifest.history
        if not history or not self.collects:
            return []
        current = Manifest(self.manifest.base, (), self.manifest.increments)
        return [Remove(tuple(file.name for file in history)), Persist(current)]

    def collected(self) -> None:
        """The steps of `collect` are done."""
        self._enter("collect")
        self.manifest = Manifest(self.manifest.base, (), self.manifest.increments)

    # Inside

    def _superseding(self, manifest: Manifest) -> Manifest:
        """All increments but the one that the AOF appends to become history, the last first."""
        behind = len(manifest.increments) - (1 if self._appending else 0)
        history = [ManifestFile(file.name, file.seq, "h") for file in manifest.increments[:behind]]
        return Manifest(
            manifest.base, (*history[::-1], *manifest.history), manifest.increments[behind:]
        )

    def _enter(self, move: str) -> None:
        if move not in MOVES[self.stage]:
            raise IllegalMoveError(f"{move} while {self.stage}")
