"""What MONITOR shows of a command. Source: call() in server.c, replication.c (Redis 7.0.15)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.redaction import redacted

if TYPE_CHECKING:
    from engine.commands.table import CommandSpec

_NAMED = {7: b"\\a", 8: b"\\b", 9: b"\\t", 10: b"\\n", 13: b"\\r", 34: b'\\"', 92: b"\\\\"}
_ESCAPED = [
    _NAMED.get(byte, bytes([byte]) if 32 <= byte < 127 else b"\\x%02x" % byte)
    for byte in range(256)
]
"""A byte as sdscatrepr() writes it."""


def is_shown(spec: CommandSpec, argv: Sequence[bytes]) -> bool:
    """Whether MONITOR tells of a command: not of an administrator's, nor of one that is none."""
    if spec.subcommands and len(argv) > 1:
        found = spec.subcommands.get(argv[1].lower())
        return found is not None and found.accepts(len(argv)) and not found.is_admin
    return not spec.is_admin


def monitor_line(db: int, address: str, argv: Sequence[bytes]) -> bytes:
    """One line: Unix time, database, client, quoted words; a password is never among them."""
    quoted = b" ".join(b'"%b"' % _escaped(word) for word in redacted(argv))
    return b"+%.6f [%d %b] %b\r\n" % (time.time(), db, _place(address).encode(), quoted)


def _place(address: str) -> str:
    return f"unix:{address.removesuffix(':0')}" if address.startswith("/") else address


def _escaped(word: bytes) -> bytes:
    return b"".join([_ESCAPED[byte] for byte in word])
