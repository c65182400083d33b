"""Sorted set commands that wait until there is a member to take.

Source: t_zset.c, blocked.c (Redis 7.0.15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import blocking
from engine.commands.sorted_set_pops import nested_pairs, parse_zmpop, pop, pop_first
from engine.commands.table import COMMANDS, command, counted_keys
from engine.commands.timeouts import timeout_of
from engine.replies import array, bulk, double, null_array
from engine.values.sorted_sets import SortedSet

if TYPE_CHECKING:
    from engine.client import Client


def _pop(client: Client, argv: list[bytes], *, highest: bool) -> bytes:
    seconds = timeout_of(argv[-1])
    for key in argv[1:-1]:
        members = client.db.collection(key, SortedSet)
        if members is not None:
            ((score, member),) = pop(client, key, members, 1, highest=highest)
            client.propagated = [[b"ZPOPMAX" if highest else b"ZPOPMIN", key]]
            return array([bulk(key), bulk(member), double(client.resp, score)])
    nothing = null_array(client.resp)
    if not blocking.may_wait(client):
        return nothing
    wait = blocking.Wait(
        COMMANDS[b"bzpopmax" if highest else b"bzpopmin"],
        argv[1:-1],
        SortedSet,
        lambda key: [argv[0], key, b"0"],
        nothing,
    )
    client.server.blocking.start(client, wait, seconds)
    return b""


@command(
    "bzpopmin",
    -3,
    "write noscript blocking fast",
    group="sorted-set",
    since="5.0.0",
    keys=(1, -2, 1),
    categories="blocking",
    syntax="key [key ...] timeout",
    summary="Takes the member with the lowest score, and waits for one.",
)
def bzpopmin(client: Client, argv: list[bytes]) -> bytes:
    """BZPOPMIN."""
    return _pop(client, argv, highest=False)


@command(
    "bzpopmax",
    -3,
    "write noscript blocking fast",
    group="sorted-set",
    since="5.0.0",
    keys=(1, -2, 1),
    categories="blocking",
    syntax="key [key ...] timeout",
    summary="Takes the member with the highest score, and waits for one.",
)
def bzpopmax(client: Client, argv: list[bytes]) -> bytes:
    """BZPOPMAX."""
    return _pop(client, argv, highest=True)


@command(
    "bzmpop",
    -5,
    "write blocking movablekeys",
    group="sorted-set",
    since="7.0.0",
    find_keys=counted_keys(count_at=2),
    categories="blocking",
    syntax="timeout numkeys key [key ...] <MIN | MAX> [COUNT count]",
    summary="Takes members out of the first sorted set that has some, and waits for one.",
)
def bzmpop(client: Client, argv: list[bytes]) -> bytes:
    """BZMPOP."""
    keys, highest, count = parse_zmpop(argv[2:])
    seconds = timeout_of(argv[1])
    found = pop_first(client, keys, count, highest=highest)
    if found is not None:
        return array([bulk(found[0]), nested_pairs(client.resp, found[1])])
    nothing = null_array(client.resp)
    if not blocking.may_wait(client):
        return nothing
    rest = argv[3 + len(keys) :]
    wait = blocking.Wait(
        COMMANDS[b"bzmpop"],
        keys,
        SortedSet,
        lambda key: [argv[0], b"0", b"1", key, *rest],
        nothing,
    )
    client.server.blocking.start(client, wait, seconds)
    return b""
