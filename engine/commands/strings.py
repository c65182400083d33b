"""String commands: store, read and cut the bytes under a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.numbers import integer_of
from engine.commands.set_options import deadline, parse_getex, parse_set
from engine.commands.table import command
from engine.replies import (
    EMPTY_BULK,
    OFFSET_OUT_OF_RANGE,
    OK,
    STRING_TOO_LONG,
    CommandError,
    array,
    bulk,
    integer,
    wrong_arity,
)

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
        client.server.keyspace.dirty += 1
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
    client.server.keyspace.dirty += 1
    if due:
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
    value = client.db.get(argv[1])
    stats = client.server.stats
    if value is None:
        stats.keyspace_misses += 1
        return client.null
    stats.keyspace_hits += 1
    return b"$%d\r\n%b\r\n" % (len(value), value)


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
    client.server.keyspace.dirty += 1
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
        client.server.keyspace.dirty += 1
        client.propagated = [[b"DEL", argv[1]]]
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
    value = database.get(key)
    if value is None:
        return get(client, argv)
    due = 0
    if options.unit:
        due = deadline(options.unit, options.amount, database.now_ms(), "getex")
    reply = get(client, argv)
    if due and due <= database.now_ms() and not client.replaying:
        database.delete(key)
        client.propagated = [[b"DEL", key]]
    elif due:
        database.set_expiry(key, due)
        client.propagated = [[b"PEXPIREAT", key, b"%d" % due]]
    elif options.persist and key in database.expires:
        database.set_expiry(key, 0)
        client.propagated = [[b"PERSIST", key]]
    else:
        return reply
    client.server.keyspace.dirty += 1
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
    client.server.keyspace.dirty += 1
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
    client.server.keyspace.dirty += 1
    client.propagated = [[b"SET", key, value, b"PXAT", b"%d" % due]]
    return OK


@command(
    "mset",
    -3,
    "write denyoom",
    group="string",
    since="1.0.1",
    keys=(1, -1, 2),
    syntax="key value [key value ...]",
    summary="Stores several strings at once.",
)
def mset(client: Client, argv: list[bytes]) -> bytes:
    """MSET: each pair counts as one change."""
    if not len(argv) % 2:
        raise wrong_arity("mset")
    _set_all(client, argv)
    return OK


@command(
    "msetnx",
    -3,
    "write denyoom",
    group="string",
    since="1.0.1",
    keys=(1, -1, 2),
    syntax="key value [key value ...]",
    summary="Stores several strings at once if none of the keys exists.",
)
def msetnx(client: Client, argv: list[bytes]) -> bytes:
    """MSETNX: all or nothing."""
    if not len(argv) % 2:
        raise wrong_arity("msetnx")
    if any(client.db.find(key) is not None for key in argv[1::2]):
        return integer(0)
    _set_all(client, argv)
    return integer(1)


def _set_all(client: Client, argv: list[bytes]) -> None:
    database = client.db
    keyspace = client.server.keyspace
    for key, value in zip(argv[1::2], argv[2::2], strict=True):
        database.set(key, value)
        keyspace.dirty += 1


@command(
    "mget",
    -2,
    "readonly fast",
    group="string",
    since="1.0.0",
    keys=(1, -1, 1),
    syntax="key [key ...]",
    summary="Answers the strings under several keys.",
)
def mget(client: Client, argv: list[bytes]) -> bytes:
    """MGET: a key of another type answers null."""
    return array([_get_or_null(client, key) for key in argv[1:]])


def _get_or_null(client: Client, key: bytes) -> bytes:
    try:
        return get(client, [b"GET", key])
    except CommandError:
        return client.null


@command(
    "append",
    3,
    "write denyoom fast",
    group="string",
    since="2.0.0",
    keys=_KEY,
    syntax="key value",
    summary="Adds bytes to the end of a string.",
)
def append(client: Client, argv: list[bytes]) -> bytes:
    """APPEND."""
    key, tail = argv[1], argv[2]
    check_length(client, client.db.length(key) + len(tail))
    length = client.db.append(key, tail)
    client.server.keyspace.dirty += 1
    return integer(length)


def check_length(client: Client, length: int) -> None:
    """Raise CommandError if a string of so many bytes is too long."""
    if length > client.server.config.proto_max_bulk_len:
        raise CommandError(STRING_TOO_LONG)


@command(
    "strlen",
    2,
    "readonly fast",
    group="string",
    since="2.2.0",
    keys=_KEY,
    syntax="key",
    summary="Answers how many bytes a string has.",
)
def strlen(client: Client, argv: list[bytes]) -> bytes:
    """STRLEN."""
    return integer(client.db.length(argv[1]))


@command(
    "getrange",
    4,
    "readonly",
    group="string",
    since="2.4.0",
    keys=_KEY,
    syntax="key start end",
    summary="Answers a part of a string; negative positions count from its end.",
)
def getrange(client: Client, argv: list[bytes]) -> bytes:
    """GETRANGE."""
    start, end = integer_of(argv[2]), integer_of(argv[3])
    length = client.db.length(argv[1])
    if start < 0 and end < 0 and start > end:
        return EMPTY_BULK
    if start < 0:
        start = max(0, length + start)
    if end < 0:
        end = max(0, length + end)
    end = min(end, length - 1)
    if start > end or not length:
        return EMPTY_BULK
    return bulk(client.db.get_range(argv[1], start, end - start + 1))


@command(
    "substr",
    4,
    "readonly",
    group="string",
    since="1.0.0",
    keys=_KEY,
    syntax="key start end",
    summary="The old name of GETRANGE.",
)
def substr(client: Client, argv: list[bytes]) -> bytes:
    """SUBSTR."""
    return getrange(client, argv)


@command(
    "setrange",
    4,
    "write denyoom",
    group="string",
    since="2.2.0",
    keys=_KEY,
    syntax="key offset value",
    summary="Overwrites a part of a string, which grows with zero bytes if it must.",
)
def setrange(client: Client, argv: list[bytes]) -> bytes:
    """SETRANGE."""
    offset, data = integer_of(argv[2]), argv[3]
    if offset < 0:
        raise CommandError(OFFSET_OUT_OF_RANGE)
    length = client.db.length(argv[1])
    if not data:
        return integer(length)
    check_length(client, offset + len(data))
    length = client.db.set_range(argv[1], offset, data)
    client.server.keyspace.dirty += 1
    return integer(length)
