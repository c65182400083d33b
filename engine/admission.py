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
    "interface. If you want to connect from external computers to Redis you may adopt one of the "
    "following solutions: 1) Just disable protected mode sending the command 'CONFIG SET "
    "protected-mode no' from the loopback interface by connecting to Redis from the same host the "
    "server is running, however MAKE SURE Redis is not publicly accessible from internet if you do "
    "so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable "
    "the protected mode by editing the Redis configuration file, and setting the protected mode "
    "option to 'no', and then restarting the server. 3) If you started the server manually just "
    "for testing, restart it with the '--protected-mode no' option. 4) Setup a an authentication "
    "password for the default user. NOTE: You only need to do one of the above things in order for "
    "the server to start accepting connections from the outside."
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
