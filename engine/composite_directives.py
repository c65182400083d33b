"""Directives whose value is more than one word: save points, buffer limits, event classes, lists.

Their grammars and error texts are those of Redis 7.0.15 (src/config.c, src/notify.c).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.directives import Kind, Memory, quoted
from engine.errors import ConfigError

SavePoints = tuple[tuple[int, int], ...]
"""(seconds, changes) pairs."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII).fullmatch
_FLOAT = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{0,18})?", re.ASCII).fullmatch


class SavePointList(Kind[SavePoints]):
    """`60 1000 300 10`; an empty value is no save point at all."""

    takes_words = True
    accumulates = True

    def parse(self, words: Sequence[str], current: SavePoints) -> SavePoints:
        if not words or list(words) == [""]:
            return ()
        if len(words) % 2 or not all(map(_INTEGER, words)):
            raise ConfigError("Invalid save parameters")
        numbers = [int(word) for word in words]
        points = tuple(zip(numbers[::2], numbers[1::2], strict=True))
        if any(seconds < 1 or changes < 0 for seconds, changes in points):
            raise ConfigError("Invalid save parameters")
        return current + points

    def show(self, value: SavePoints) -> str:
        return " ".join(f"{seconds} {changes}" for seconds, changes in value)

    def lines(self, value: SavePoints) -> list[str]:
        return [f"{seconds} {changes}" for seconds, changes in value] or ['""']


class OutputLimit(NamedTuple):
    """A client is cut off at `hard` bytes of replies, or after `seconds` above `soft`; 0: never."""

    hard: int
    soft: int
    seconds: int


class OutputLimits(NamedTuple):
    """The limits of each class of clients."""

    normal: OutputLimit
    replica: OutputLimit
    pubsub: OutputLimit


_CLASSES = {"normal": "normal", "slave": "replica", "replica": "replica", "pubsub": "pubsub"}


class OutputLimitTable(Kind[OutputLimits]):
    """`<class> <hard> <soft> <seconds>`, once or several times; other classes stay as they are."""

    takes_words = True

    def parse(self, words: Sequence[str], current: OutputLimits) -> OutputLimits:
        if len(words) % 4:
            raise ConfigError("Wrong number of arguments in buffer limit configuration.")
        for at in range(0, len(words), 4):
            name, hard, soft, seconds = words[at : at + 4]
            if name.lower() not in _CLASSES:
                raise ConfigError("Invalid client class specified in buffer limit configuration.")
            try:
                limit = OutputLimit(_size(hard), _size(soft), _size(seconds))
            except ConfigError:
                raise ConfigError(
                    "Error in hard, soft or soft_seconds setting in buffer limit configuration."
                ) from None
            current = current._replace(**{_CLASSES[name.lower()]: limit})
        return current

    def show(self, value: OutputLimits) -> str:
        names = ("normal", "slave", "pubsub")
        return " ".join(
            f"{name} {limit.hard} {limit.soft} {limit.seconds}"
            for name, limit in zip(names, value, strict=True)
        )

    def lines(self, value: OutputLimits) -> list[str]:
        show = Memory().lines
        return [
            f"{name} {show(limit.hard)[0]} {show(limit.soft)[0]} {limit.seconds}"
            for name, limit in zip(value._fields, value, strict=True)
        ]


def _size(word: str) -> int:
    return Memory().parse([word], 0)


class EventClasses(Kind[frozenset[str]]):
    """The letters of notify-keyspace-events, `A` spelled out."""

    _ALL = "g$lshzxetd"
    _LETTERS = f"A{_ALL}nKEm"

    def parse(self, words: Sequence[str], current: frozenset[str]) -> frozenset[str]:
        letters = set(words[0])
        if not letters <= set(self._LETTERS):
            raise ConfigError("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
        if "A" in letters:
            letters |= set(self._ALL)
        return frozenset(letters - {"A"})

    def show(self, value: frozenset[str]) -> str:
        everything = set(self._ALL) <= value
        order = "KEnm" if everything else f"{self._ALL}nKEm"
        return ("A" if everything else "") + "".join(letter for letter in order if letter in value)

    def lines(self, value: frozenset[str]) -> list[str]:
        return [quoted(self.show(value))]


class Addresses(Kind[tuple[str, ...]]):
    """The addresses to listen on; one with a leading `-` may be missing on this machine."""

    takes_words = True

    def parse(self, words: Sequence[str], current: tuple[str, ...]) -> tuple[str, ...]:
        if len(words) > 16:
            raise ConfigError("Too many bind addresses specified.")
        return () if list(words) == [""] else tuple(words)

    def show(self, value: tuple[str, ...]) -> str:
        return " ".join(value)

    def lines(self, value: tuple[str, ...]) -> list[str]:
        return [self.show(value) or '""']


@dataclass(frozen=True)
class Numbers(Kind[tuple[int, ...]]):
    """A fixed count of numbers within bounds."""

    count: int
    low: int
    high: int
    complaint: str

    takes_words = True

    def parse(self, words: Sequence[str], current: tuple[int, ...]) -> tuple[int, ...]:
        if len(words) != self.count:
            raise ConfigError("wrong number of arguments")
        if not all(_INTEGER(word) and self.low <= int(word) <= self.high for word in words):
            raise ConfigError(self.complaint)
        return tuple(map(int, words))

    def show(self, value: tuple[int, ...]) -> str:
        return " ".join(map(str, value))


class Percentiles(Kind[tuple[float, ...]]):
    """Shares between 0 and 100; an empty value is none."""

    takes_words = True

    def parse(self, words: Sequence[str], current: tuple[float, ...]) -> tuple[float, ...]:
        if list(words) == [""]:
            return ()
        if not all(map(_FLOAT, words)):
            raise ConfigError("Invalid latency-tracking-info-percentiles parameters")
        shares = tuple(map(float, words))
        if not all(0 <= share <= 100 for share in shares):
            raise ConfigError(
                "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
            )
        return shares

    def show(self, value: tuple[float, ...]) -> str:
        return " ".join(f"{share:f}".rstrip("0").rstrip(".") for share in value)

    def lines(self, value: tuple[float, ...]) -> list[str]:
        return [self.show(value) or '""']


class Pair(Kind[str]):
    """`<host> <port>`, or nothing (replicaof)."""

    takes_words = True

    def parse(self, words: Sequence[str], current: str) -> str:
        if len(words) != 2:
            raise ConfigError("wrong number of arguments")
        return "" if [word.lower() for word in words] == ["no", "one"] else " ".join(words)

    def show(self, value: str) -> str:
        return value
