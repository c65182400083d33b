"""Cuts bytes off the end of an AOF between two runs: the torn tail that a scene wants to load."""

from __future__ import annotations

import os
from pathlib import Path

from scenes.errors import SceneError
from scenes.sayings import trouble


def cut_off(folder: Path, dirname: str, file: str, count: int) -> None:
    """Make the AOF's last `file` so many bytes shorter; raises SceneError if it has not as many.

    It lies in `dirname` of the engine's folder (Redis 7), or in the folder itself (before).
    """
    places = (folder / dirname / file, folder / file)
    path = next((place for place in places if place.is_file()), None)
    size = path.stat().st_size if path else 0
    if path is None or size <= count:
        raise SceneError(
            trouble(
                "tearing.too_many_bytes", cut_bytes=str(count), file=str(file), file_bytes=str(size)
            )
        )
    os.truncate(path, size - count)
