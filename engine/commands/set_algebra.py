"""Intersections, unions and differences of sets.

Source: sinterGenericCommand() and sunionDiffGenericCommand() in t_set.c (Redis 7.0.15).
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from engine.commands.changes import changed
from engine.commands.lookup import look_up
from engine.commands.numbers import parse_integer
from engine.commands.sets import has_words
from engine.commands.table import Handler, command, counted_keys
from engine.errors import ArenaFullError
from engine.replies import SYNTAX, CommandError, bulk, integer, set_
from engine.values.chunks import string
from engine.values.encodings import note_growth
from engine.values.sets import Set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.client import Client

_NO_KEYS = "ERR numkeys should be greater than 0"
_TOO_MANY_KEYS = "ERR Number of keys can't be greater than number of args"
_NEGATIVE_LIMIT = "ERR LIMIT can't be negative"

Operation: TypeAlias = "Callable[[list[Set | None]], Iterator[bytes]]"


def _inter(sets: list[Set | None]) -> Iterator[bytes]:
    """Members of all the sets, in the order of the smallest."""
    found = [each for each in sets if each is not None]
    if len(found) < len(sets):
        return iter(())
    found.sort(key=len)
    others = [each.places for each in found[1:]]
    return (m for m in found[0].members() if all(m in places for places in others))


def _union(sets: list[Set | None]) -> Iterator[bytes]:
    """Members of any of the sets."""
    return iter(dict.fromkeys(m for each in sets if each is not None for m in each.places))


def _diff(sets: list[Set | None]) -> Iterator[bytes]:
    """Members of the first set that no other has."""
    if sets[0] is None:
        return iter(())
    others = [each.places for each in sets[1:] if each is not None]
    return (m for m in sets[0].places if not any(m in places for places in others))


def _ordered(client: Client, members: list[bytes]) -> list[bytes]:
    """As Redis answers them: it collects a union in a set, and an intset goes by number."""
    if len(members) > client.server.config.set_max_intset_entries or has_words(members):
        return members
    return sorted(members, key=int)


def _answering(operate: Operation) -> Handler:
    def answer(client: Client, argv: list[bytes]) -> bytes:
        members = list(operate([look_up(client, key, Set) for key in argv[1:]]))
        return set_(client.resp, [bulk(member) for member in _ordered(client, members)])

    return answer


def _storing(event: str, operate: Operation) -> Handler:
    def store(client: Client, argv: list[bytes]) -> bytes:
        members = list(operate([look_up(client, key, Set) for key in argv[2:]]))
        return integer(_store(client, argv[1], members, event))

    return store


def _store(client: Client, key: bytes, members: list[bytes], event: str) -> int:
    """Put a set in a key's place, or delete the key if there are no members."""
    database = client.db
    if not members:
        if database.delete(key):
            changed(client, key, 1, "g", "del")
        return 0
    database.find(key)  # has an expired one deleted and logged first
    collection = Set(database.arena, database.index, key)
    try:
        collection.load([string(member) for member in members])
    except ArenaFullError:
        collection.free()
        raise
    note_growth(client.server.config, collection, int(has_words(members)))
    database.adopt(key, collection)
    changed(client, key, 1, "s", event)
    return len(members)


for _name, _operate, _what in (
    ("sinter", _inter, "members that all of the sets have"),
    ("sunion", _union, "members that any of the sets has"),
    ("sdiff", _diff, "members of the first set that no other has"),
):
    command(
        _name,
        -2,
        "readonly",
        group="set",
        since="1.0.0",
        keys=(1, -1, 1),
        syntax="key [key ...]",
        summary=f"Answers the {_what}.",
    )(_answering(_operate))
    command(
        f"{_name}store",
        -3,
        "write denyoom",
        group="set",
        since="1.0.0",
        keys=(1, -1, 1),
        syntax="destination key [key ...]",
        summary=f"Stores the {_what} as another set.",
    )(_storing(f"{_name}store", _operate))


@command(
    "sintercard",
    -3,
    "readonly movablekeys",
    group="set",
    since="7.0.0",
    syntax="numkeys key [key ...] [LIMIT limit]",
    summary="Answers how many members all of the sets have, counted up to a limit.",
    find_keys=counted_keys(count_at=1),
)
def sintercard(client: Client, argv: list[bytes]) -> bytes:
    """SINTERCARD: stops counting at the limit; 0 means none."""
    count = parse_integer(argv[1])
    if count is None or count < 1:
        raise CommandError(_NO_KEYS)
    if count > len(argv) - 2:
        raise CommandError(_TOO_MANY_KEYS)
    limit = _limit(argv[2 + count :])
    common = _inter([look_up(client, key, Set) for key in argv[2 : 2 + count]])
    return integer(sum(1 for _ in islice(common, limit or None)))


def _limit(words: list[bytes]) -> int:
    limit = 0
    for at in range(0, len(words), 2):
        if words[at].upper() != b"LIMIT" or at + 1 == len(words):
            raise CommandError(SYNTAX)
        number = parse_integer(words[at + 1])
        if number is None or number < 0:
            raise CommandError(_NEGATIVE_LIMIT)
        limit = number
    return limit
