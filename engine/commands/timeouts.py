"""How long a blocking command waits. Source: timeout.c (Redis 7.0.15)."""

from __future__ import annotations

import math

from engine.commands.numbers import MAX, long_double_of
from engine.replies import NOT_FINITE, CommandError

_NEGATIVE = "ERR timeout is negative"
_NOT_A_FLOAT = "ERR timeout is not a float or out of range"


def timeout_of(word: bytes) -> float:
    """Seconds, a whole number of milliseconds; 0 means for ever. Raises CommandError.

    Where the x86 cannot make an integer of the milliseconds it makes the lowest one: "negative".
    """
    try:
        milliseconds = math.ceil(long_double_of(word) * 1000)
    except CommandError as problem:
        is_infinite = str(problem) == NOT_FINITE
        raise CommandError(_NEGATIVE if is_infinite else _NOT_A_FLOAT) from None
    if not 0 <= milliseconds <= MAX:
        raise CommandError(_NEGATIVE)
    return milliseconds / 1000
