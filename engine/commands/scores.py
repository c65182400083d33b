"""Scores of sorted sets: as commands' words give them, and as replies tell them.

Redis reads doubles with C's strtod(): hexadecimal, `inf` and, between bounds, an empty word that
is zero. Source: string2d() in util.c, zslParseRange() in t_zset.c (Redis 7.0.15).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from engine.replies import NOT_A_FLOAT, CommandError, array, bulk, double
from engine.values.sorted_sets import SortedSet

NOT_A_SCORE_RANGE = "ERR min or max is not a float"
NOT_A_NUMBER = "ERR resulting score is not a number (NaN)"

_PLAIN = re.compile(rb"-?\d{1,15}(?:\.\d{1,15})?").fullmatch
_STRTOD = re.compile(
    rb"[ \t\n\v\f\r]*([+-]?(?:(?P<hex>0x(?:[\da-f]+\.?[\da-f]*|\.[\da-f]+)(?:p[+-]?\d+)?)"
    rb"|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan))",
    re.IGNORECASE,
)
_MANTISSA = re.compile(rb"[+-]?(?:0x[0.]*[1-9a-f]|[0.]*[1-9])", re.IGNORECASE)


def strtod(text: bytes) -> tuple[float, int]:
    """(number, bytes that it takes) at a text's beginning; (0, 0) where there is none."""
    found = _STRTOD.match(text)
    if found is None:
        return 0.0, 0
    word = found[1].decode()
    if found["hex"] is None:
        return float(word), found.end()
    try:
        return float.fromhex(word), found.end()
    except OverflowError:
        return math.inf if word[0] != "-" else -math.inf, found.end()


def score_of(word: bytes, message: str = NOT_A_FLOAT) -> float:
    """A word as a double, never NaN; raises CommandError with `message`."""
    if _PLAIN(word):
        return float(word)
    number, size = strtod(word)
    is_lost = number == 0 and _MANTISSA.match(word)
    too_large = math.isinf(number) and b"i" not in word.lower()
    if not word or size != len(word) or word[:1].isspace() or is_lost or too_large:
        raise CommandError(message)
    if math.isnan(number):
        raise CommandError(message)
    return number


@dataclass(frozen=True, slots=True)
class ScoreRange:
    """The scores between two bounds, each of which may be left out itself."""

    low: float
    high: float
    above_low: bool = False
    below_high: bool = False

    def span(self, members: SortedSet) -> tuple[int, int]:
        """(first rank, the rank behind the last) of the members in the range."""
        start = (_rank_above if self.above_low else _rank_from)(members, self.low)
        end = (_rank_from if self.below_high else _rank_above)(members, self.high)
        return start, max(start, end)


def score_range(low: bytes, high: bytes) -> ScoreRange:
    """The range that two words give; raises CommandError."""
    least, above = _bound(low)
    most, below = _bound(high)
    return ScoreRange(least, most, above, below)


def _bound(word: bytes) -> tuple[float, bool]:
    excluded = word[:1] == b"("
    text = word[excluded:].partition(b"\0")[0]  # a C string
    number, size = strtod(text)
    if size != len(text) or math.isnan(number):
        raise CommandError(NOT_A_SCORE_RANGE)
    return number, excluded


def _rank_from(members: SortedSet, score: float) -> int:
    return int(members.ranks.bisect_left((score, b"")))


def _rank_above(members: SortedSet, score: float) -> int:
    if score == math.inf:
        return len(members)
    return _rank_from(members, math.nextafter(score, math.inf))


def pairs_reply(resp: int, pairs: Iterable[tuple[float, bytes]]) -> bytes:
    """Members with their scores: pairs, in RESP2 one flat array."""
    if resp == 3:
        return array([b"*2\r\n" + bulk(member) + double(3, score) for score, member in pairs])
    flat: list[bytes] = []
    for score, member in pairs:
        flat += (bulk(member), double(2, score))
    return array(flat)
