"""What `COWSCOPE STATE` answers: everything a subscriber needs who was not there from the start."""

from __future__ import annotations

import os
import platform
import re
from time import monotonic
from typing import TYPE_CHECKING

from engine import __version__
from engine.events import PageRange, State
from engine.page_states import COPIED, NEW, PRIVATE, SHARED

if TYPE_CHECKING:
    from engine.server import Server

_MAX_PAGES_WITH_KEYS = 4096
_KEYS_A_PAGE = 3
_SHOWN_DIRECTIVES = (
    "appendonly",
    "appendfsync",
    "save",
    "rdb-key-save-delay",
    "arena-thp",
    "no-appendfsync-on-rewrite",
    "aof-load-truncated",
    "stop-writes-on-bgsave-error",
)


def ranges_of(states: bytes, wanted: bytes) -> list[PageRange]:
    """Runs of pages whose state byte is one of `wanted`."""
    pattern = re.compile(b"[" + re.escape(wanted) + b"]+")
    return [(match.start(), match.end() - 1) for match in pattern.finditer(states)]


def report(server: Server) -> State:
    """The state now, and the number of the last event that it already contains."""
    arena = server.keyspace.arena
    persistence = server.persistence
    snapshot = persistence.children.running
    tail = persistence.tail(monotonic())
    reading, states = persistence.read_pages()
    if server.observer is not None:
        server.observer.publisher.flush()  # the reading, too: the state contains it
    return State(
        seq=server.publisher.seq,
        last_seq=server.publisher.seq,
        last_command=server.noted,
        engine=server.config.cowscope_engine_name,
        run=server.config.cowscope_run,
        at=monotonic(),
        pid=os.getpid(),
        port=server.port,
        version=__version__,
        kernel=platform.release(),
        page_size=arena.page_size,
        arena_pages=arena.pages,
        high_water_page=arena.high_water,
        thp=server.config.arena_thp,
        config={name: server.config.get_one(name) for name in _SHOWN_DIRECTIVES},
        held_pages=ranges_of(states, bytes((PRIVATE, SHARED, COPIED, NEW))),
        page_keys=_page_keys(server),
        keys=len(server.keyspace),
        dirty=server.keyspace.dirty,
        lastsave=persistence.lastsave,
        shared_ranges=ranges_of(states, bytes((SHARED,))),
        copied_ranges=ranges_of(states, bytes((COPIED,))),
        new_ranges=ranges_of(states, bytes((NEW,))),
        child=snapshot.pid if snapshot else 0,
        child_purpose=persistence.children.purpose if snapshot else "",
        child_forked_at=snapshot.forked.at if snapshot else 0.0,
        fork_usec=snapshot.forked.usec if snapshot else 0,
        page_table_kb=reading.page_table_kb,
        written_ranges=persistence.children.written_ranges,
        child_keys=snapshot.keys if snapshot else 0,
        child_total_keys=snapshot.total_keys if snapshot else 0,
        child_bytes=snapshot.bytes if snapshot else 0,
        hold=persistence.children.hold_state,
        aof_enabled=persistence.aof.enabled,
        aof_file=tail.file,
        aof_policy=tail.policy,
        aof_appended=tail.appended,
        aof_written=tail.written,
        aof_fsynced=tail.fsynced,
        aof_next_fsync_at=tail.next_fsync_at,
        aof_has_disk=persistence.has_disk,
        aof_files=persistence.rewrites.files() if persistence.aof.enabled else [],
        disk_modelled=bool(server.config.cowscope_disk_ledger),
        faults={fault.kind: fault.value for fault in persistence.faults.present()},
        clock_scale=persistence.saves.clock.scale,
        fork_denied=persistence.lessons.denial.stands,
        recovery=persistence.recovery.last,
        log=server.logger.ring(),
    )


def _page_keys(server: Server) -> list[tuple[int, list[str], int]]:
    keyspace = server.keyspace
    found = []
    for page in range(min(keyspace.arena.high_water, _MAX_PAGES_WITH_KEYS)):
        keys, count = keyspace.keys_on_page(page, _KEYS_A_PAGE)
        if count:
            names = [key[:64].decode("utf-8", "backslashreplace") for key in keys]
            found.append((page, names, count))
    return found
