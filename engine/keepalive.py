"""tcp-keepalive: the kernel asks a silent peer whether it is still there.

Source: anetKeepAlive() in anet.c (Redis 7.0.15), tcp(7).
"""

from __future__ import annotations

import socket

_PROBES = 3


def keep_alive(connection: socket.socket, seconds: int) -> None:
    """Probe after so many seconds of silence, three times within as many; 0: never."""
    if not seconds:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, seconds)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, seconds // _PROBES))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)
