"""DEBUG: what tests and teachers need and nobody else should use.

Guarded by `enable-debug-command`: `no`, `yes`, or `local` for connections of this machine.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from engine.commands.connection import is_local
from engine.commands.numbers import integer_of, parse_seconds
from engine.commands.object_command import encoding_at
from engine.commands.table import command
from engine.digest import digest, digest_value
from engine.errors import ArenaFullError
from engine.records import rdb_length
from engine.replies import (
    NO_SUCH_KEY,
    NOT_POSITIVE,
    OK,
    CommandError,
    array,
    error,
    shown,
    simple,
)
from engine.values.lists import List

if TYPE_CHECKING:
    from engine.client import Client
    from engine.values.collection import Collection

_REFUSED = (
    'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can '
    "run it from a local connection, otherwise you need to set this option in the configuration "
    "file, and then restart the server."
)
_RELOAD_OPTIONS = "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options."
_HELP = """\
DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
DIGEST
    A hash of the whole keyspace, as Redis computes it.
DIGEST-VALUE <key> [<key> ...]
    The same of the values of keys.
ERROR <string>
    Answers the string as an error.
LOADAOF
    Empties the keyspace and loads the AOF.
LOG <message>
    Writes a line to the log.
OBJECT <key>
    How a value is kept.
POPULATE <count> [<prefix> [<size>]]
    Creates keys <prefix>:0 and so on with strings of <size> bytes.
RELOAD [NOSAVE] [NOFLUSH] [MERGE]
    Saves a dump, empties the keyspace and loads the dump; NOSAVE and NOFLUSH leave these steps
    out, with MERGE a key of the dump replaces one of its name.
SET-ACTIVE-EXPIRE <0|1>
    Switches off or on that expired keys are deleted before anybody asks for them.
SLEEP <seconds>
    Stops the server for so long. Decimals are allowed.
HELP
    Print this help."""


@command(
    "debug",
    -2,
    "admin noscript loading stale",
    group="server",
    since="1.0.0",
    syntax="subcommand [arg ...]",
    summary="Does what only tests should ask for.",
)
def debug(client: Client, argv: list[bytes]) -> bytes:
    """DEBUG."""
    enabled = client.server.config.enable_debug_command
    if enabled == "no" or (enabled == "local" and not is_local(client)):
        raise CommandError(_REFUSED)
    entry = _SUBCOMMANDS.get(argv[1].upper())
    if entry is None or not entry[0] <= len(argv) <= entry[1]:
        name = shown(argv[1], 128)
        raise CommandError(
            f"ERR unknown subcommand or wrong number of arguments for '{name}'. Try DEBUG HELP."
        )
    return entry[2](client, argv)


def _sleep(client: Client, argv: list[bytes]) -> bytes:
    """Really stops the event loop: that is what the command is for."""
    time.sleep(max(0.0, parse_seconds(argv[2]) or 0.0))
    return OK


def _populate(client: Client, argv: list[bytes]) -> bytes:
    """Keys that exist are left alone; values are `value:<n>`, cut or zero-padded to the size.

    Where the arena is too small for all of them, none is created.
    """
    count = integer_of(argv[2], NOT_POSITIVE)
    if count < 0:
        raise CommandError(NOT_POSITIVE)
    prefix = argv[3] if len(argv) > 3 else b"key"
    size = integer_of(argv[4], NOT_POSITIVE) if len(argv) > 4 else 0
    if size < 0:
        raise CommandError(NOT_POSITIVE)
    database = client.db
    created: list[bytes] = []
    try:
        for number in range(count):
            key = b"%b:%d" % (prefix, number)
            if database.find(key) is None:
                value = b"value:%d" % number
                database.set(key, value[:size].ljust(size, b"\0") if size else value)
                created.append(key)
    except ArenaFullError:
        for key in created:
            database.delete(key)
        raise
    database.arena.stored_pages.clear()  # no command changed these pages: the next one has not
    return OK


def _object(client: Client, argv: list[bytes]) -> bytes:
    key = argv[2]
    offset = client.db.find(key)
    if offset is None:
        raise CommandError(NO_SUCH_KEY)
    collection = client.db.collections.get(key)
    arena = client.server.keyspace.arena
    address = arena.base + offset - arena.origin
    if collection is None:
        length = client.db.length(key)
        size, pieces = len(rdb_length(length)) + length, b""
    else:
        size, pieces = collection.dump_size(), _pieces(collection)
    return simple(
        b"Value at:0x%x refcount:1 encoding:%b serializedlength:%d lru:0 lru_seconds_idle:0%b "
        b"page:%d slot:%d"
        % (
            address,
            encoding_at(client.db, key).encode(),
            size,
            pieces,
            arena.page_of(offset),
            arena.capacity(offset),
        )
    )


def _pieces(collection: Collection) -> bytes:
    """How many pieces of memory it has here; of a list, Redis calls them nodes."""
    count = sum(1 for _ in collection.chain.chunks())
    if isinstance(collection, List):
        return b" ql_nodes:%d ql_avg_node:%.2f" % (count, len(collection) / count)
    return b" chunks:%d" % count


def _digest(client: Client, argv: list[bytes]) -> bytes:
    return simple(digest(client.server.keyspace).hex().encode())


def _digest_value(client: Client, argv: list[bytes]) -> bytes:
    return array([simple(digest_value(client.db, key).hex().encode()) for key in argv[2:]])


def _reload(client: Client, argv: list[bytes]) -> bytes:
    options = {word.upper() for word in argv[2:]}
    if options - {b"NOSAVE", b"NOFLUSH", b"MERGE"}:
        raise CommandError(_RELOAD_OPTIONS)
    client.server.persistence.reload(
        save=b"NOSAVE" not in options,
        flush=b"NOFLUSH" not in options,
        merge=b"MERGE" in options,
    )
    return OK


def _load_aof(client: Client, argv: list[bytes]) -> bytes:
    client.server.persistence.load_aof()
    return OK


def _set_active_expire(client: Client, argv: list[bytes]) -> bytes:
    client.server.active_expire = argv[2] != b"0"
    return OK


def _log(client: Client, argv: list[bytes]) -> bytes:
    client.server.log("#", f"DEBUG LOG: {argv[2].decode('utf-8', 'backslashreplace')}")
    return OK


def _error(client: Client, argv: list[bytes]) -> bytes:
    return error(argv[2].decode("utf-8", "surrogateescape"))


def _help(client: Client, argv: list[bytes]) -> bytes:
    return array([simple(line.encode()) for line in _HELP.splitlines()])


_MANY = 1 << 20
_SUBCOMMANDS = {
    b"SLEEP": (3, 3, _sleep),
    b"POPULATE": (3, 5, _populate),
    b"OBJECT": (3, 3, _object),
    b"DIGEST": (2, 2, _digest),
    b"DIGEST-VALUE": (2, _MANY, _digest_value),
    b"RELOAD": (2, _MANY, _reload),
    b"LOADAOF": (2, 2, _load_aof),
    b"SET-ACTIVE-EXPIRE": (3, 3, _set_active_expire),
    b"LOG": (3, 3, _log),
    b"ERROR": (3, 3, _error),
    b"HELP": (2, 2, _help),
}
"""Name -> (fewest words, most words, handler)."""
