"""The repair that a teacher would do by hand: cut a damaged tail off the AOF.

ext4 may update a file's size before the bytes of its last block are on the disk: after a power cut
the AOF then ends in zeros. Redis and the engine load a tail that is cut short, but refuse one with
foreign bytes in it, and tell to use redis-check-aof --fix. This does the same, and the lab counts
that it was needed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from engine.aof_format import FormatError, parse_strict
from scenes.lab import aof_bytes

_TOLD = re.compile(r"(\S+\.aof) at offset (\d+): ")
_OURS = frozenset({b"SELECT", b"SET", b"RPUSH", b"MULTI", b"EXEC"})


def cut_off_damage(folder: Path, said: str) -> int:
    """Cut the last file where the damage begins; how many bytes, 0 if nothing was found to cut.

    `said` is the log of the server that refused the file: the engine names the offset there.
    """
    path = aof_bytes.last_file(folder)
    if path is None:
        return 0
    told = _TOLD.findall(said)
    if told and os.path.basename(told[-1][0]) == path.name:
        offset = int(told[-1][1])
    else:
        offset = sound_bytes(path.read_bytes())
    size = path.stat().st_size
    if offset >= size:
        return 0
    with open(path, "r+b") as file:
        file.truncate(offset)
        os.fsync(file.fileno())
    return size - offset


def sound_bytes(data: bytes) -> int:
    """How many of these bytes are whole commands that this lab may have sent."""
    sound = 0
    try:
        for argv, _, end in parse_strict(data):
            if argv[0].upper() not in _OURS:
                return sound
            sound = end
    except FormatError:
        pass
    return sound
