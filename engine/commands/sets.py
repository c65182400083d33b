"""Set commands: members of a key, added, taken out and asked for.

Source: t_set.c (Redis 7.0.15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.changes import changed, delete_if_empty
from engine.commands.lookup import look_up, wanted
from engine.commands.numbers import parse_integer
from engine.commands.table import command
from engine.errors import ArenaFullError
from engine.replies import array, bulk, integer, set_
from engine.values.encodings import note_growth
from engine.values.sets import Set

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.client import Client

_KEY = (1, 1, 1)


def has_words(members: Iterable[bytes]) -> bool:
    """Whether one of them is no integer as Redis prints it."""
    return any(parse_integer(member) is None for member in members)


def add(client: Client, collection: Set, members: list[bytes]) -> int:
    """Add members, all or none; how many are new. Raises ArenaFullError."""
    if len(members) == 1:
        added = int(collection.add(members[0]))
    else:
        new = {member: b"" for member in members if member not in collection}
        added = collection.put_all(new)
    if added and not collection.is_large:
        note_growth(client.server.config, collection, int(has_words(members)))
    return added


@command(
    "sadd",
    -3,
    "write denyoom fast",
    group="set",
    since="1.0.0",
    keys=_KEY,
    syntax="key member [member ...]",
    summary="Adds members and answers how many are new.",
)
def sadd(client: Client, argv: list[bytes]) -> bytes:
    """SADD: all members or, where the arena is full, none."""
    key = argv[1]
    collection = wanted(client, key, Set)
    try:
        added = add(client, collection, argv[2:])
    except ArenaFullError:
        if not collection:
            client.db.delete(key)
        raise
    if added:
        changed(client, key, added, "s", "sadd")
    return integer(added)


@command(
    "srem",
    -3,
    "write fast",
    group="set",
    since="1.0.0",
    keys=_KEY,
    syntax="key member [member ...]",
    summary="Takes members out and answers how many there were.",
)
def srem(client: Client, argv: list[bytes]) -> bytes:
    """SREM."""
    key = argv[1]
    collection = client.db.collection(key, Set)
    if collection is None:
        return integer(0)
    removed = sum(map(collection.discard, argv[2:]))
    if removed:
        changed(client, key, removed, "s", "srem")
        delete_if_empty(client, key, collection)
    return integer(removed)


@command(
    "smove",
    4,
    "write fast",
    group="set",
    since="1.0.0",
    keys=(1, 2, 1),
    syntax="source destination member",
    summary="Moves a member from one set to another.",
)
def smove(client: Client, argv: list[bytes]) -> bytes:
    """SMOVE: the member is in the other set before it leaves its own."""
    source_key, target_key, member = argv[1:]
    source = client.db.collection(source_key, Set)
    if source is None:
        return integer(0)
    target = client.db.collection(target_key, Set)
    if source is target or member not in source:
        return integer(member in source)
    is_new = target is None
    if target is None:
        target = Set(client.db.arena, client.db.index, target_key)
    try:
        added = add(client, target, [member])
    except ArenaFullError:
        if is_new:
            target.free()
        raise
    source.discard(member)
    changed(client, source_key, 1, "s", "srem")
    delete_if_empty(client, source_key, source)
    if is_new:
        client.db.adopt(target_key, target)
    if added:
        changed(client, target_key, 1, "s", "sadd")
    return integer(1)


@command(
    "sismember",
    3,
    "readonly fast",
    group="set",
    since="1.0.0",
    keys=_KEY,
    syntax="key member",
    summary="Answers whether a set has a member.",
)
def sismember(client: Client, argv: list[bytes]) -> bytes:
    """SISMEMBER."""
    collection = look_up(client, argv[1], Set)
    return integer(collection is not None and argv[2] in collection)


@command(
    "smismember",
    -3,
    "readonly fast",
    group="set",
    since="6.2.0",
    keys=_KEY,
    syntax="key member [member ...]",
    summary="Answers of several members whether a set has them.",
)
def smismember(client: Client, argv: list[bytes]) -> bytes:
    """SMISMEMBER."""
    collection = look_up(client, argv[1], Set)
    places = () if collection is None else collection.places
    return array([integer(member in places) for member in argv[2:]])


@command(
    "scard",
    2,
    "readonly fast",
    group="set",
    since="1.0.0",
    keys=_KEY,
    syntax="key",
    summary="Answers how many members there are.",
)
def scard(client: Client, argv: list[bytes]) -> bytes:
    """SCARD."""
    return integer(len(look_up(client, argv[1], Set) or ()))


@command(
    "smembers",
    2,
    "readonly",
    group="set",
    since="1.0.0",
    keys=_KEY,
    syntax="key",
    summary="Answers all members.",
)
def smembers(client: Client, argv: list[bytes]) -> bytes:
    """SMEMBERS."""
    collection = look_up(client, argv[1], Set)
    members = [] if collection is None else collection.members()
    return set_(client.resp, [bulk(member) for member in members])
