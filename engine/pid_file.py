"""The file that tells service managers the engine's process id, where `pidfile` names one.

One that can't be written keeps nobody from starting, as in Redis.
Source: createPidFile(), finishShutdown() in server.c (Redis 7.0.15).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable


def write(path: str, log: Callable[[str, str], None]) -> None:
    """Write this process' id into the file, if there is a path at all."""
    if not path:
        return
    try:
        with open(path, "w", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")
    except OSError as error:
        log("#", f"Can't write the pid file {path}: {error.strerror}")


def remove(path: str, log: Callable[[str, str], None]) -> None:
    """The process ends."""
    if path:
        log("*", "Removing the pid file.")
        with contextlib.suppress(OSError):
            os.unlink(path)
