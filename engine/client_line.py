"""A connection as CLIENT LIST and the log describe it: `name=value` pairs, in Redis' order.

Bytes of memory are those of what is kept; Redis' fixed buffers (`rbs`, `rbp`, `qbuf-free`) are not
here, and so they are 0. Source: catClientInfoString() in networking.c (Redis 7.0.15).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.client import Client


def kind_of(client: Client) -> str:
    """What CLIENT LIST and KILL call such a connection."""
    return "pubsub" if client.channels or client.patterns else "normal"


def _flags(client: Client) -> str:
    flags = ""
    if client.monitoring:
        flags += "O"
    if client.channels or client.patterns:
        flags += "P"
    if client.transaction is not None:
        flags += "x"
    if client.closing:
        flags += "c"
    if client.postponed or client.wait is not None:
        flags += "b"
    if client.no_evict:
        flags += "e"
    if client.no_touch:
        flags += "T"
    return flags or "N"


def described(client: Client) -> bytes:
    """One connection as `name=value` pairs, in Redis' order."""
    now = time.monotonic()
    queued = client.transaction.commands if client.transaction is not None else None
    multi = sum(len(word) for _, argv in queued or () for word in argv)
    unsent = client.unsent()
    due = sum(map(len, client.replies))
    held = client.framer.buffered
    connection = client.transport.get_extra_info("socket") if client.transport else None
    fields = {
        "id": client.id,
        "addr": client.address,
        "laddr": client.local_address,
        "fd": connection.fileno() if connection is not None else -1,
        "name": client.name,
        "age": int(now - client.created_at),
        "idle": max(0, int(now - client.active_at)),
        "flags": _flags(client),
        "db": client.db.index,
        "sub": len(client.channels),
        "psub": len(client.patterns),
        "ssub": 0,
        "multi": len(queued) if queued is not None else -1,
        "qbuf": held,
        "qbuf-free": 0,
        "argv-mem": 0,
        "multi-mem": multi,
        "rbs": 0,
        "rbp": 0,
        "obl": due,
        "oll": int(unsent > 0),
        "omem": unsent,
        "tot-mem": held + multi + due + unsent,
        "events": "rw" if unsent else "r",
        "cmd": client.last_command or "NULL",
        "user": "default",
        "redir": -1,
        "resp": client.resp,
        "lib-name": client.lib_name,
        "lib-ver": client.lib_version,
    }
    return " ".join(f"{key}={value}" for key, value in fields.items()).encode()
