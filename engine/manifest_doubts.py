"""Manifests that can be read, but that no rewrite leaves behind: one damaged letter does.

To believe one would load a part of the database and then delete the rest as history. A rewrite
supersedes a base together with the increments over it, and names every file for what it is. Neither
Redis nor this engine writes anything else; Redis, unlike this engine, would go on.

What can't be told from a good one, for the moment between a rewrite's end and its cleaning up: an
old increment (type h) that became one to load (type i), and the only increment made history, which
is what a rewrite leaves while the AOF is off.
"""

from __future__ import annotations

import os
import re

from engine.inline import shown
from engine.manifest import Manifest, ManifestError, ManifestFile

_FORMAT = "Invalid AOF manifest file format"


def refuse(manifest: Manifest, prefix: str) -> None:
    """Raises ManifestError for a manifest that contradicts the names in it."""
    base_like = re.compile(re.escape(prefix) + r"\.\d+\.base\.(rdb|aof)").fullmatch
    increment_like = re.compile(re.escape(prefix) + r"\.\d+\.incr\.aof").fullmatch
    first = manifest.increments[0].seq if manifest.increments else 0
    superseded = any(not increment_like(file.name) for file in manifest.history)
    for file in manifest.history:
        if increment_like(file.name) and (not superseded or 0 < first <= file.seq):
            raise _error(file, "history (type h), but no base was superseded with it", "i")
        if not increment_like(file.name) and manifest.base is None:
            raise _error(file, "history (type h), but there is no other base", "b")
    listed: set[str] = set()
    for file in (*manifest.files, *manifest.history):
        if file.name in listed:
            raise ManifestError(_FORMAT, why=f"{shown(os.fsencode(file.name))} is listed twice")
        listed.add(file.name)
    for file in manifest.increments:
        if base_like(file.name):
            raise _error(file, "an increment (type i), but named as a base", "b")


def _error(file: ManifestFile, said: str, letter: str) -> ManifestError:
    name = shown(os.fsencode(file.name))
    return ManifestError(
        _FORMAT, why=f"{name} is called {said}; if it is part of the database, its type is {letter}"
    )
