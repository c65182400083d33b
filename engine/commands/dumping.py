"""DUMP and RESTORE: one value on its way to another server.

IDLETIME and FREQ are read and checked, and then of no use: no key keeps either here.
Source: dumpCommand(), restoreCommand() in cluster.c (Redis 7.0.15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.commands.changes import changed
from engine.commands.lookup import is_there
from engine.commands.numbers import MAX, integer_of
from engine.commands.table import command
from engine.dump_payload import PayloadError, is_whole, payload, put, value_of
from engine.replies import OK, SYNTAX, CommandError, bulk

if TYPE_CHECKING:
    from engine.client import Client

_MOST_FREQUENT = 255


class _Options(NamedTuple):
    replaces: bool
    is_absolute: bool


@command(
    "dump",
    2,
    "readonly",
    group="generic",
    since="2.6.0",
    keys=(1, 1, 1),
    syntax="key",
    summary="A key's value as bytes that RESTORE understands.",
)
def dump(client: Client, argv: list[bytes]) -> bytes:
    """DUMP: null where there is no key."""
    if not is_there(client, argv[1]):
        return client.null
    return bulk(payload(client.db, argv[1]))


@command(
    "restore",
    -4,
    "write denyoom",
    group="generic",
    since="2.6.0",
    keys=(1, 1, 1),
    categories="dangerous",
    syntax="key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]",
    summary="Gives a key the value that DUMP answered.",
)
def restore(client: Client, argv: list[bytes]) -> bytes:
    """RESTORE: what is replaced stays until the new value is there."""
    key, database = argv[1], client.db
    options = _options(argv[4:])
    was_there = database.find(key) is not None
    if was_there and not options.replaces:
        raise CommandError("BUSYKEY Target key name already exists.")
    due = integer_of(argv[2])
    if due < 0:
        raise CommandError("ERR Invalid TTL value, must be >= 0")
    if not is_whole(argv[3]):
        raise CommandError("ERR DUMP payload version or checksum are wrong")
    now = database.now_ms()
    if due and not options.is_absolute:
        due += now
        due -= 2 * (MAX + 1) if due > MAX else 0  # as a signed number of 64 bits, as in C
        client.propagated = [[*argv[:2], b"%d" % due, *argv[3:], b"ABSTTL"]]
    try:
        value = value_of(argv[3])
        if due and due <= now and not client.replaying:
            client.propagated = None
            if was_there:
                client.propagated = [[b"DEL", key]]
                database.delete(key)
                changed(client, key, 1, "g", "del")
            return OK
        put(database, key, value, due, client.server.config)
    except PayloadError as error:
        raise CommandError("ERR Bad data format") from error
    changed(client, key, 1, "g", "restore")
    return OK


def _options(words: list[bytes]) -> _Options:
    replaces = is_absolute = False
    idle = frequency = -1
    rest = iter(words)
    for word in rest:
        name = word.upper()
        if name == b"REPLACE":
            replaces = True
        elif name == b"ABSTTL":
            is_absolute = True
        elif name == b"IDLETIME" and frequency == -1 and (number := next(rest, None)) is not None:
            idle = integer_of(number)
            if idle < 0:
                raise CommandError("ERR Invalid IDLETIME value, must be >= 0")
        elif name == b"FREQ" and idle == -1 and (number := next(rest, None)) is not None:
            frequency = integer_of(number)
            if not 0 <= frequency <= _MOST_FREQUENT:
                raise CommandError("ERR Invalid FREQ value, must be >= 0 and <= 255")
        else:
            raise CommandError(SYNTAX)
    return _Options(replaces, is_absolute)
