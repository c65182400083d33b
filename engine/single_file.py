"""The AOF as one file in `dir`, as Redis had it before 7.0 (`aof-rewrite-mode pipes`).

A file that begins with a dump (Redis 4 to 6 write such) loads, too.
"""

from __future__ import annotations

import os

from engine.aof_folder import AofFolder
from engine.disk import APPEND
from engine.errors import EngineError
from engine.manifest import Manifest, ManifestFile


class SingleFile(AofFolder):
    """A folder whose only file is called as the `appendfilename` says."""

    def enter(self) -> None:
        """Be in `dir`; raises EngineError where the AOF is in several files already."""
        if self._disk.exists(self.manifest_path):
            raise EngineError(
                f"aof-rewrite-mode pipes keeps the AOF in one file, but {self.manifest_path} says "
                "that here it is in several. Start with --aof-rewrite-mode multipart, or in "
                "another --dir."
            )

    def path(self, file: ManifestFile | str) -> str:
        """Of a file in `dir`."""
        return os.path.join(self.directory, file if isinstance(file, str) else file.name)

    @property
    def manifest_path(self) -> str:
        """Of the manifest that must not be there."""
        return os.path.join(self.directory, self.dirname, f"{self.prefix}.manifest")

    def read(self) -> Manifest:
        """The one file as an increment, if it is there; raises EngineError."""
        self.enter()
        if not self._disk.exists(self.path(self.prefix)):
            return Manifest()
        return Manifest(None, (), (ManifestFile(self.prefix, 1, "i"),))

    def migrate(self, manifest: Manifest) -> Manifest:
        """There is nothing to move."""
        return manifest

    def complete(self, manifest: Manifest) -> Manifest:
        """Make the file unless it is there; raises EngineError."""
        path = self.path(self.prefix)
        try:
            self._disk.close(self._disk.open(path, APPEND))
            if not manifest.files:
                self._disk.fsync_directory(self.directory)
        except OSError as err:
            raise EngineError(f"Can't open the append-only file {path}: {err.strerror}") from err
        return Manifest(None, (), (ManifestFile(self.prefix, 1, "i"),))
