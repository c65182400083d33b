"""Moving elements from list to list, and taking them from the first list that has some.

Source: t_list.c (Redis 7.0.15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.changes import changed, delete_if_empty
from engine.commands.lists import pop, push
from engine.commands.numbers import parse_integer
from engine.commands.table import command, counted_keys
from engine.replies import SYNTAX, CommandError, array, bulk, bulks, null_array
from engine.values.lists import List

if TYPE_CHECKING:
    from engine.client import Client


def move(
    client: Client, source: bytes, target: bytes, *, from_left: bool, to_left: bool
) -> bytes | None:
    """Take an element of one list and put it into another, or the same; None if there is none.

    It is put first: a full arena (ArenaFullError) leaves both as they were.
    """
    database = client.db
    elements = database.collection(source, List)
    if elements is None:
        return None
    database.collection(target, List)
    value = elements[0 if from_left else len(elements) - 1]
    before = client.server.keyspace.dirty
    if target == source:
        _rotate(client, source, elements, value, from_left=from_left, to_left=to_left)
    else:
        push(client, target, [value], left=to_left)
        _drop(elements, from_left=from_left)
        changed(client, source, 0, "l", "lpop" if from_left else "rpop")
        delete_if_empty(client, source, elements)
    client.server.keyspace.dirty = before + 1
    return value


def _rotate(
    client: Client, key: bytes, elements: List, value: bytes, *, from_left: bool, to_left: bool
) -> None:
    if from_left != to_left:
        push(client, key, [value], left=to_left)
        _drop(elements, from_left=from_left)
    else:
        changed(client, key, 0, "l", "lpush" if to_left else "rpush")
    changed(client, key, 0, "l", "lpop" if from_left else "rpop")


def _drop(elements: List, *, from_left: bool) -> None:
    if from_left:
        elements.pop_left()
    else:
        elements.pop_right()


def is_left(word: bytes) -> bool:
    """Whether LEFT was asked for, and not RIGHT; raises CommandError for anything else."""
    side = word.upper()
    if side not in (b"LEFT", b"RIGHT"):
        raise CommandError(SYNTAX)
    return side == b"LEFT"


@command(
    "lmove",
    5,
    "write denyoom",
    group="list",
    since="6.2.0",
    keys=(1, 2, 1),
    syntax="source destination <LEFT | RIGHT> <LEFT | RIGHT>",
    summary="Moves an element from one end of a list to an end of another, and answers it.",
)
def lmove(client: Client, argv: list[bytes]) -> bytes:
    """LMOVE."""
    from_left, to_left = is_left(argv[3]), is_left(argv[4])
    value = move(client, argv[1], argv[2], from_left=from_left, to_left=to_left)
    return client.null if value is None else bulk(value)


@command(
    "rpoplpush",
    3,
    "write denyoom",
    group="list",
    since="1.2.0",
    keys=(1, 2, 1),
    syntax="source destination",
    summary="Moves the last element of a list to the front of another, and answers it.",
)
def rpoplpush(client: Client, argv: list[bytes]) -> bytes:
    """RPOPLPUSH."""
    value = move(client, argv[1], argv[2], from_left=False, to_left=True)
    return client.null if value is None else bulk(value)


def parse_lmpop(words: list[bytes]) -> tuple[list[bytes], bool, int]:
    """(keys, whether from the left, how many) of `numkeys key [key ...] LEFT|RIGHT [COUNT n]`.

    Raises CommandError.
    """
    number = parse_integer(words[0])
    if number is None or number < 1:
        raise CommandError("ERR numkeys should be greater than 0")
    if number + 1 >= len(words):
        raise CommandError(SYNTAX)
    left = is_left(words[number + 1])
    rest = words[number + 2 :]
    if rest and (len(rest) < 2 or rest[0].upper() != b"COUNT"):
        raise CommandError(SYNTAX)
    count = parse_integer(rest[1]) if rest else 1
    if count is None or count < 1:
        raise CommandError("ERR count should be greater than 0")
    if len(rest) > 2:
        raise CommandError(SYNTAX)
    return words[1 : number + 1], left, count


def pop_many(client: Client, keys: list[bytes], count: int, *, left: bool) -> bytes | None:
    """Pop from the first of the keys that exists: the reply of LMPOP; logged as LPOP or RPOP."""
    for key in keys:
        elements = client.db.collection(key, List)
        if elements is not None:
            popped = pop(client, key, elements, count, left=left)
            client.propagated = [[b"LPOP" if left else b"RPOP", key, b"%d" % len(popped)]]
            return array([bulk(key), bulks(popped)])
    return None


@command(
    "lmpop",
    -4,
    "write movablekeys",
    group="list",
    since="7.0.0",
    find_keys=counted_keys(count_at=1),
    syntax="numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
    summary="Takes elements out of the first of several lists that has some.",
)
def lmpop(client: Client, argv: list[bytes]) -> bytes:
    """LMPOP."""
    keys, left, count = parse_lmpop(argv[1:])
    return pop_many(client, keys, count, left=left) or null_array(client.resp)
