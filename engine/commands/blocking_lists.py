"""List commands that wait until there is something to take.

What they do when there is something is what LPOP, RPOP, LMOVE and LMPOP do, and so the AOF says.
Source: t_list.c (Redis 7.0.15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import blocking
from engine.commands.list_moves import is_left, move, parse_lmpop, pop_many
from engine.commands.lists import pop
from engine.commands.table import COMMANDS, command, counted_keys
from engine.commands.timeouts import timeout_of
from engine.replies import bulk, bulks, null_array
from engine.values.lists import List

if TYPE_CHECKING:
    from engine.client import Client

_SIDES = {True: b"left", False: b"right"}


def _pop(client: Client, argv: list[bytes], *, left: bool) -> bytes:
    seconds = timeout_of(argv[-1])
    for key in argv[1:-1]:
        elements = client.db.collection(key, List)
        if elements is not None:
            client.propagated = [[b"LPOP" if left else b"RPOP", key]]
            return bulks([key, *pop(client, key, elements, 1, left=left)])
    nothing = null_array(client.resp)
    if not blocking.may_wait(client):
        return nothing
    wait = blocking.Wait(
        COMMANDS[b"blpop" if left else b"brpop"],
        argv[1:-1],
        List,
        lambda key: [argv[0], key, b"0"],
        nothing,
        counts=False,
    )
    client.server.blocking.start(client, wait, seconds)
    return b""


@command(
    "blpop",
    -3,
    "write noscript blocking",
    group="list",
    since="2.0.0",
    keys=(1, -2, 1),
    categories="blocking",
    syntax="key [key ...] timeout",
    summary="Takes the first element of the first list that has some, and waits for one.",
)
def blpop(client: Client, argv: list[bytes]) -> bytes:
    """BLPOP."""
    return _pop(client, argv, left=True)


@command(
    "brpop",
    -3,
    "write noscript blocking",
    group="list",
    since="2.0.0",
    keys=(1, -2, 1),
    categories="blocking",
    syntax="key [key ...] timeout",
    summary="Takes the last element of the first list that has some, and waits for one.",
)
def brpop(client: Client, argv: list[bytes]) -> bytes:
    """BRPOP."""
    return _pop(client, argv, left=False)


@command(
    "blmove",
    6,
    "write denyoom noscript blocking",
    group="list",
    since="6.2.0",
    keys=(1, 2, 1),
    categories="blocking",
    syntax="source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout",
    summary="Moves an element from list to list like LMOVE, and waits for one.",
)
def blmove(client: Client, argv: list[bytes]) -> bytes:
    """BLMOVE."""
    source, target = argv[1], argv[2]
    from_left, to_left = is_left(argv[3]), is_left(argv[4])
    seconds = timeout_of(argv[5])
    value = move(client, source, target, from_left=from_left, to_left=to_left)
    if value is not None:
        client.propagated = [[b"LMOVE", *argv[1:5]]]
        return bulk(value)
    words = [argv[0], source, target, _SIDES[from_left], _SIDES[to_left], b"0"]
    return _wait_to_move(client, b"blmove", words, seconds)


@command(
    "brpoplpush",
    4,
    "write denyoom noscript blocking",
    group="list",
    since="2.2.0",
    keys=(1, 2, 1),
    categories="blocking",
    syntax="source destination timeout",
    summary="Moves an element from list to list like RPOPLPUSH, and waits for one.",
)
def brpoplpush(client: Client, argv: list[bytes]) -> bytes:
    """BRPOPLPUSH."""
    source, target = argv[1], argv[2]
    seconds = timeout_of(argv[3])
    value = move(client, source, target, from_left=False, to_left=True)
    if value is not None:
        client.propagated = [[b"RPOPLPUSH", source, target]]
        return bulk(value)
    return _wait_to_move(client, b"brpoplpush", [*argv[:3], b"0"], seconds)


def _wait_to_move(client: Client, name: bytes, words: list[bytes], seconds: float) -> bytes:
    if not blocking.may_wait(client):
        return client.null
    wait = blocking.Wait(
        COMMANDS[name],
        [words[1]],
        List,
        lambda key: words,
        null_array(client.resp),
        counts=False,
    )
    client.server.blocking.start(client, wait, seconds)
    return b""


@command(
    "blmpop",
    -5,
    "write blocking movablekeys",
    group="list",
    since="7.0.0",
    find_keys=counted_keys(count_at=2),
    categories="blocking",
    syntax="timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
    summary="Takes elements out of the first list that has some, and waits for one.",
)
def blmpop(client: Client, argv: list[bytes]) -> bytes:
    """BLMPOP."""
    keys, left, count = parse_lmpop(argv[2:])
    seconds = timeout_of(argv[1])
    found = pop_many(client, keys, count, left=left)
    if found is not None:
        return found
    nothing = null_array(client.resp)
    if not blocking.may_wait(client):
        return nothing
    rest = argv[3 + len(keys) :]
    wait = blocking.Wait(
        COMMANDS[b"blmpop"],
        keys,
        List,
        lambda key: [argv[0], b"0", b"1", key, *rest],
        nothing,
    )
    client.server.blocking.start(client, wait, seconds)
    return b""
