"""The census: a fresh client asks the restarted server for every numbered write."""

from __future__ import annotations

import msgspec

from scenes.errors import SceneError
from scenes.lab import numbered
from scenes.lab.ledger import Ledger
from scenes.lab.wording import judged
from scenes.resp import Connection, Reply, ReplyError

_AT_ONCE = 1000


class Census(msgspec.Struct, frozen=True):
    """What was found."""

    survivors: set[int]
    damaged: list[str] = []
    """Each a line: a wrong value, a number twice, a list out of order."""
    fillers: int = 0
    """Of the keys `filler:0`, `filler:1` ... that were there from the start."""


async def take(port: int, sets: set[int], connections: int, fillers: int) -> Census:
    """Ask for the even numbers in `sets` and read every connection's list.

    The client is a fresh one, and not the process that keeps the ledger.
    """
    connection = await Connection.open(port)
    try:
        survivors, damaged = await _values(connection, sorted(n for n in sets if n % 2 == 0))
        for line in range(connections):
            numbers, strange = await _list(connection, line)
            damaged += strange
            if len(set(numbers)) != len(numbers):
                damaged.append(judged("seen.twice", line=str(line)))
            elif numbers != sorted(numbers):
                damaged.append(judged("seen.order", line=str(line)))
            survivors |= set(numbers)
        return Census(survivors, damaged, await _fillers(connection, fillers))
    finally:
        await connection.close()


async def _values(connection: Connection, numbers: list[int]) -> tuple[set[int], list[str]]:
    survivors, damaged = set(), []
    for start in range(0, len(numbers), _AT_ONCE):
        asked = numbers[start : start + _AT_ONCE]
        values = await _call(connection, [b"MGET", *map(numbered.name, asked)])
        assert isinstance(values, list)
        for number, value in zip(asked, values, strict=True):
            if value == numbered.value(number):
                survivors.add(number)
            elif value is not None:
                damaged.append(judged("seen.value", number=str(number), value=repr(value)))
    return survivors, damaged


async def _list(connection: Connection, line: int) -> tuple[list[int], list[str]]:
    items = await _call(connection, [b"LRANGE", numbered.list_name(line), b"0", b"-1"])
    assert isinstance(items, list)
    numbers, strange = [], []
    for item in items:
        assert isinstance(item, bytes)
        if item.isdigit():
            numbers.append(int(item))
        else:
            strange.append(judged("seen.item", line=str(line), item=repr(item)))
    return numbers, strange


async def _fillers(connection: Connection, count: int) -> int:
    if not count:
        return 0
    found = await _call(connection, [b"EXISTS", *(b"filler:%d" % n for n in range(count))])
    assert isinstance(found, int)
    return found


async def _call(connection: Connection, argv: list[bytes]) -> Reply:
    reply = await connection.call(argv)
    if isinstance(reply, ReplyError):
        raise SceneError(judged("trouble.census", reply=str(reply)))
    return reply


def holes(ledger: Ledger, survivors: set[int]) -> list[int]:
    """Survivors that were sent behind a lost write of the same connection: no prefix then."""
    found = []
    for connection in sorted({entry.connection for entry in ledger.entries}):
        lost = False
        for entry in ledger.of_connection(connection):
            if entry.refused:
                continue
            if entry.number not in survivors:
                lost = True
            elif lost:
                found.append(entry.number)
    return found
