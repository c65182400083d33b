"""The journal: every change of data as the AOF would have it, for who wants to make it all again.

Events show a command cut and merged; the journal has it whole, whichever client sent it, with
random choices and relative times already decided, and keys that expired as deletions. It goes out
on a channel of its own, before the events of the same moment, as one message a flush:

    FROM TO            what the messages so far have covered, and this one: numbers of `command`s
    NUMBER DB BYTES    a change that belongs to command NUMBER, then its RESP, and so on

Nobody's password is in it: AUTH and the like change no data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from engine.aof_format import encode
from engine.publisher import Subscriber, message

CHANNEL = "cowscope:journal"
_MAX_UNSENT = 16 << 20
"""Bytes waiting for a listener at which it loses messages; the numbers tell it."""


class Journal:
    """What changed since the last flush; it exists while somebody listens."""

    def __init__(self, listeners: Callable[[], Iterable[Subscriber]], number: int) -> None:
        self._listeners = listeners
        self._covered = number
        self._changes: list[bytes] = []

    def note(self, number: int, db: int, commands: Sequence[Sequence[bytes]]) -> None:
        """Changes made by the command of this number, or just before it."""
        for argv in commands:
            data = encode(argv)
            self._changes.append(b"%d %d %d\n%b" % (number, db, len(data), data))

    def flush(self, number: int) -> None:
        """Send what has collected; commands up to `number` are in it."""
        if not self._changes and number == self._covered:
            return
        payload = b"%d %d\n" % (self._covered, number) + b"".join(self._changes)
        self._covered = number
        self._changes.clear()
        for listener in self._listeners():
            if listener.unsent() <= _MAX_UNSENT:
                listener.push(message(listener.resp, CHANNEL, payload))
