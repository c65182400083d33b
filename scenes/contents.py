"""What a dump holds, added up: keys and whole numbers by the names' first part (`account:`).

The session reads a file the moment it is reported, before the next one takes its name, so that
screens, checks and recordings know what was in it when it is gone.
"""

from __future__ import annotations

import os

from engine.errors import EngineError
from engine.events import Contents
from engine.rdb_reader import read
from scenes.sayings import trouble

MOST_BYTES = 64 << 20
"""Of a larger file nothing is said: reading it would hold up the screen."""
_MOST_GROUPS = 16


def contents_of(path: str, name: str) -> Contents:
    """Read the dump at `path`, which the event calls `name`; problems are told in the event."""
    keys = 0
    groups: dict[str, tuple[int, int]] = {}
    try:
        if os.path.getsize(path) > MOST_BYTES:
            return Contents(path=name, keys=0, groups=[], problem=trouble("contents.too_large"))
        for _, key, value, *_ in read(path):
            keys += 1
            group = key.partition(b":")[0].decode("utf-8", "backslashreplace") + ":"
            if group in groups or len(groups) < _MOST_GROUPS:
                count, total = groups.get(group, (0, 0))
                groups[group] = (count + 1, total + _number(value))
    except OSError as error:
        return Contents(path=name, keys=keys, groups=[], problem=f"{name}: {error.strerror}")
    except EngineError as error:
        return Contents(path=name, keys=keys, groups=[], problem=str(error))
    found = [(group, count, total) for group, (count, total) in groups.items()]
    return Contents(path=name, keys=keys, groups=found)


def _number(value: object) -> int:
    """A value as a whole number; 0 for all others."""
    try:
        return int(value) if isinstance(value, bytes) else 0
    except ValueError:
        return 0
