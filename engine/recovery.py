"""What an engine finds when it starts: the AOF or, with it off, the dump, and what a crash left.

Source: loadDataFromDisk() in server.c (Redis 7.0.15): with `appendonly yes` only the AOF counts.
"""

from __future__ import annotations

import os
import re
from time import monotonic, perf_counter_ns
from typing import TYPE_CHECKING

from engine import rdb_reader
from engine.aof_file import AppendOnlyFile
from engine.aof_folder import AofFolder
from engine.aof_loader import Loader
from engine.disk import Disk
from engine.errors import ArenaFullError, EngineError
from engine.events import Recovered
from engine.manifest import Manifest
from engine.rdb_writer import empty_base
from engine.replay import Replay
from engine.single_file import SingleFile

if TYPE_CHECKING:
    from engine.server import Server

_TEMPORARY = re.compile(r"temp-(?:walk-)?(\d+)\.rdb|temp-rewriteaof-(?:bg-)?(\d+)\.aof")
"""A dump, or an AOF's base, that process \1 or \2 was writing."""


class Recovery:
    """Loads one folder into the server's keyspace, and remembers what came of it."""

    def __init__(self, server: Server, disk: Disk, directory: str) -> None:
        self._server = server
        self._disk = disk
        self._directory = directory
        self.last: Recovered | None = None
        """What the last load found, None where there was nothing."""
        self.manifest = Manifest()
        """What the AOF's folder held at the start."""
        self.keys = 0
        self.expired = 0
        """Keys that the last load of a dump kept, and left out because their time had come."""

    def folder(self) -> AofFolder:
        """The AOF's folder, as the configuration names it."""
        config = self._server.config
        kind = SingleFile if config.aof_rewrite_mode == "pipes" else AofFolder
        return kind(
            self._disk,
            self._directory,
            self._server.log,
            dirname=config.appenddirname,
            prefix=config.appendfilename,
            empty_base=empty_base if config.aof_use_rdb_preamble else None,
        )

    def load_aof(self, aof: AppendOnlyFile) -> None:
        """Load the AOF's files, then go on at the end of the last one; raises EngineError."""
        folder = self.folder()
        manifest = folder.migrate(folder.read())
        replay = Replay(self._server)
        loader = Loader(
            self._disk,
            folder,
            self._server.log,
            replay.execute,
            is_command=replay.is_command,
            load_rdb=self._load_base,
            truncated_ok=self._server.config.aof_load_truncated,
        )
        result = loader.load(manifest)
        manifest = folder.complete(manifest)
        aof.open(folder, manifest, monotonic())
        self.manifest = manifest
        self._recovered(result.file, result.truncated_bytes, result.usec)
        self._server.keyspace.dirty = 0

    def _load_base(self, path: str) -> int:
        return self._load_rdb(path, keep_expired=True).bytes

    def _load_rdb(
        self, path: str, *, keep_expired: bool = False, replace: bool = False
    ) -> rdb_reader.LoadResult:
        config = self._server.config
        try:
            return rdb_reader.load(
                path,
                self._server.keyspace,
                disk=self._disk,
                keep_expired=keep_expired,
                replace=replace,
                verify_checksum=config.rdbchecksum,
                key_delay_usec=config.key_load_delay,
                limits=config,
                log=self._server.log,
            )
        except ArenaFullError as error:
            raise EngineError(
                f"Can't load {path}: {error.what}. Start with a larger --arena-pages."
            ) from error

    def read_manifest(self) -> None:
        """Know the AOF's files without loading them: it may be turned on, or rewritten while off.

        Raises EngineError for a manifest that is not to be trusted, as Redis refuses to start.
        """
        self.manifest = self.folder().read()

    def try_dump(self) -> None:
        """Read the whole dump and keep nothing of it; raises EngineError, if it is missing, too."""
        try:
            for _ in rdb_reader.read(self._dump(), self._disk):
                pass
        except OSError as error:
            raise self._unreadable(error) from error

    def load_dump(self, *, replace: bool = False) -> None:
        """Load the dump, if there is one; raises EngineError.

        With `replace` its keys take the place of those of the same name, else there may be none.
        """
        started = perf_counter_ns()
        path = self._dump()
        try:
            result = self._load_rdb(path, replace=replace)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unreadable(error) from error
        usec = (perf_counter_ns() - started) // 1000
        self.expired = result.expired
        self._server.log("*", f"DB loaded from disk: {usec / 1e6:.3f} seconds")
        self._recovered(os.path.basename(path), 0, usec)

    def _dump(self) -> str:
        return os.path.join(self._directory, self._server.config.dbfilename)

    def _unreadable(self, error: OSError) -> EngineError:
        return EngineError(
            f"Fatal error loading the DB: {self._dump()}: {error.strerror}. It must be a file that "
            "this user can read: restore it from a backup, or choose another --dbfilename."
        )

    def _recovered(self, file: str, truncated: int, usec: int) -> None:
        keys = len(self._server.keyspace)
        self.keys = keys
        self.last = Recovered(
            engine=self._server.config.cowscope_engine_name,
            run=self._server.config.cowscope_run,
            at=monotonic(),
            source_file=file,
            keys=keys,
            truncated_bytes=truncated,
            survived=keys,
            lost=0,
            usec=usec,
        )

    def clean_up(self, *, alone: bool = False) -> None:
        """Remove temporary files of engines that are gone: nobody will finish them.

        Those without a pid in their names only if this engine has the folder `alone`.
        """
        for name in os.listdir(self._directory):
            match = _TEMPORARY.fullmatch(name)
            if match and not _lives(match[1] or match[2]):
                self._disk.unlink(os.path.join(self._directory, name))
        if alone:
            self._clean_up_aof_folder()

    def _clean_up_aof_folder(self) -> None:
        """The same of the AOF's own folder: what a rename should have given its name.

        Other files that no manifest lists stay: they may be somebody's only copy.
        """
        folder = self.folder()
        if not self._disk.exists(folder.root):
            return
        unfinished = {f"temp-{folder.prefix}.manifest", f"temp-{folder.prefix}.incr"}
        for name in os.listdir(folder.root):
            match = _TEMPORARY.fullmatch(name)
            if name in unfinished or (match and not _lives(match[1] or match[2])):
                self._disk.unlink(os.path.join(folder.root, name))


def _lives(pid: str) -> bool:
    """Whether a process may still write: one that waits to be reaped (state Z) does not."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return not file.read().rpartition(b")")[2].startswith(b" Z")
    except OSError:
        return False
