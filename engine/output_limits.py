"""client-output-buffer-limit: who asks and does not read is cut off, or has to wait.

What a client has not read yet is compared with the limits of its class: when replies are about to
be sent, when a command of a long pipeline has answered much, and by the cron.
A limit of 0 is none: then the rest of a pipeline waits until the peer reads, so that what one read
from the socket asks for can't fill the memory. Source: checkClientOutputBufferLimits() and
closeClientOnOutputBufferLimitReached() in networking.c (Redis 7.0.15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.client_line import described

if TYPE_CHECKING:
    from engine.client import Client
    from engine.composite_directives import OutputLimit
    from engine.server import Server

FREE = 16 << 10
"""Bytes that Redis has place for in the client itself, and does not count."""
LARGE = 1 << 10
"""Bytes of a reply from which on it is looked at before the turn's end: a single read from the
socket may ask for some 30,000."""
AT_ONCE = 16 << 20
"""Bytes of large replies that one turn collects for one client."""


def exceeded(client: Client, pending: int) -> bool:
    """Whether so many bytes for a client are too many, now or for too long."""
    now = client.server.turn_time
    limit = _limit(client)
    used = pending - FREE
    if limit.hard and used >= limit.hard:
        return True
    if not limit.soft or used < limit.soft:
        client.soft_since = 0.0
        return False
    if not client.soft_since:
        client.soft_since = now
    return now - client.soft_since > limit.seconds


def cut_off(client: Client, when: str = "scheduled to be closed ASAP") -> None:
    """Close a client at once; what it did not read is dropped."""
    line = described(client).decode()
    client.server.log("#", f"Client {line} {when} for overcoming of output buffer limits.")
    client.abort()


def check(server: Server) -> None:
    """The cron's part: those that were slow and still are."""
    for client in list(server.clients.values()):
        slow = client.behind or client.soft_since
        if slow and not client.closed and exceeded(client, client.unsent()):
            cut_off(client, "closed")


def _limit(client: Client) -> OutputLimit:
    limits = client.server.config.client_output_buffer_limit
    return limits.pubsub if client.channels or client.patterns else limits.normal
