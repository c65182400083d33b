"""What MONITOR shows of a command. Source: replicationFeedMonitors() in replication.c (7.0.15)."""

from __future__ import annotations

import time
from collections.abc import Sequence

from engine.burst import is_secret, printable


def monitor_line(db: int, address: str, argv: Sequence[bytes]) -> bytes:
    """One line: Unix time, database, client, quoted words; a password is never among them."""
    words = [word.encode() for word in printable(argv)] if is_secret(argv) else argv
    quoted = b" ".join(b'"%b"' % _escaped(word) for word in words)
    return b"+%.6f [%d %b] %b\r\n" % (time.time(), db, address.encode(), quoted)


def _escaped(word: bytes) -> bytes:
    return repr(word)[2:-1].replace('"', '\\"').replace("\\'", "'").encode()
