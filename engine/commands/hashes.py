"""Hash commands: fields of a key, written and read.

Source: t_hash.c (Redis 7.0.15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.changes import changed, delete_if_empty
from engine.commands.lookup import look_up, wanted
from engine.commands.table import command
from engine.errors import ArenaFullError
from engine.replies import OK, array, bulk, bulks, integer, map_, wrong_arity
from engine.values.encodings import note_growth
from engine.values.hashes import Hash

if TYPE_CHECKING:
    from engine.client import Client

_KEY = (1, 1, 1)


def store(client: Client, argv: list[bytes], event: str = "hset") -> int:
    """Give fields their values, `argv` being a name, a key and pairs; how many fields are new."""
    key = argv[1]
    collection = wanted(client, key, Hash)
    try:
        if len(argv) == 4:
            created = int(collection.set(argv[2], argv[3]))
        else:
            created = collection.set_all(dict(zip(argv[2::2], argv[3::2], strict=True)))
    except ArenaFullError:
        if not collection:
            client.db.delete(key)
        raise
    note_growth(client.server.config, collection, max(map(len, argv[2:])))
    changed(client, key, len(argv) // 2 - 1, "h", event)
    return created


@command(
    "hset",
    -4,
    "write denyoom fast",
    group="hash",
    since="2.0.0",
    keys=_KEY,
    syntax="key field value [field value ...]",
    summary="Gives fields of a hash their values and answers how many are new.",
)
def hset(client: Client, argv: list[bytes]) -> bytes:
    """HSET: all fields or, where the arena is full, none."""
    if len(argv) % 2:
        raise wrong_arity("hset")
    return integer(store(client, argv))


@command(
    "hmset",
    -4,
    "write denyoom fast",
    group="hash",
    since="2.0.0",
    keys=_KEY,
    syntax="key field value [field value ...]",
    summary="Gives fields of a hash their values; HSET does the same.",
)
def hmset(client: Client, argv: list[bytes]) -> bytes:
    """HMSET."""
    if len(argv) % 2:
        raise wrong_arity("hmset")
    store(client, argv)
    return OK


@command(
    "hsetnx",
    4,
    "write denyoom fast",
    group="hash",
    since="2.0.0",
    keys=_KEY,
    syntax="key field value",
    summary="Gives a field a value unless it has one.",
)
def hsetnx(client: Client, argv: list[bytes]) -> bytes:
    """HSETNX."""
    collection = client.db.collection(argv[1], Hash)
    if collection is not None and argv[2] in collection:
        return integer(0)
    return integer(store(client, argv))


@command(
    "hget",
    3,
    "readonly fast",
    group="hash",
    since="2.0.0",
    keys=_KEY,
    syntax="key field",
    summary="Answers a field's value.",
)
def hget(client: Client, argv: list[bytes]) -> bytes:
    """HGET."""
    collection = look_up(client, argv[1], Hash)
    value = None if collection is None else collection.get(argv[2])
    return client.null if value is None else bulk(value)


@command(
    "hmget",
    -3,
    "readonly fast",
    group="hash",
    since="2.0.0",
    keys=_KEY,
    syntax="key field [field ...]",
    summary="Answers the values of several fields.",
)
def hmget(client: Client, argv: list[bytes]) -> bytes:
    """HMGET."""
    collection = look_up(client, argv[1], Hash)
    if collection is None:
        return array([client.null] * (len(argv) - 2))
    values = map(collection.get, argv[2:])
    return array([client.null if value is None else bulk(value) for value in values])


@command(
    "hgetall",
    2,
    "readonly",
    group="hash",
    since="2.0.0",
    keys=_KEY,
    syntax="key",
    summary="Answers all fields with their values.",
)
def hgetall(client: Client, argv: list[bytes]) -> bytes:
    """HGETALL."""
    collection = look_up(client, argv[1], Hash)
    pairs = () if collection is None else collection.items()
    return map_(client.resp, ((bulk(field), bulk(value)) for field, value in pairs))


@command(
    "hkeys",
    2,
    "readonly",
    group="hash",
    since="2.0.0",
    keys=_KEY,
    syntax="key",
    summary="Answers all fields.",
)
def hkeys(client: Client, argv: list[bytes]) -> bytes:
    """HKEYS."""
    collection = look_up(client, argv[1], Hash)
    return bulks([] if collection is None else [field for field, _ in collection.items()])


@command(
    "hvals",
    2,
    "readonly",
    group="hash",
    since="2.0.0",
    keys=_KEY,
    syntax="key",
    summary="Answers all values.",
)
def hvals(client: Client, argv: list[bytes]) -> bytes:
    """HVALS."""
    collection = look_up(client, argv[1], Hash)
    return bulks([] if collection is None else [value for _, value in collection.items()])


@command(
    "hdel",
    -3,
    "write fast",
    group="hash",
    since="2.0.0",
    keys=_KEY,
    syntax="key field [field ...]",
    summary="Deletes fields and answers how many there were.",
)
def hdel(client: Client, argv: list[bytes]) -> bytes:
    """HDEL."""
    key = argv[1]
    collection = client.db.collection(key, Hash)
    if collection is None:
        return integer(0)
    deleted = sum(map(collection.discard, argv[2:]))
    if deleted:
        changed(client, key, deleted, "h", "hdel")
        delete_if_empty(client, key, collection)
    return integer(deleted)


@command(
    "hlen",
    2,
    "readonly fast",
    group="hash",
    since="2.0.0",
    keys=_KEY,
    syntax="key",
    summary="Answers how many fields there are.",
)
def hlen(client: Client, argv: list[bytes]) -> bytes:
    """HLEN."""
    return integer(len(look_up(client, argv[1], Hash) or ()))


@command(
    "hstrlen",
    3,
    "readonly fast",
    group="hash",
    since="3.2.0",
    keys=_KEY,
    syntax="key field",
    summary="Answers how long a field's value is, in bytes.",
)
def hstrlen(client: Client, argv: list[bytes]) -> bytes:
    """HSTRLEN."""
    collection = look_up(client, argv[1], Hash)
    return integer(0 if collection is None else len(collection.get(argv[2]) or b""))


@command(
    "hexists",
    3,
    "readonly fast",
    group="hash",
    since="2.0.0",
    keys=_KEY,
    syntax="key field",
    summary="Answers whether a hash has a field.",
)
def hexists(client: Client, argv: list[bytes]) -> bytes:
    """HEXISTS."""
    collection = look_up(client, argv[1], Hash)
    return integer(collection is not None and argv[2] in collection)
