"""Expiry: when a key's time comes, and how to ask for it.

Source: expire.c (Redis 7.0). Times are kept as Unix milliseconds, whatever unit the command has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.changes import changed, logged_deletion
from engine.commands.lookup import is_there
from engine.commands.numbers import MAX, MIN, integer_of
from engine.commands.table import command
from engine.replies import (
    CommandError,
    integer,
    invalid_expire,
    shown,
)

if TYPE_CHECKING:
    from engine.client import Client

_KEY = (1, 1, 1)
_NO_KEY = -2
_NO_EXPIRY = -1
_FORBIDDEN_WITH_NX = frozenset({b"XX", b"GT", b"LT"})


def _conditions(words: list[bytes]) -> set[bytes]:
    found: set[bytes] = set()
    for word in words:
        condition = word.upper()
        if condition not in (b"NX", b"XX", b"GT", b"LT"):
            raise CommandError(f"ERR Unsupported option {shown(word)}")
        found.add(condition)
    if b"NX" in found and found & _FORBIDDEN_WITH_NX:
        raise CommandError("ERR NX and XX, GT or LT options at the same time are not compatible")
    if b"GT" in found and b"LT" in found:
        raise CommandError("ERR GT and LT options at the same time are not compatible")
    return found


def _holds(conditions: set[bytes], due: int, current: int | None) -> bool:
    """Whether the conditions allow `due`; a key without expiry counts as never expiring."""
    if b"NX" in conditions and current is not None:
        return False
    if b"XX" in conditions and current is None:
        return False
    if b"GT" in conditions and (current is None or due <= current):
        return False
    return not (b"LT" in conditions and current is not None and due >= current)


def _expire(client: Client, argv: list[bytes], name: str, unit: int, *, relative: bool) -> bytes:
    """EXPIRE and its like: logged as PEXPIREAT, or as DEL where the time has passed."""
    conditions = _conditions(argv[3:])
    due = integer_of(argv[2])
    if unit > 1 and not -(-MIN // unit) <= due <= MAX // unit:
        raise invalid_expire(name)
    database = client.db
    now = database.now_ms()
    due = due * unit + (now if relative else 0)
    if due > MAX:
        raise invalid_expire(name)
    key = argv[1]
    if database.find(key) is None:
        return integer(0)
    if not _holds(conditions, due, database.expires.get(key)):
        return integer(0)
    if due <= now and not client.replaying:
        database.delete(key)
        event = "del"
        lazy = client.server.config.lazyfree_lazy_expire
        client.propagated = logged_deletion(key, lazy=lazy)
    else:
        event = "expire"
        database.set_expiry(key, max(due, 1))
        if relative or unit > 1:
            client.propagated = [[b"PEXPIREAT", key, b"%d" % due, *argv[3:]]]
    changed(client, key, 1, "g", event)
    return integer(1)


@command(
    "expire",
    -3,
    "write fast",
    group="generic",
    since="1.0.0",
    keys=_KEY,
    syntax="key seconds [NX | XX | GT | LT]",
    summary="Lets a key expire after some seconds.",
)
def expire(client: Client, argv: list[bytes]) -> bytes:
    """EXPIRE."""
    return _expire(client, argv, "expire", 1000, relative=True)


@command(
    "pexpire",
    -3,
    "write fast",
    group="generic",
    since="2.6.0",
    keys=_KEY,
    syntax="key milliseconds [NX | XX | GT | LT]",
    summary="Lets a key expire after some milliseconds.",
)
def pexpire(client: Client, argv: list[bytes]) -> bytes:
    """PEXPIRE."""
    return _expire(client, argv, "pexpire", 1, relative=True)


@command(
    "expireat",
    -3,
    "write fast",
    group="generic",
    since="1.2.0",
    keys=_KEY,
    syntax="key unix-time-seconds [NX | XX | GT | LT]",
    summary="Lets a key expire at a Unix time in seconds.",
)
def expireat(client: Client, argv: list[bytes]) -> bytes:
    """EXPIREAT."""
    return _expire(client, argv, "expireat", 1000, relative=False)


@command(
    "pexpireat",
    -3,
    "write fast",
    group="generic",
    since="2.6.0",
    keys=_KEY,
    syntax="key unix-time-milliseconds [NX | XX | GT | LT]",
    summary="Lets a key expire at a Unix time in milliseconds.",
)
def pexpireat(client: Client, argv: list[bytes]) -> bytes:
    """PEXPIREAT."""
    return _expire(client, argv, "pexpireat", 1, relative=False)


def _due(client: Client, key: bytes) -> int:
    """When a key expires (Unix ms), or -1 (never) or -2 (there is no such key)."""
    if not is_there(client, key):
        return _NO_KEY
    return client.db.expires.get(key, _NO_EXPIRY)


def _left(client: Client, key: bytes) -> int:
    due = _due(client, key)
    return due if due < 0 else max(0, due - client.db.now_ms())


def _in_seconds(milliseconds: int) -> int:
    return milliseconds if milliseconds < 0 else (milliseconds + 500) // 1000


@command(
    "ttl",
    2,
    "readonly fast",
    group="generic",
    since="1.0.0",
    keys=_KEY,
    syntax="key",
    summary="Answers how many seconds a key has left.",
)
def ttl(client: Client, argv: list[bytes]) -> bytes:
    """TTL."""
    return integer(_in_seconds(_left(client, argv[1])))


@command(
    "pttl",
    2,
    "readonly fast",
    group="generic",
    since="2.6.0",
    keys=_KEY,
    syntax="key",
    summary="Answers how many milliseconds a key has left.",
)
def pttl(client: Client, argv: list[bytes]) -> bytes:
    """PTTL."""
    return integer(_left(client, argv[1]))


@command(
    "expiretime",
    2,
    "readonly fast",
    group="generic",
    since="7.0.0",
    keys=_KEY,
    syntax="key",
    summary="Answers the Unix time in seconds at which a key expires.",
)
def expiretime(client: Client, argv: list[bytes]) -> bytes:
    """EXPIRETIME."""
    return integer(_in_seconds(_due(client, argv[1])))


@command(
    "pexpiretime",
    2,
    "readonly fast",
    group="generic",
    since="7.0.0",
    keys=_KEY,
    syntax="key",
    summary="Answers the Unix time in milliseconds at which a key expires.",
)
def pexpiretime(client: Client, argv: list[bytes]) -> bytes:
    """PEXPIRETIME."""
    return integer(_due(client, argv[1]))


@command(
    "persist",
    2,
    "write fast",
    group="generic",
    since="2.2.0",
    keys=_KEY,
    syntax="key",
    summary="Lets a key live for ever again.",
)
def persist(client: Client, argv: list[bytes]) -> bytes:
    """PERSIST."""
    database = client.db
    key = argv[1]
    if database.find(key) is None or key not in database.expires:
        return integer(0)
    database.set_expiry(key, 0)
    changed(client, key, 1, "g", "persist")
    return integer(1)
