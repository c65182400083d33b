"""The naive snapshot: walk the keys between commands, with no fork, and write each as it is then.

Nobody waits and nothing is copied, but no two keys in the file need be of the same moment: what
changes meanwhile is in it if its key had not been passed, and is not if it had. That is what a
lesson wants to show, so nothing here is done against it. A key that goes meanwhile is left out, one
that comes is never met. The file is a dump like any other, and no engine loads it by itself.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from itertools import islice

from engine import rdb_format
from engine.disk import REPLACE, Disk
from engine.errors import EngineError
from engine.events import PageRange, Walk, WalkStage
from engine.keyspace import Keyspace
from engine.lesson_child import ranges_of
from engine.rdb_writer import Dump, add_key

FILE = "walk.rdb"
TEMPORARY = "temp-walk-{pid}.rdb"
KEYS_A_TURN = 100
TURNS_A_SECOND = 100


class NaiveWalk:
    """One walk: `turn` is called again and again, with commands in between, until it has ended."""

    def __init__(
        self,
        keyspace: Keyspace,
        disk: Disk,
        directory: str,
        tell: Callable[[Walk], None],
        *,
        keys_a_turn: int = KEYS_A_TURN,
    ) -> None:
        """Open the file; raises EngineError."""
        self._keyspace = keyspace
        self._disk = disk
        self._directory = directory
        self._tell = tell
        self._keys_a_turn = keys_a_turn
        self._started = time.monotonic()
        self._dirty = keyspace.dirty
        self._total = len(keyspace)
        self._temporary = os.path.join(directory, TEMPORARY.format(pid=os.getpid()))
        self._selected = -1
        with self._failing():
            self._fd = disk.open(self._temporary, REPLACE)
            self._dump = Dump(disk, self._fd)
            aux = rdb_format.aux_fields(
                now=keyspace.now_ms() // 1000,
                used_memory=keyspace.arena.used_bytes,
                aof_base=False,
            )
            self._dump.add_opcode(rdb_format.header(aux))
        self._names = self._all_names()
        self._report("begun", [])

    def _all_names(self) -> Iterator[tuple[int, bytes]]:
        """The names that there are now: a dictionary that changes can't be walked."""
        databases = self._keyspace.databases
        return iter([(database.index, key) for database in databases for key in database.keys])

    def turn(self) -> bool:
        """Write the next keys as they are now; False when that was the last turn."""
        try:
            with self._failing():
                names = list(islice(self._names, self._keys_a_turn))
                pages = self._write(names)
                if names:
                    self._dump.flush()
                    self._report("progress", pages)
                    return True
                self._finish()
                return False
        except EngineError:
            self.give_up()
            self._report("given up", [])
            raise

    def _write(self, names: list[tuple[int, bytes]]) -> list[int]:
        """Add these keys, where they are still there; the pages that their records lie on."""
        pages: set[int] = set()
        for index, key in names:
            database = self._keyspace.databases[index]
            offset = database.keys.get(key)
            if offset is None:
                continue
            if index != self._selected:
                self._selected = index
                self._dump.add_opcode(rdb_format.select_database(index))
            pages.update(add_key(self._dump, self._keyspace.arena, offset))
        return sorted(pages)

    def _finish(self) -> None:
        """The same steps as for a real dump: sync, rename, sync the directory."""
        self._dump.finish()
        self._disk.fsync(self._fd)
        self._close()
        path = os.path.join(self._directory, FILE)
        self._disk.rename(self._temporary, path)
        self._disk.fsync_directory(self._directory)
        self._report("ended", [], path)

    def give_up(self) -> None:
        """Leave no file."""
        with contextlib.suppress(OSError):
            self._close()
        with contextlib.suppress(OSError):
            self._disk.unlink(self._temporary)

    def _close(self) -> None:
        fd, self._fd = self._fd, -1  # the number is soon another file's
        if fd >= 0:
            self._disk.close(fd)

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise EngineError(f"Can't write {self._temporary}: {error.strerror}") from error

    def _report(self, stage: WalkStage, pages: list[int], path: str = "") -> None:
        ranges: list[PageRange] = ranges_of(pages)
        self._tell(
            Walk(
                stage=stage,
                keys=self._dump.keys,
                total_keys=self._total,
                bytes=self._dump.bytes,
                changes=self._keyspace.dirty - self._dirty,
                page_ranges=ranges,
                path=path,
                usec=int((time.monotonic() - self._started) * 1_000_000),
            )
        )
