"""Who may connect, and for how long: maxclients, protected mode, timeout.

Source: networking.c (Redis 7.0.15).
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from engine.replies import MAX_CLIENTS

if TYPE_CHECKING:
    from engine.client import Client
    from engine.server import Server

_PROTECTED = (
    "DENIED Redis is running in protected mode because protected mode is enabled and no password "
    "is set for the default user. In this mode connections are only accepted from the loopback "
    "interface. Set a password (requirepass), or turn protected-mode off, to be reached from "
    "elsewhere."
)


def refusal(server: Server, client: Client) -> str:
    """The error that turns a new connection away, or nothing."""
    if len(server.clients) >= server.config.maxclients:
        return MAX_CLIENTS
    return _PROTECTED if _is_protected(server, client) else ""


def drop_idle(server: Server) -> None:
    """Close the clients that have said nothing for longer than `timeout` seconds."""
    limit = server.config.timeout
    if not limit:
        return
    for client in list(server.clients.values()):
        idle = server.turn_time - client.active_at
        waits = client.channels or client.patterns or client.monitoring or client.postponed
        if idle > limit and not waits and client.wait is None:
            server.log("-", "Closing idle client")
            client.abort()


def _is_protected(server: Server, client: Client) -> bool:
    if not server.config.protected_mode or server.config.requirepass:
        return False
    transport = client.transport
    assert transport is not None
    connection = transport.get_extra_info("socket")
    if connection is not None and connection.family == socket.AF_UNIX:
        return False
    peer = client.address.rsplit(":", 1)[0]
    return not (peer.startswith("127.") or peer in {"[::1]", ""})
