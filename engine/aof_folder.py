"""The AOF's folder (appendonlydir): its manifest, and the files it begins with.

At the start of the server the order is: `read`, `migrate`, load the files, `complete`. Every
change of the manifest goes through a temporary file, so that a crash leaves the old or the new one.
Names that are not in the manifest are never overwritten: a new file takes the next free number.
Source: Redis 7.0.15, aof.c (aofUpgradePrepare, aofOpenIfNeededOnServerStart).
"""

from __future__ import annotations

import os
from collections.abc import Callable

from engine import manifest_doubts
from engine.disk import APPEND, Disk, read_all, replace_file
from engine.errors import EngineError
from engine.manifest import (
    Manifest,
    ManifestError,
    ManifestFile,
    format_manifest,
    parse_manifest,
)


class AofFolder:
    """Where the AOF's files are."""

    def __init__(
        self,
        disk: Disk,
        directory: str,
        log: Callable[[str, str], None],
        *,
        dirname: str = "appendonlydir",
        prefix: str = "appendonly.aof",
        empty_base: Callable[[], bytes] | None = None,
    ) -> None:
        """`directory` is the server's `dir`, `dirname` appenddirname, `prefix` appendfilename.

        `empty_base` makes the bytes of an RDB file without keys; None is aof-use-rdb-preamble no,
        for which an empty base is an empty file.
        """
        self.directory = directory
        self.dirname = dirname
        self.prefix = prefix
        self.root = os.path.join(directory, dirname)
        self._disk = disk
        self._log = log
        self._empty_base = empty_base

    def path(self, file: ManifestFile | str) -> str:
        """Of a file in the folder."""
        return os.path.join(self.root, file if isinstance(file, str) else file.name)

    @property
    def manifest_path(self) -> str:
        return self.path(f"{self.prefix}.manifest")

    def read(self) -> Manifest:
        """What the folder holds; an empty manifest where there is no folder or no manifest yet.

        Raises EngineError for one that cannot be read or trusted.
        """
        try:
            data = read_all(self._disk, self.manifest_path)
        except FileNotFoundError:
            return Manifest()
        except OSError as err:
            raise EngineError(
                f"Fatal error: can't open the AOF manifest file {self.manifest_path} "
                f"for reading: {err.strerror}. It must be a file that this user can read."
            ) from err
        try:
            manifest = parse_manifest(data)
            manifest_doubts.refuse(manifest, self.prefix)
        except ManifestError as err:
            for line in err.log_lines:
                self._log("#", line)
            raise err.of(self.manifest_path) from err
        return manifest

    def persist(self, manifest: Manifest) -> None:
        """Make `manifest` the folder's, safely on the disk; raises EngineError."""
        temporary = self.path(f"temp-{self.prefix}.manifest")
        try:
            replace_file(self._disk, self.manifest_path, temporary, format_manifest(manifest))
        except OSError as err:
            raise EngineError(
                f"Can't write the AOF manifest file {self.manifest_path}: {err.strerror}; "
                "the AOF stays as it was"
            ) from err

    def migrate(self, manifest: Manifest) -> Manifest:
        """Take over the single file that Redis before 7.0 kept in `dir`, as the base.

        1. make the folder   2. persist a manifest that names the file   3. move the file. A crash
        between 2 and 3 is seen at the next start: the base is listed, missing, and still outside.
        """
        outside = os.path.join(self.directory, self.prefix)
        base = ManifestFile(self.prefix, 1, "b")
        begun = manifest == Manifest(base) and not self._disk.exists(self.path(base))
        if not self._disk.exists(outside) or not (begun or not manifest.files):
            return manifest
        self.make()
        manifest = Manifest(base)
        self.persist(manifest)
        try:
            self._disk.rename(outside, self.path(base))
            self._disk.fsync_directory(self.root)
            self._disk.fsync_directory(self.directory)
        except OSError as err:
            raise EngineError(
                f"Error trying to move the old AOF file {self.prefix} into dir {self.dirname}: "
                f"{err.strerror}"
            ) from err
        self._log(
            "*",
            f"Successfully migrated an old-style AOF file ({self.prefix}) into the AOF "
            f"directory ({self.dirname}).",
        )
        return manifest

    def complete(self, manifest: Manifest) -> Manifest:
        """Add what is missing to write on: an increment, and in an empty folder a base.

        Raises EngineError when the folder cannot be written.
        """
        self.make()
        before = manifest
        if not manifest.files:
            manifest = self._with_empty_base(manifest)
        if not manifest.increments:
            manifest = manifest.with_increment(
                self.prefix, self._free_seq(manifest, f"{self.prefix}.%d.incr.aof")
            )
        name = manifest.increments[-1].name
        try:
            self._disk.close(self._disk.open(self.path(name), APPEND))
        except OSError as err:
            raise EngineError(
                f"Can't open the append-only file {self.path(name)}: {err.strerror}"
            ) from err
        if manifest != before:
            self.persist(manifest)
        verb = "Opening" if before.increments else "Creating"
        self._log("*", f"{verb} AOF incr file {name} on server start")
        return manifest

    def free_increment(self, manifest: Manifest) -> int:
        """A number for the next increment that no file has."""
        first = manifest.increments[-1].seq + 1 if manifest.increments else 1
        return self._free_seq(manifest, f"{self.prefix}.%d.incr.aof", first)

    def free_base(self, manifest: Manifest, *, rdb: bool) -> int:
        """A number for the next base that no file has."""
        first = manifest.base.seq + 1 if manifest.base else 1
        return self._free_seq(manifest, f"{self.prefix}.%d.base.{'rdb' if rdb else 'aof'}", first)

    def _with_empty_base(self, manifest: Manifest) -> Manifest:
        rdb = self._empty_base is not None
        pattern = f"{self.prefix}.%d.base.{'rdb' if rdb else 'aof'}"
        manifest = manifest.with_base(self.prefix, self._free_seq(manifest, pattern), rdb=rdb)
        assert manifest.base is not None
        name = manifest.base.name
        data = self._empty_base() if self._empty_base is not None else b""
        temporary = self.path(f"temp-rewriteaof-{os.getpid()}.aof")
        try:
            replace_file(self._disk, self.path(name), temporary, data)
        except OSError as err:
            raise EngineError(
                f"Can't write the AOF base file {self.path(name)}: {err.strerror}"
            ) from err
        self._log("*", f"Creating AOF base file {name} on server start")
        return manifest

    def _free_seq(self, manifest: Manifest, pattern: str, first: int = 1) -> int:
        listed = {file.name for file in manifest.history}
        seq = first
        while (name := pattern % seq) in listed or self._disk.exists(self.path(name)):
            if name not in listed:
                self._log(
                    "#",
                    f"{self.path(name)} is not in the manifest: it is neither loaded nor "
                    "overwritten. To have it loaded, stop the server and restore the manifest.",
                )
            seq += 1
        return seq

    def make(self) -> None:
        """Make the folder unless it is there; raises EngineError."""
        if self._disk.exists(self.root):
            return
        try:
            self._disk.mkdir(self.root)
            self._disk.fsync_directory(self.directory)
        except OSError as err:
            raise EngineError(
                f"Can't open or create append-only dir {self.root}: {err.strerror}"
            ) from err
