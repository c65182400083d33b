"""The census after a crash: a fresh connection asks for every write that the ledger remembers."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic

from engine import events
from engine.aof_text import resp_text
from scenes.acknowledged import Acknowledged, Count, Found, Kind, Slot, Write
from scenes.errors import SceneError
from scenes.resp import Connection, Reply, ReplyError
from scenes.sayings import trouble

AT_ONCE = 500
"""Keys, fields or members in one command."""
NAMES = 200
"""Writes named in one event, of each fate."""
CELLS = 48
"""Terminal cells kept of a key or a value."""


async def take(port: int, ledger: Acknowledged, source: events.Source) -> events.Census:
    """Ask for what `ledger` knows and count it; raises SceneError when the engine refuses."""
    began = monotonic()
    connection = await Connection.open(port)
    try:
        found = await read(connection, ledger.slots())
    finally:
        await connection.close()
    usec = int((monotonic() - began) * 1e6)
    return as_event(ledger.count(found), usec, source)


def as_event(count: Count, usec: int, source: events.Source) -> events.Census:
    """The count as it travels, names cut."""
    return events.Census(
        acknowledged=len(count.survived) + len(count.lost),
        survived=len(count.survived),
        lost=len(count.lost),
        in_flight=len(count.in_flight_survived) + len(count.in_flight_lost),
        in_flight_survived=len(count.in_flight_survived),
        left_out=count.left_out,
        lost_names=[_named(write) for write in count.lost[:NAMES]],
        in_flight_names=[_named(write) for write in count.in_flight_lost[:NAMES]],
        survivors=[_named(write) for write in count.survived[-NAMES:]],
        usec=usec,
        source=source,
    )


async def read(connection: Connection, slots: Iterable[Slot]) -> Found:
    """What the slots hold now, by MGET, HMGET and SMISMEMBER."""
    strings: list[bytes] = []
    within: dict[tuple[Kind, bytes], list[bytes]] = {}
    for kind, key, part in slots:
        if kind == "string":
            strings.append(key)
        else:
            within.setdefault((kind, key), []).append(part)
    found: dict[Slot, bytes | None] = {}
    for keys in _batches(strings):
        values = await _asked(connection, [b"MGET", *keys], len(keys))
        for key, value in zip(keys, values, strict=True):
            found["string", key, b""] = value if isinstance(value, bytes) else None
    for (kind, key), parts in within.items():
        for batch in _batches(parts):
            name = b"HMGET" if kind == "field" else b"SMISMEMBER"
            values = await _asked(connection, [name, key, *batch], len(batch))
            for part, value in zip(batch, values, strict=True):
                found[kind, key, part] = _held(kind, value)
    return found


def _held(kind: Kind, value: Reply) -> bytes | None:
    """A reply as the ledger has it: of a set, b"1" for a member."""
    if kind == "member":
        return b"1" if value == 1 else None
    return value if isinstance(value, bytes) else None


async def _asked(connection: Connection, argv: list[bytes], values: int) -> list[Reply]:
    reply = await connection.call(argv)
    if isinstance(reply, ReplyError) and str(reply).startswith("WRONGTYPE"):
        return [None] * values
    if not isinstance(reply, list):
        raise SceneError(trouble("census.cannot_read_keys", reply=f"{reply!r}"))
    return reply


def _batches(words: list[bytes]) -> Iterable[list[bytes]]:
    return (words[start : start + AT_ONCE] for start in range(0, len(words), AT_ONCE))


def _named(write: Write) -> tuple[str, str]:
    """Key and value as words: a field or a member stands behind its key."""
    kind, key, part = write.slot
    if kind == "member":
        return _short(key), _short(part)
    name = f"{_short(key)} {_short(part)}" if kind == "field" else _short(key)
    return name, _short(write.value)


def _short(data: bytes) -> str:
    return resp_text(data, CELLS)
