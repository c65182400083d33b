"""The AOF's files as they lie in their folder right now: names, what each is for, sizes.

For those who watch a rewrite; the server itself never looks. What the manifest on the disk says is
what counts: a new base is `unlisted` until a manifest names it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from engine.aof_folder import AofFolder
from engine.events import AofFile, FileRole
from engine.manifest import ManifestError, parse_manifest
from engine.single_file import SingleFile

_ROLES: dict[str, FileRole] = {"b": "base", "h": "history", "i": "increment"}
_ORDER = ("manifest", "base", "history", "increment", "log", "temporary", "unlisted")
_TEMPORARY = "temp-rewriteaof-"


def listed(folder: AofFolder) -> list[AofFile]:
    """The files, the manifest first; one that goes while we look is left out."""
    files = list(_temporary(folder.directory))
    if isinstance(folder, SingleFile):
        files += _sized(folder.directory, {folder.prefix: "log"})
    else:
        files += _sized(folder.root, _roles(folder))
    return sorted(files, key=lambda file: (_ORDER.index(file.role), file.name))


def _roles(folder: AofFolder) -> dict[str, FileRole]:
    """File name -> what it is for, by the manifest that is on the disk."""
    names: dict[str, FileRole]
    try:
        names = dict.fromkeys(os.listdir(folder.root), "unlisted")
        with open(folder.manifest_path, "rb") as file:
            manifest = parse_manifest(file.read())
    except (OSError, ManifestError):
        return {}
    for one in (*manifest.files, *manifest.history):
        names[one.name] = _ROLES[one.type]
    names[os.path.basename(folder.manifest_path)] = "manifest"
    return names


def _temporary(directory: str) -> Iterator[AofFile]:
    """What children are writing, or have left."""
    names = [name for name in os.listdir(directory) if name.startswith(_TEMPORARY)]
    yield from _sized(directory, dict.fromkeys(names, "temporary"))


def _sized(directory: str, roles: dict[str, FileRole]) -> Iterator[AofFile]:
    for name, role in roles.items():
        with contextlib.suppress(OSError):
            size = os.stat(os.path.join(directory, name)).st_size
            yield AofFile(name=name, role=role, bytes=size)
