"""Key commands: delete, ask for, rename and move keys, whatever their type."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from engine.commands.changes import changed, changed_in
from engine.commands.lookup import is_there
from engine.commands.numbers import int_of
from engine.commands.table import command
from engine.glob import matcher
from engine.replies import (
    DB_OUT_OF_RANGE,
    NO_SUCH_KEY,
    OK,
    CommandError,
    bulk,
    bulks,
    integer,
    simple,
)
from engine.size_classes import CHUNK, RUN

if TYPE_CHECKING:
    from engine.arena import Arena
    from engine.client import Client
    from engine.database import Database

_KEY = (1, 1, 1)
_KEYS = (1, -1, 1)
_TRIES = 64
_FEW = 1024


def _delete(client: Client, keys: list[bytes]) -> bytes:
    database = client.db
    deleted = 0
    for key in keys:
        if database.find(key) is not None:
            database.delete(key)
            changed(client, key, 1, "g", "del")
            deleted += 1
    return integer(deleted)


@command(
    "del",
    -2,
    "write",
    group="generic",
    since="1.0.0",
    keys=_KEYS,
    syntax="key [key ...]",
    summary="Deletes keys and answers how many there were.",
)
def del_(client: Client, argv: list[bytes]) -> bytes:
    """DEL."""
    return _delete(client, argv[1:])


@command(
    "unlink",
    -2,
    "write fast",
    group="generic",
    since="4.0.0",
    keys=_KEYS,
    syntax="key [key ...]",
    summary="Deletes keys; here the same as DEL, for a slot is freed at once.",
)
def unlink(client: Client, argv: list[bytes]) -> bytes:
    """UNLINK."""
    return _delete(client, argv[1:])


def _count(client: Client, keys: list[bytes]) -> bytes:
    return integer(sum(is_there(client, key) for key in keys))


@command(
    "exists",
    -2,
    "readonly fast",
    group="generic",
    since="1.0.0",
    keys=_KEYS,
    syntax="key [key ...]",
    summary="Answers how many of the keys exist; one named twice counts twice.",
)
def exists(client: Client, argv: list[bytes]) -> bytes:
    """EXISTS."""
    return _count(client, argv[1:])


@command(
    "touch",
    -2,
    "readonly fast",
    group="generic",
    since="3.2.1",
    keys=_KEYS,
    syntax="key [key ...]",
    summary="Answers how many of the keys exist and counts them as used.",
)
def touch(client: Client, argv: list[bytes]) -> bytes:
    """TOUCH."""
    return _count(client, argv[1:])


@command(
    "type",
    2,
    "readonly fast",
    group="generic",
    since="1.0.0",
    keys=_KEY,
    syntax="key",
    summary="Answers what kind of value a key has.",
)
def type_(client: Client, argv: list[bytes]) -> bytes:
    """TYPE."""
    is_there(client, argv[1])
    return simple(client.db.type_of(argv[1]).encode())


@command(
    "keys",
    2,
    "readonly",
    group="generic",
    since="1.0.0",
    syntax="pattern",
    categories="dangerous",
    summary="Answers every key that matches a pattern, and blocks everybody meanwhile.",
)
def keys_(client: Client, argv: list[bytes]) -> bytes:
    """KEYS."""
    pattern = argv[1]
    live = client.db.live_keys()
    if pattern == b"*":
        return bulks(list(live))
    fits = matcher(pattern)
    return bulks([key for key in live if fits(key)])


@command(
    "randomkey",
    1,
    "readonly",
    group="generic",
    since="1.0.0",
    summary="Answers some key.",
)
def randomkey(client: Client, argv: list[bytes]) -> bytes:
    """RANDOMKEY: from a random page of the arena, so that it costs the same for any number."""
    database = client.db
    for _ in range(_TRIES):
        key = _random_key(client, database)
        if key is None:
            break
        if database.find(key) is not None:
            return bulk(key)
    for key in database.live_keys():
        return bulk(key)
    return client.null


def _random_key(client: Client, database: Database) -> bytes | None:
    if not database.keys:
        return None
    if len(database.keys) > _FEW:
        arena = client.server.keyspace.arena
        for _ in range(_TRIES):
            page = random.randrange(arena.high_water)
            if _has_records(arena, page) and arena.page_db[page] == database.index:
                found, _ = client.server.keyspace.keys_on_page(page, arena.page_size)
                if found:
                    return random.choice(found)
    return random.choice(list(database.keys))


def _has_records(arena: Arena, page: int) -> bool:
    page_class = arena.page_class[page]
    return page_class < CHUNK or page_class == RUN


def _rename(client: Client, source: bytes, target: bytes, *, replace: bool) -> bool:
    database = client.db
    if database.find(source) is None:
        raise CommandError(NO_SUCH_KEY)
    if source == target:
        return replace
    if database.find(target) is not None and not replace:
        return False
    database.rename(source, target)
    changed(client, source, 0, "g", "rename_from")
    changed(client, target, 1, "g", "rename_to")
    return True


@command(
    "rename",
    3,
    "write",
    group="generic",
    since="1.0.0",
    keys=(1, 2, 1),
    syntax="key newkey",
    summary="Gives a key another name; what had that name is gone.",
)
def rename(client: Client, argv: list[bytes]) -> bytes:
    """RENAME."""
    _rename(client, argv[1], argv[2], replace=True)
    return OK


@command(
    "renamenx",
    3,
    "write fast",
    group="generic",
    since="1.0.0",
    keys=(1, 2, 1),
    syntax="key newkey",
    summary="Gives a key another name unless that name is taken.",
)
def renamenx(client: Client, argv: list[bytes]) -> bytes:
    """RENAMENX."""
    return integer(_rename(client, argv[1], argv[2], replace=False))


@command(
    "move",
    3,
    "write fast",
    group="generic",
    since="1.0.0",
    keys=_KEY,
    syntax="key db",
    summary="Moves a key into another database unless it has one of that name.",
)
def move(client: Client, argv: list[bytes]) -> bytes:
    """MOVE."""
    key, number = argv[1], int_of(argv[2])
    source = client.db
    if not 0 <= number < client.server.config.databases:
        raise CommandError(DB_OUT_OF_RANGE)
    target = client.server.keyspace.databases[number]
    if source is target:
        raise CommandError("ERR source and destination objects are the same")
    if source.find(key) is None or target.find(key) is not None:
        return integer(0)
    source.copy(key, target, key)
    source.delete(key)
    changed(client, key, 0, "g", "move_from")
    changed_in(client, target, key, 1, "g", "move_to")
    return integer(1)
