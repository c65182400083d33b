"""serverCron: what the server does by itself, every 1000/hz milliseconds.

Source: Redis 7.0 server.c, serverCron and databasesCron.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from engine import admission, info, output_limits

if TYPE_CHECKING:
    from engine.server import Server

_EXPIRED_AT_ONCE = 500


def plan(server: Server) -> None:
    """Run it now and from then on."""
    server.loop.call_later(1 / server.config.hz, plan, server)  # first: nothing may end the cron
    server.turn_time = time.monotonic()
    admission.drop_idle(server)
    output_limits.check(server)
    _measure(server)
    _expire_some(server)
    server.persistence.cron()
    _check_parent(server)
    if server.observer is not None:
        server.observer.wants_flush()


def _measure(server: Server) -> None:
    stats = server.stats
    stats.look(server.turn_time)
    stats.memory_peak = max(stats.memory_peak, info.used_memory(server))


def _expire_some(server: Server) -> None:
    if not server.active_expire or server.pause.active:
        return
    started = time.perf_counter_ns()
    now = server.keyspace.now_ms()
    for database in server.keyspace.databases:
        if database.expires:
            due = [key for key, moment in database.expires.items() if moment <= now]
            for key in due[:_EXPIRED_AT_ONCE]:
                database.expire_if_due(key)
    server.stats.expire_nanoseconds += time.perf_counter_ns() - started


def _check_parent(server: Server) -> None:
    """An engine that belongs to a screen ends with it."""
    parent = server.config.cowscope_parent_pid
    if parent and os.getppid() != parent and not _alive(parent):
        server.log("#", f"The process {parent} that this engine belongs to is gone.")
        server.shutdown()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
