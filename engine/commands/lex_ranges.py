"""Ranges of members by their bytes, for sorted sets whose members all have the same score.

Source: zslParseLexRange(), zzlFirstInLexRange() in t_zset.c (Redis 7.0.15).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from engine.replies import CommandError
from engine.values.sorted_sets import SortedSet

NOT_A_LEX_RANGE = "ERR min or max not valid string range item"
_BEFORE_ALL = -1
_MEMBER = 0
_BEHIND_ALL = 1


@dataclass(frozen=True, slots=True)
class LexBound:
    """One end: a member, itself left out or not, or a place before or behind all members."""

    place: int
    member: bytes = b""
    excluded: bool = True

    def admits_above(self, member: bytes) -> bool:
        """Whether a member may be in a range that begins here."""
        if self.place != _MEMBER:
            return self.place == _BEFORE_ALL
        return member > self.member if self.excluded else member >= self.member

    def admits_below(self, member: bytes) -> bool:
        """Whether a member may be in a range that ends here."""
        if self.place != _MEMBER:
            return self.place == _BEHIND_ALL
        return member < self.member if self.excluded else member <= self.member


@dataclass(frozen=True, slots=True)
class LexRange:
    """The members between two bounds."""

    low: LexBound
    high: LexBound

    def span(self, members: SortedSet, *, reverse: bool = False) -> tuple[int, int]:
        """(first rank, the rank behind the last) of the members in the range.

        Where scores differ there is no such range. Redis then answers what its walk from one end
        (with `reverse` the upper one) meets, and so does this.
        """
        ranks = members.ranks
        if not self.low.admits_above(ranks[-1][1]) or not self.high.admits_below(ranks[0][1]):
            return 0, 0
        if ranks[0][0] == ranks[-1][0] or members.is_large:
            start = self._rank(
                members, self.low, bisect_right if self.low.excluded else bisect_left
            )
            end = self._rank(
                members, self.high, bisect_left if self.high.excluded else bisect_right
            )
            return start, max(start, end)
        return self._walk([member for _, member in ranks], reverse)

    def _rank(self, members: SortedSet, bound: LexBound, cut: Callable[..., int]) -> int:
        if bound.place != _MEMBER:
            return 0 if bound.place == _BEFORE_ALL else len(members)
        ranks = members.ranks
        if ranks[0][0] == ranks[-1][0]:
            return cut(ranks, (ranks[0][0], bound.member))
        return cut(ranks, bound.member, key=lambda item: item[1])

    def _walk(self, names: list[bytes], reverse: bool) -> tuple[int, int]:
        above, below = self.low.admits_above, self.high.admits_below
        if self._is_empty():
            return 0, 0
        if reverse:
            end = next((at for at in range(len(names), 0, -1) if below(names[at - 1])), 0)
            start = end
            while start and above(names[start - 1]):
                start -= 1
            return start, end
        start = end = next((at for at, name in enumerate(names) if above(name)), len(names))
        while end < len(names) and below(names[end]):
            end += 1
        return start, end

    def _is_empty(self) -> bool:
        low, high = self.low, self.high
        ends = (low.place, low.member), (high.place, high.member)
        return ends[0] > ends[1] or (ends[0] == ends[1] and (low.excluded or high.excluded))


def lex_range(low: bytes, high: bytes) -> LexRange:
    """The range that two words give; raises CommandError."""
    return LexRange(_bound(low), _bound(high))


def _bound(word: bytes) -> LexBound:
    kind = word[:1]
    if kind in (b"[", b"("):
        return LexBound(_MEMBER, word[1:], excluded=kind == b"(")
    if kind in (b"-", b"+") and word[1:2] in (b"", b"\0"):  # a C string
        return LexBound(_BEFORE_ALL if kind == b"-" else _BEHIND_ALL)
    raise CommandError(NOT_A_LEX_RANGE)
