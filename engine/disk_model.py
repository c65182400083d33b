"""What a disk has durable, told by the calls that were made: the model behind a power cut.

Theory of operation
-------------------
POSIX makes two things durable, each by its own call:

    a file's bytes   by a completed fsync or fdatasync of it: those it had when the call *began*
    a name           by a completed fsync of its folder: creations, renames and removals that were
                     *done* when the call began, each of them whole or not at all

The model keeps both twice, as processes see them now and as they are durable, and applies the
ledger's lines (`ledger_records`) to them. Nothing here touches a file.

`after_cut(None)` is the worst case: nothing is left but what is durable. A rename that was not
synced is undone, a removal too, an unsynced truncation as well. A file whose name is not durable
is gone, **even if it was fsynced**: POSIX does not promise its name. ext4 does more: an fsync that
needs a journal commit takes every change of names before it along. So the worst case never keeps
what ext4 loses, and it keeps every byte that a completed fsync covered under a durable name.

`after_cut(seed)` lets some of the rest survive, as disks do: of the changes of names that are not
durable the first so many (a journal keeps their order); of a file's unsynced bytes any of its
pages of 4 KiB, in whatever order, with holes of zeros between them; of the last of these perhaps
only some sectors of 512 bytes, the last one torn.

A failed fsync: the kernel has marked the pages clean, so a later success says nothing about them
(fsync(2), "fsyncgate" 2018). They are *doubted* until they are written again; the files here grow
at their ends, so that is true of the last page alone, once the file has grown. In the worst case a
doubted page becomes a hole.

An inode that the ledger has not heard of before was there before it: it counts as durable, with the
size and the name that it has. What others than the engine do to the folder is not modelled.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from engine.file_extents import PAGE, Content, live
from engine.ledger_records import (
    AnyRecord,
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
from engine.partial_survival import partly


@dataclass(eq=False, slots=True)
class Inode:
    """A file, whatever its name; `number` 0 is a folder."""

    number: int = 0
    durable: Content = field(default_factory=Content)
    doubted: list[tuple[int, int]] = field(default_factory=list)
    """Ranges that a failed fsync was for, and that nobody has written again."""
    synced: int = 0
    """Which fsync made it durable: one that began earlier and ends later adds nothing."""


FOLDER = Inode()


@dataclass(eq=False, frozen=True, slots=True)
class Change:
    """Names that change in one step: the inode that each then leads to, None for removed."""

    names: dict[str, Inode | None]

    def apply(self, to: dict[str, Inode]) -> None:
        for name, inode in self.names.items():
            if inode is None:
                to.pop(name, None)
            else:
                to[name] = inode


@dataclass(frozen=True, slots=True)
class _Sync:
    inode: Inode
    order: int
    content: Content


@dataclass(frozen=True, slots=True)
class _FolderSync:
    path: str
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class Left:
    """A file after the cut."""

    inode: Inode
    content: Content


@dataclass(frozen=True, slots=True)
class AfterCut:
    """All that is left of what the ledger knows."""

    files: dict[str, Left]
    folders: set[str]


class DiskModel:
    """Two views of a folder: as it is, and as the disk has it."""

    def __init__(self, records: Iterable[AnyRecord] = ()) -> None:
        self.names: dict[str, Inode] = {}
        """As every process sees them."""
        self.durable_names: dict[str, Inode] = {}
        self.paths: set[str] = set()
        """Every name that the ledger has ever mentioned."""
        self._inodes: dict[int, Inode] = {}
        self._pending: list[Change] = []
        self._begun: dict[str, Change | _Sync | _FolderSync] = {}
        self._made: set[str] = set()
        """Folders that are not from before: durable only if they are among the durable names."""
        self._syncs = 0
        for record in records:
            self.apply(record)

    def apply(self, record: AnyRecord) -> None:
        """Take note of the next line; raises LedgerError for one that cannot follow."""
        match record:
            case Ledger():
                pass
            case Creating():
                self.paths.add(record.path)
            case Opened(token=""):
                self._known(record.inode, record.size, record.path)
            case Opened():  # the number may be that of an inode that is no more
                inode = self._inodes[record.inode] = Inode(record.inode)
                self._changed(Change({record.path: inode}))
            case Cutting():
                self._cut(self._inode(record.inode), record)
            case Syncing():
                self._sync_begins(self._inode(record.inode), record)
            case Renaming():
                moved = self._known(record.inode, record.size, record.old)
                if record.replaced:
                    self._known(record.replaced, record.replaced_size, record.new)
                self._begins(record.token, Change({record.old: None, record.new: moved}))
            case Unlinking():
                self._known(record.inode, record.size, record.path)
                self._begins(record.token, Change({record.path: None}))
            case MakingFolder():
                self._made.add(record.path)
                self._begins(record.token, Change({record.path: FOLDER}))
            case SyncingFolder():
                self._begun[record.token] = _FolderSync(record.path, list(self._pending))
            case Done():
                self._done(self._begun.pop(record.token, None), record.token)
            case Failed():
                self._failed(self._begun.pop(record.token, None))

    def after_cut(self, seed: int | None, size: Callable[[int], int]) -> AfterCut:
        """What a power cut would leave now; `size` answers how long inode n's file is."""
        names = dict(self.durable_names)
        if seed is None:
            return self._visible(names, lambda inode: inode.durable)
        chance = random.Random(seed)
        begun = [change for change in self._begun.values() if isinstance(change, Change)]
        changes = self._pending + begun
        for change in changes[: chance.randint(0, len(changes))]:
            change.apply(names)
        return self._visible(names, lambda inode: partly(inode.durable, size(inode.number), chance))

    # names

    def _known(self, number: int, size: int, path: str) -> Inode:
        """The inode; one from before the ledger, or put there by others, is durable."""
        self.paths.add(path)
        inode = self._inodes.get(number)
        if inode is None or not self._has_name(inode):  # a number may be another file's by now
            inode = self._inodes[number] = Inode(number, live(size))
        if self.names.get(path) is not inode:
            self.names[path] = self.durable_names[path] = inode
        return inode

    def _has_name(self, inode: Inode) -> bool:
        return any(inode in names.values() for names in (self.names, self.durable_names))

    def _inode(self, number: int) -> Inode:
        if number not in self._inodes:
            raise LedgerError(
                f"the ledger speaks of inode {number}, which was never opened: begin a new one"
            )
        return self._inodes[number]

    def _begins(self, token: str, change: Change) -> None:
        self.paths.update(change.names)
        self._begun[token] = change

    def _changed(self, change: Change) -> None:
        self.paths.update(change.names)
        change.apply(self.names)
        self._pending.append(change)

    def _folder_synced(self, sync: _FolderSync) -> None:
        for change in sync.changes:
            if change in self._pending and any(
                os.path.dirname(name) == sync.path for name in change.names
            ):
                for needed in self._with_what_it_needs(change):
                    self._pending.remove(needed)
                    needed.apply(self.durable_names)

    def _with_what_it_needs(self, change: Change) -> Iterator[Change]:
        """The change behind those before it that are about the same names."""
        place = self._pending.index(change)
        names = set(change.names)
        needed = [change]
        for before in reversed(self._pending[:place]):
            if not names.isdisjoint(before.names):
                names |= set(before.names)
                needed.append(before)
        return reversed(needed)

    def _visible(self, names: dict[str, Inode], content: Callable[[Inode], Content]) -> AfterCut:
        """What can be reached: a folder that is gone takes along what is in it."""
        reached = {
            path: inode
            for path, inode in sorted(names.items())
            if all(folder in names for folder in _above(path) if folder in self._made)
        }
        return AfterCut(
            {
                path: Left(inode, content(inode))
                for path, inode in reached.items()
                if inode is not FOLDER
            },
            {path for path, inode in reached.items() if inode is FOLDER},
        )

    # bytes

    def _cut(self, inode: Inode, cut: Cutting) -> None:
        inode.durable = inode.durable.kept(cut.size, cut.kept)
        inode.doubted = [(a, min(b, cut.size)) for a, b in inode.doubted if a < cut.size]
        for token, sync in self._begun.items():
            if isinstance(sync, _Sync) and sync.inode is inode:
                content = sync.content.kept(cut.size, cut.kept)
                self._begun[token] = _Sync(inode, sync.order, content)

    def _sync_begins(self, inode: Inode, record: Syncing) -> None:
        written_again = ((a, b // PAGE * PAGE if record.size > b else b) for a, b in inode.doubted)
        inode.doubted = [(a, b) for a, b in written_again if a < b]
        self._syncs += 1
        self._begun[record.token] = _Sync(inode, self._syncs, live(record.size))

    def _synced(self, sync: _Sync) -> None:
        inode = sync.inode
        if sync.order < inode.synced:
            return
        inode.synced = sync.order
        content = sync.content
        for start, end in inode.doubted:
            content = content.without(start, end)
        inode.durable = content

    def _sync_failed(self, sync: _Sync) -> None:
        missing = sync.inode.durable.missing_of(sync.content.size)
        sync.inode.doubted = sorted({*sync.inode.doubted, *missing})

    # ends

    def _done(self, begun: Change | _Sync | _FolderSync | None, token: str) -> None:
        match begun:
            case Change():
                self._changed(begun)
            case _Sync():
                self._synced(begun)
            case _FolderSync():
                self._folder_synced(begun)
            case None:
                raise LedgerError(f"the ledger ends {token}, which has not begun: begin a new one")

    def _failed(self, begun: Change | _Sync | _FolderSync | None) -> None:
        if isinstance(begun, _Sync):
            self._sync_failed(begun)


def _above(path: str) -> Iterator[str]:
    """The folders that the path leads through, below `dir`."""
    while path := os.path.dirname(path):
        yield path
