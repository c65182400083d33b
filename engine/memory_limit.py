"""maxmemory: commands that may use more memory are refused while too much is used.

Nothing is ever evicted (maxmemory-policy noeviction is the only one), so that the answer is the
error OOM until something is deleted. What counts is used_memory, as INFO tells it: the arena's
slots and the dictionaries over it; buffers of the AOF and of clients are not in it.
Source: processCommand() in server.c, getMaxmemoryState() in evict.c, updateMaxmemory() in config.c
(Redis 7.0.15).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine import info
from engine.replies import OUT_OF_MEMORY, CommandError

if TYPE_CHECKING:
    from engine.commands.table import CommandSpec
    from engine.server import Server


def check(server: Server, run: Iterable[CommandSpec], *, queueing: bool) -> None:
    """Raises CommandError where one of the commands needs memory and there is none.

    What comes while a MULTI is open (`queueing`) may take memory whatever it is.
    """
    limit = server.config.maxmemory
    if not limit or server.loading:
        return
    if (queueing or any("denyoom" in spec.flags for spec in run)) and (
        info.used_memory(server) > limit
    ):
        raise CommandError(OUT_OF_MEMORY)


def warn_if_below(server: Server) -> None:
    """maxmemory was set: one line of the log where more than that is used already."""
    limit, used = server.config.maxmemory, info.used_memory(server)
    if limit and limit < used:
        server.log(
            "#",
            f"WARNING: the new maxmemory value set via CONFIG SET ({limit}) is smaller than the "
            f"current memory usage ({used}). This will result in key eviction and/or the "
            "inability to accept new write commands depending on the maxmemory-policy.",
        )
