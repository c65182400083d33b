"""The options of SET and GETEX, with the rules for which of them go together.

Source: parseExtendedStringArgumentsOrReply() and getExpireMillisecondsOrReply() in t_string.c
(Redis 7.0). Options may repeat and come in any order; the last expiry counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.commands.numbers import MAX, integer_of
from engine.replies import SYNTAX, CommandError, invalid_expire

_EXPIRIES = frozenset({b"EX", b"PX", b"EXAT", b"PXAT"})


@dataclass(slots=True)
class SetOptions:
    """What was asked for."""

    only_if_missing: bool = False
    only_if_there: bool = False
    get: bool = False
    keep_expiry: bool = False
    persist: bool = False
    unit: bytes = b""
    """EX, PX, EXAT or PXAT; empty where no expiry was given."""
    amount: bytes = b""


def parse_set(words: list[bytes]) -> SetOptions:
    """The words behind `SET key value`; raises CommandError."""
    options = SetOptions()
    position = 0
    while position < len(words):
        word = words[position].upper()
        if word == b"NX" and not options.only_if_there:
            options.only_if_missing = True
        elif word == b"XX" and not options.only_if_missing:
            options.only_if_there = True
        elif word == b"GET":
            options.get = True
        elif word == b"KEEPTTL" and not options.unit:
            options.keep_expiry = True
        elif _takes_expiry(options, words, position):
            position += 1
        else:
            raise CommandError(SYNTAX)
        position += 1
    return options


def parse_getex(words: list[bytes]) -> SetOptions:
    """The words behind `GETEX key`; raises CommandError."""
    options = SetOptions()
    position = 0
    while position < len(words):
        if words[position].upper() == b"PERSIST" and not options.unit:
            options.persist = True
        elif _takes_expiry(options, words, position):
            position += 1
        else:
            raise CommandError(SYNTAX)
        position += 1
    return options


def _takes_expiry(options: SetOptions, words: list[bytes], position: int) -> bool:
    unit = words[position].upper()
    if (
        unit not in _EXPIRIES
        or options.keep_expiry
        or options.persist
        or options.unit not in (b"", unit)
        or position + 1 == len(words)
    ):
        return False
    options.unit = unit
    options.amount = words[position + 1]
    return True


def deadline(unit: bytes, amount: bytes, now_ms: int, command: str) -> int:
    """The Unix time in milliseconds that an expiry option means; raises CommandError."""
    milliseconds = integer_of(amount)
    in_seconds = unit in (b"EX", b"EXAT")
    if milliseconds <= 0 or (in_seconds and milliseconds > MAX // 1000):
        raise invalid_expire(command)
    if in_seconds:
        milliseconds *= 1000
    if unit in (b"EX", b"PX"):
        milliseconds += now_ms
    if milliseconds > MAX:
        raise invalid_expire(command)
    return milliseconds
