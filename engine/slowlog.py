"""The slow log: the last commands that took longer than slowlog-log-slower-than.

Source: slowlog.c (Redis 7.0): 32 words of a command are kept, 128 bytes of each.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from engine.redaction import redacted

MAX_WORDS = 32
MAX_BYTES = 128


class SlowLogSettings(Protocol):
    """The directive that limits the log."""

    slowlog_max_len: int


@dataclass(frozen=True, slots=True)
class SlowCommand:
    """One entry; `time` is Unix seconds."""

    id: int
    time: int
    usec: int
    argv: tuple[bytes, ...]
    address: str
    client_name: str


class SlowLog:
    """The newest entries first, at most slowlog-max-len of them."""

    def __init__(self, config: SlowLogSettings, *, clock: Callable[[], float] = time.time) -> None:
        self._config = config
        self._clock = clock
        self._entries: deque[SlowCommand] = deque()
        self._next_id = 0

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, argv: list[bytes], usec: int, address: str, client_name: str) -> None:
        """Note a command that took `usec` microseconds."""
        entry = SlowCommand(
            self._next_id, int(self._clock()), usec, shortened(argv), address, client_name
        )
        self._next_id += 1
        self._entries.appendleft(entry)
        while len(self._entries) > self._config.slowlog_max_len:
            self._entries.pop()

    def newest(self, count: int) -> list[SlowCommand]:
        """Up to `count` entries, newest first; -1 for all."""
        return list(self._entries)[: count if count >= 0 else None]

    def reset(self) -> None:
        """Drop all entries; ids go on counting."""
        self._entries.clear()


def shortened(argv: list[bytes]) -> tuple[bytes, ...]:
    """A command's words as the log keeps them: not too many, not too long, and no password."""
    words = [_cut(word) for word in redacted(argv[:MAX_WORDS])]
    if len(argv) > MAX_WORDS:
        words[-1] = b"... (%d more arguments)" % (len(argv) - MAX_WORDS + 1)
    return tuple(words)


def _cut(word: bytes) -> bytes:
    more = len(word) - MAX_BYTES
    return word if more <= 0 else b"%b... (%d more bytes)" % (word[:MAX_BYTES], more)
