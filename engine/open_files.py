"""maxclients and the files that a process may open: each connection takes one.

Source: adjustOpenFilesLimit() in server.c, updateMaxclients() in config.c (Redis 7.0.15).
"""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Callable

from engine.config import Change, Configuration
from engine.errors import ConfigError

RESERVED = 32
"""Files that are no clients: listeners, logs, dumps, pipes."""


def allow(clients: int) -> int:
    """Raise the limit of open files so that so many clients fit; how many do."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = clients + RESERVED
    if soft != resource.RLIM_INFINITY and soft < wanted:
        ceiling = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, ceiling), hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return clients if soft == resource.RLIM_INFINITY else min(clients, soft - RESERVED)


def adjust(config: Configuration, log: Callable[[str, str], None]) -> None:
    """At the start: as many clients as asked for or, with a line in the log, as can be."""
    config.on_change("maxclients", _changed)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    asked = config.maxclients
    fit = allow(asked)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if fit < asked:
        config.maxclients = max(1, fit)
        log(
            "#",
            f"You requested maxclients of {asked} requiring at least {asked + RESERVED} max file "
            "descriptors.",
        )
        log(
            "#",
            f"Current maximum open files is {limit}. maxclients has been reduced to "
            f"{config.maxclients} to compensate for low ulimit. If you need higher maxclients "
            "increase 'ulimit -n'.",
        )
    elif limit > before:
        log(
            "*",
            f"Increased maximum number of open files to {limit} "
            f"(it was originally set to {before}).",
        )


def _changed(change: Change) -> None:
    asked = int(change.new)
    fit = allow(asked)
    if fit < asked:
        raise ConfigError(
            "The operating system is not able to handle the specified number of clients, "
            f"try with {fit}"
        )
