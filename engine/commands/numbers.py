"""Numbers in commands' words: Redis' strict integers, cursors and long doubles.

Redis takes an integer only in the form that it would print itself: no blanks, no plus sign, no
leading zeros. Sources: string2ll() and ld2string() in util.c, object.c (Redis 7.0).
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

from engine.replies import NOT_A_FLOAT, NOT_AN_INTEGER, NOT_FINITE, CommandError

MIN = -(1 << 63)
MAX = (1 << 63) - 1
_INT_MAX = (1 << 31) - 1
_LONGEST_FLOAT = 5 * 1024
_FLOAT = re.compile(
    rb"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
    rb"|0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[+-]?\d+)?|inf|infinity)",
    re.IGNORECASE,
)
_MANTISSA_BITS = 64
"""Of the x86 long double, in which Redis computes INCRBYFLOAT."""
_MAX_EXPONENT = 16384
_TOO_LARGE = 1 << _MAX_EXPONENT
_SMALLEST = Fraction(1, 1 << 16445)


def parse_integer(word: bytes) -> int | None:
    """A signed 64-bit integer in its shortest form; None for anything else."""
    if len(word) > 20:
        return None
    try:
        number = int(word)
    except ValueError:
        return None
    return number if MIN <= number <= MAX and b"%d" % number == word else None


def integer_of(word: bytes, message: str = NOT_AN_INTEGER) -> int:
    """A signed 64-bit integer; raises CommandError with `message` for anything else."""
    number = parse_integer(word)
    if number is None:
        raise CommandError(message)
    return number


def int_of(word: bytes, message: str = "") -> int:
    """A C int (32 bits); raises CommandError."""
    number = integer_of(word, message or NOT_AN_INTEGER)
    if not -_INT_MAX - 1 <= number <= _INT_MAX:
        raise CommandError(
            message
            or f"ERR value is out of range, value must between {-_INT_MAX - 1} and {_INT_MAX}"
        )
    return number


def long_double_of(word: bytes) -> Fraction:
    """A finite number as the nearest x86 long double; raises CommandError."""
    if len(word) >= _LONGEST_FLOAT or not _FLOAT.fullmatch(word):
        raise CommandError(NOT_A_FLOAT)
    text = word.decode().lower()
    if "inf" in text:
        raise CommandError(NOT_FINITE)
    exponent = text.partition("p" if "x" in text else "e")[2]
    if exponent and abs(int(exponent[:12])) > _MAX_EXPONENT:
        raise CommandError(NOT_A_FLOAT)
    number = _nearest(_hexadecimal(text) if "x" in text else Fraction(text))
    if number and not _SMALLEST <= abs(number) < _TOO_LARGE:
        raise CommandError(NOT_A_FLOAT)
    return number


def is_infinite(word: bytes) -> bool:
    """Whether a word is one of infinity's."""
    return _FLOAT.fullmatch(word) is not None and b"inf" in word.lower()


def add_long_doubles(first: Fraction, second: Fraction) -> Fraction:
    """Their sum, rounded as the x86 rounds it; raises CommandError if it is infinite."""
    total = _nearest(first + second)
    if abs(total) >= _TOO_LARGE:
        raise CommandError(NOT_FINITE)
    return total


def format_long_double(number: Fraction) -> bytes:
    """17 decimals, without zeros at the end: how Redis stores INCRBYFLOAT's result."""
    scaled = round(number * 10**17)
    sign = "-" if scaled < 0 else ""
    whole, decimals = divmod(abs(scaled), 10**17)
    text = f"{sign}{whole}.{decimals:017d}".rstrip("0").rstrip(".")
    return b"0" if text == "-0" else text.encode()


def _hexadecimal(text: str) -> Fraction:
    mantissa, _, exponent = text.replace("0x", "", 1).partition("p")
    sign = -1 if mantissa.startswith("-") else 1
    whole, _, part = mantissa.lstrip("+-").partition(".")
    digits = Fraction(int(whole + part or "0", 16), 16 ** len(part))
    return sign * digits * Fraction(2) ** int(exponent or 0)


def _nearest(number: Fraction) -> Fraction:
    """The nearest fraction with 64 bits of mantissa."""
    if not number:
        return number
    size = number.numerator.bit_length() - number.denominator.bit_length()
    unit = Fraction(2) ** (size - _MANTISSA_BITS)
    mantissa = abs(number) / unit
    while mantissa >= 1 << _MANTISSA_BITS:
        unit *= 2
        mantissa /= 2
    while mantissa < 1 << (_MANTISSA_BITS - 1):
        unit /= 2
        mantissa *= 2
    rounded = round(mantissa) * unit
    return rounded if number > 0 else -rounded


def parse_seconds(word: bytes) -> float | None:
    """A finite number of seconds; None for anything else."""
    try:
        seconds = float(word)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None
