"""Commands that choose elements at random: each is as likely, and no choice costs a walk.

Source: t_set.c and t_hash.c (Redis 7.0.15).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from engine.commands.changes import changed, delete_if_empty
from engine.commands.lookup import look_up
from engine.commands.numbers import MAX, integer_of
from engine.commands.sets import has_words
from engine.commands.table import command
from engine.replies import (
    EMPTY_ARRAY,
    NOT_POSITIVE,
    SYNTAX,
    CommandError,
    array,
    bulk,
    bulks,
    set_,
)
from engine.values.collection import NamedCollection
from engine.values.encodings import note_growth
from engine.values.hashes import Hash
from engine.values.sets import Set

if TYPE_CHECKING:
    from engine.client import Client

_KEY = (1, 1, 1)
_OUT_OF_RANGE = f"ERR value is out of range, value must between {-MAX} and {MAX}"
_MOST_REPEATED = 10_000_000
"""A reply with more elements than this would stop the engine for a minute, and fill memory."""
_MANY = 3
"""From a third of all elements on, choosing among all at once costs less than one by one."""
_RENEWED = 5
"""Redis makes the set anew, in its compact form, when so many times more go than stay."""


def range_of(word: bytes) -> int:
    """A count whose negative is one, too; raises CommandError."""
    count = integer_of(word)
    if count < -MAX:
        raise CommandError(_OUT_OF_RANGE)
    return count


def chosen(collection: NamedCollection, count: int) -> list[bytes]:
    """`count` different names; a negative count is that many, of which some may be the same."""
    if count < -_MOST_REPEATED:
        raise CommandError(f"ERR value is out of range, at most {_MOST_REPEATED} are answered")
    if count < 0:
        return [collection.any_name() for _ in range(-count)]
    if count >= len(collection):
        return list(collection.names())
    if count * _MANY > len(collection):
        return random.sample(list(collection.names()), count)
    names: dict[bytes, None] = {}
    while len(names) < count:
        names[collection.any_name()] = None
    return list(names)


@command(
    "srandmember",
    -2,
    "readonly",
    group="set",
    since="1.0.0",
    keys=_KEY,
    syntax="key [count]",
    summary="Answers members at random.",
)
def srandmember(client: Client, argv: list[bytes]) -> bytes:
    """SRANDMEMBER."""
    if len(argv) > 3:
        raise CommandError(SYNTAX)
    count = range_of(argv[2]) if len(argv) == 3 else None
    collection = look_up(client, argv[1], Set)
    if count is None:
        return client.null if collection is None else bulk(collection.any_name())
    if collection is None or not count:
        return EMPTY_ARRAY
    if count >= len(collection):
        return bulks(collection.members())
    return bulks(chosen(collection, count))


@command(
    "hrandfield",
    -2,
    "readonly",
    group="hash",
    since="6.2.0",
    keys=_KEY,
    syntax="key [count [WITHVALUES]]",
    summary="Answers fields at random.",
)
def hrandfield(client: Client, argv: list[bytes]) -> bytes:
    """HRANDFIELD."""
    if len(argv) == 2:
        collection = look_up(client, argv[1], Hash)
        return client.null if collection is None else bulk(collection.any_name())
    count = range_of(argv[2])
    if len(argv) > 4 or (len(argv) == 4 and argv[3].upper() != b"WITHVALUES"):
        raise CommandError(SYNTAX)
    with_values = len(argv) == 4
    if with_values and abs(count) > MAX // 2:
        raise CommandError("ERR value is out of range")
    collection = look_up(client, argv[1], Hash)
    if collection is None or not count:
        return EMPTY_ARRAY
    fields = chosen(collection, count)
    if not with_values:
        return bulks(fields)
    pairs = [(bulk(field), bulk(collection.get(field))) for field in fields]
    if client.resp == 3:
        return array([array(pair) for pair in pairs])
    return array([word for pair in pairs for word in pair])


@command(
    "spop",
    -2,
    "write fast",
    group="set",
    since="1.0.0",
    keys=_KEY,
    syntax="key [count]",
    summary="Takes members out at random and answers them.",
)
def spop(client: Client, argv: list[bytes]) -> bytes:
    """SPOP: logged as what it took, so that loading takes the same."""
    if len(argv) > 3:
        raise CommandError(SYNTAX)
    if len(argv) == 3:
        return _pop_many(client, argv[1], integer_of(argv[2], NOT_POSITIVE))
    collection = client.db.collection(argv[1], Set)
    if collection is None:
        return client.null
    member = collection.pop()
    client.propagated = [[b"SREM", argv[1], member]]
    _popped(client, argv[1], collection, 1)
    return bulk(member)


def _pop_many(client: Client, key: bytes, count: int) -> bytes:
    if count < 0:
        raise CommandError(NOT_POSITIVE)
    collection = client.db.collection(key, Set)
    if collection is None or not count:
        return set_(client.resp, [])
    if count >= len(collection):
        members = collection.members()
        client.propagated = [[b"DEL", key]]
        changed(client, key, len(members), "s", "spop")
        client.db.delete(key)
        changed(client, key, 0, "g", "del")
        return set_(client.resp, [bulk(member) for member in members])
    members = chosen(collection, count)
    for member in members:
        collection.discard(member)
    if len(collection) * _RENEWED <= count:
        collection.is_large = False
        note_growth(client.server.config, collection, int(has_words(collection.names())))
    client.propagated = [[b"SREM", key, member] for member in members]
    _popped(client, key, collection, count)
    return set_(client.resp, [bulk(member) for member in members])


def _popped(client: Client, key: bytes, collection: Set, count: int) -> None:
    changed(client, key, count, "s", "spop")
    delete_if_empty(client, key, collection)
