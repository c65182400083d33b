"""A browser that was tricked into speaking to this port: its first words cut the connection.

An HTTP request's `POST` and `Host:` lines would be read as inline commands, and its body as more of
them, which somebody else has written. Source: securityWarningCommand() in networking.c (7.0.15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.client import Client

_WORDS = frozenset({b"post", b"host:"})
LOG_EVERY = 60
"""Seconds within which one line of the log is enough."""


def is_http(name: bytes) -> bool:
    """Whether a request's first word is one of HTTP's."""
    return name.lower() in _WORDS


def cut_off(client: Client) -> None:
    """Close the connection at once: nothing that is due is sent, nothing that follows is read."""
    server = client.server
    now = server.unix_seconds()
    if now - server.attack_logged_at > LOG_EVERY:
        server.attack_logged_at = now
        server.log(
            "#",
            "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: "
            "commands to Redis. This is likely due to an attacker attempting to use Cross Protocol "
            "Scripting to compromise your Redis instance. Connection aborted.",
        )
    client.abort()
