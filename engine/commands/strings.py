"""String commands: store and read the bytes under a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.changes import also, changed, logged_deletion
from engine.commands.lookup import note_read
from engine.commands.set_options import deadline, parse_getex, parse_set
from engine.commands.table import command
from engine.replies import OK, CommandError, bulk, integer

if TYPE_CHECKING:
    from engine.client import Client

_KEY = (1, 1, 1)


@command(
    "set",
    -3,
    "write denyoom",
    group="string",
    since="1.0.0",
    keys=_KEY,
    syntax="key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | "
    "PXAT unix-time-milliseconds | KEEPTTL]",
    summary="Stores a string under a key, whatever was there before.",
)
def set_(client: Client, argv: list[bytes]) -> bytes:
    """SET: with EX and its like the AOF gets the absolute time (PXAT)."""
    if len(argv) == 3:
        client.db.set(argv[1], argv[2])
        keyspace = client.server.keyspace
        keyspace.dirty += 1
        if keyspace.on_event is not None:
            keyspace.on_event(client.db.index, "$", "set", argv[1])
        return OK
    options = parse_set(argv[3:])
    database = client.db
    key, value = argv[1], argv[2]
    due = 0
    if options.unit:
        due = deadline(options.unit, options.amount, database.now_ms(), "set")
    reply = OK
    if options.get:
        reply = get(client, argv)
    if options.only_if_missing or options.only_if_there:
        exists = database.find(key) is not None
        if exists != options.only_if_there:
            return reply if options.get else client.null
    if options.keep_expiry:
        database.find(key)
        database.set_keep_expiry(key, value)
    else:
        database.set(key, value, due)
    changed(client, key, 1, "$", "set")
    if due:
        also(client, key, "g", "expire")
        client.propagated = [[b"SET", key, value, b"PXAT", b"%d" % due]]
    elif options.get:
        client.propagated = [argv[:3] + [word for word in argv[3:] if word.upper() != b"GET"]]
    return reply


@command(
    "get",
    2,
    "readonly fast",
    group="string",
    since="1.0.0",
    keys=_KEY,
    syntax="key",
    summary="Answers the string under a key.",
)
def get(client: Client, argv: list[bytes]) -> bytes:
    """GET."""
    try:
        value = client.db.get(argv[1])
    except CommandError:
        note_read(client, argv[1], found=True)
        raise
    if value is None:
        note_read(client, argv[1], found=False)
        return client.null
    client.server.stats.keyspace_hits += 1
    return bulk(value)


@command(
    "getset",
    3,
    "write denyoom fast",
    group="string",
    since="1.0.0",
    keys=_KEY,
    syntax="key value",
    summary="Stores a string and answers the one that was there.",
)
def getset(client: Client, argv: list[bytes]) -> bytes:
    """GETSET: logged as SET."""
    reply = get(client, argv)
    client.db.set(argv[1], argv[2])
    changed(client, argv[1], 1, "$", "set")
    client.propagated = [[b"SET", argv[1], argv[2]]]
    return reply


@command(
    "getdel",
    2,
    "write fast",
    group="string",
    since="6.2.0",
    keys=_KEY,
    syntax="key",
    summary="Answers the string under a key and deletes the key.",
)
def getdel(client: Client, argv: list[bytes]) -> bytes:
    """GETDEL: logged as DEL."""
    reply = get(client, argv)
    if client.db.delete(argv[1]):
        changed(client, argv[1], 1, "g", "del")
        lazy = client.server.config.lazyfree_lazy_user_del
        client.propagated = logged_deletion(argv[1], lazy=lazy)
    return reply


@command(
    "getex",
    -2,
    "write fast",
    group="string",
    since="6.2.0",
    keys=_KEY,
    syntax="key [EX seconds | PX milliseconds | EXAT unix-time-seconds | "
    "PXAT unix-time-milliseconds | PERSIST]",
    summary="Answers the string under a key and changes when it expires.",
)
def getex(client: Client, argv: list[bytes]) -> bytes:
    """GETEX: logged as PEXPIREAT, PERSIST or, for a time in the past, DEL."""
    options = parse_getex(argv[2:])
    database = client.db
    key = argv[1]
    reply = get(client, argv)
    if reply == client.null:
        return reply
    due = 0
    if options.unit:
        due = deadline(options.unit, options.amount, database.now_ms(), "getex")
    if due and due <= database.now_ms() and not client.replaying:
        database.delete(key)
        event = "del"
        lazy = client.server.config.lazyfree_lazy_expire
        client.propagated = logged_deletion(key, lazy=lazy)
    elif due:
        database.set_expiry(key, due)
        event = "expire"
        client.propagated = [[b"PEXPIREAT", key, b"%d" % due]]
    elif options.persist and key in database.expires:
        database.set_expiry(key, 0)
        event = "persist"
        client.propagated = [[b"PERSIST", key]]
    else:
        return reply
    changed(client, key, 1, "g", event)
    return reply


@command(
    "setnx",
    3,
    "write denyoom fast",
    group="string",
    since="1.0.0",
    keys=_KEY,
    syntax="key value",
    summary="Stores a string under a key that does not exist yet.",
)
def setnx(client: Client, argv: list[bytes]) -> bytes:
    """SETNX."""
    if client.db.find(argv[1]) is not None:
        return integer(0)
    client.db.set(argv[1], argv[2])
    changed(client, argv[1], 1, "$", "set")
    return integer(1)


@command(
    "setex",
    4,
    "write denyoom",
    group="string",
    since="2.0.0",
    keys=_KEY,
    syntax="key seconds value",
    summary="Stores a string that expires after some seconds.",
)
def setex(client: Client, argv: list[bytes]) -> bytes:
    """SETEX: logged as SET with PXAT."""
    return _set_expiring(client, argv, b"EX", "setex")


@command(
    "psetex",
    4,
    "write denyoom",
    group="string",
    since="2.6.0",
    keys=_KEY,
    syntax="key milliseconds value",
    summary="Stores a string that expires after some milliseconds.",
)
def psetex(client: Client, argv: list[bytes]) -> bytes:
    """PSETEX: logged as SET with PXAT."""
    return _set_expiring(client, argv, b"PX", "psetex")


def _set_expiring(client: Client, argv: list[bytes], unit: bytes, name: str) -> bytes:
    _, key, amount, value = argv
    due = deadline(unit, amount, client.db.now_ms(), name)
    client.db.set(key, value, due)
    changed(client, key, 1, "$", "set")
    also(client, key, "g", "expire")
    client.propagated = [[b"SET", key, value, b"PXAT", b"%d" % due]]
    return OK
