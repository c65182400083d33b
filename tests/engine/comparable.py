"""Replies as values that are equal where a client may not tell them apart.

Sets have no order, chance decides what SRANDMEMBER gives, and times that count down or were
computed from the clock are a little different in two servers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Reply: TypeAlias = "bytes | tuple[bytes, list[Reply]]"
"""A line with its mark, or the mark of an aggregate and what is in it."""
NONE = b"no reply"
"""RESP2's two nulls."""

_TIMES = {b"TTL": 1, b"EXPIRETIME": 1, b"PTTL": 3000, b"PEXPIRETIME": 3000}
"""How much these may differ, in their units."""
_UNORDERED = (b"SMEMBERS", b"SUNION", b"SINTER", b"SDIFF", b"KEYS", b"HKEYS", b"HVALS", b"SPOP")
_PAIRS = (b"HGETALL",)
_BY_CHANCE = (b"SRANDMEMBER", b"HRANDFIELD", b"ZRANDMEMBER", b"RANDOMKEY")
_SCANS = {b"SCAN": False, b"SSCAN": False, b"HSCAN": True, b"ZSCAN": True}
"""Whether they answer pairs."""


def parsed(data: bytes) -> Reply:
    """One reply, which must be all of the data."""
    reply, rest = _parse(data)
    assert not rest, rest
    return reply


def _parse(data: bytes) -> tuple[Reply, bytes]:
    line, _, rest = data.partition(b"\r\n")
    mark, size = line[:1], line[1:]
    if line in (b"$-1", b"*-1"):
        return line[:1] + NONE, rest
    if mark in (b"$", b"="):
        end = int(size)
        return mark + rest[:end], rest[end + 2 :]
    if mark not in (b"*", b"~", b">", b"%"):
        return line, rest
    items = []
    for _ in range(int(size) * (2 if mark == b"%" else 1)):
        item, rest = _parse(rest)
        items.append(item)
    return (mark, items), rest


def same(argv: list[bytes], ours: Reply, theirs: Reply) -> bool:
    """Whether both replies to a command say the same."""
    name = argv[0].upper()
    if name in _TIMES and all(isinstance(it, bytes) and it[:1] == b":" for it in (ours, theirs)):
        first, second = int(ours[1:]), int(theirs[1:])  # type: ignore[arg-type]
        either_is_none = min(first, second) < 0
        return first == second or (not either_is_none and abs(first - second) <= _TIMES[name])
    canonical = _canonical(argv)
    return canonical(ours) == canonical(theirs)


def _canonical(argv: list[bytes]) -> Callable[[Reply], object]:
    """What to compare of a reply to these words."""
    name = argv[0].upper()
    if name in _BY_CHANCE:
        return _shape
    if name in _UNORDERED:
        return _sorted
    if name in _PAIRS:
        return _sorted_pairs
    if name in _SCANS:
        return _scanned_pairs if _SCANS[name] else _scanned
    if name.startswith(b"SORT") and b"nosort" in argv:
        return _shape if b"LIMIT" in argv else _sorted
    return _itself


def _itself(reply: Reply) -> object:
    return reply


def _shape(reply: Reply) -> object:
    """The number of elements, and of what kind they are."""
    if isinstance(reply, bytes):
        return reply if reply[:1] == b"-" or reply[1:] == NONE else reply[:1]
    mark, items = reply
    return mark, [_shape(item) for item in items]


def _sorted(reply: Reply) -> object:
    return reply if isinstance(reply, bytes) else (reply[0], sorted(map(repr, reply[1])))


def _sorted_pairs(reply: Reply) -> object:
    if isinstance(reply, bytes):
        return reply
    mark, items = reply
    return mark, sorted(map(repr, zip(items[::2], items[1::2], strict=False))), len(items)


def _scanned(reply: Reply) -> object:
    return reply if isinstance(reply, bytes) else _sorted(reply[1][-1])


def _scanned_pairs(reply: Reply) -> object:
    return reply if isinstance(reply, bytes) else _sorted_pairs(reply[1][-1])
