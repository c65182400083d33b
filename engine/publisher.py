"""Events on their way out: numbered, bursts merged, slow subscribers told what they missed.

Order is kept. Within one flush the first few commands, appends and writes travel alone, so that a
trickle shows each of them; after that, neighbours of one kind become one event that counts what
it stands for. Any other event ends the run: no command before a fork is merged with one after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Protocol, TypeVar

import msgspec

from engine.events import CHANNEL, AofAppend, AofWrite, Command, Event, Gap, encode
from engine.replies import array, bulk, push

FLUSH_SECONDS = 0.025
"""At least this long between two flushes."""
_ALONE = 24
"""Mergeable events that travel alone in one flush."""
_MAX_PAGES = 4096
_MAX_TEXT = 400
_MAX_UNSENT = 4 << 20
"""Bytes waiting for a subscriber at which it starts to lose events."""

EventT = TypeVar("EventT", bound=Event)


class Subscriber(Protocol):
    """What the publisher needs of a client."""

    resp: int

    def push(self, data: bytes) -> None:
        """Keep a message for the turn's end."""

    def unsent(self) -> int:
        """Bytes that the peer has not taken yet."""


class Publisher:
    """Collects events and sends them to the subscribers of the events channel."""

    def __init__(
        self, subscribers: Callable[[], Iterable[Subscriber]], engine: str, run: int
    ) -> None:
        self._subscribers = subscribers
        self._engine = engine
        self._run = run
        self._pending: list[Event] = []
        self._alone = 0
        self._commands: Command | None = None
        self._command_pages: dict[tuple[int, str], None] = {}
        self._appends: AofAppend | None = None
        self._writes: AofWrite | None = None
        self._missed: dict[int, int] = {}
        self.seq = 0
        """Number of the last event sent."""
        self.flushed_at = 0.0

    def publish(self, event: Event) -> None:
        """An event that is never merged."""
        self._end_run()
        self._pending.append(self._stamped(event))

    def command(self, event: Command) -> None:
        """A write command; merged with its neighbours in a burst."""
        if self._alone < _ALONE:
            self._alone += 1
            self._pending.append(self._stamped(event))
            return
        if self._commands is None:
            self._commands = self._stamped(event)
        else:
            merged = self._commands
            self._commands = msgspec.structs.replace(
                merged,
                client=event.client,
                argv=event.argv,
                usec=merged.usec + event.usec,
                dirty=merged.dirty + event.dirty,
                merged=merged.merged + 1,
                pages_more=merged.pages_more + event.pages_more,
            )
        self._command_pages.update(dict.fromkeys(event.pages))

    def append(self, event: AofAppend) -> None:
        """Bytes entered aof_buf."""
        if self._alone < _ALONE:
            self._pending.append(self._stamped(event))
            return
        if self._appends is not None and self._appends.file != event.file:
            self._end_run()
        if self._appends is None:
            self._appends = self._stamped(event)
        else:
            merged = self._appends
            text = merged.text
            if len(text) + len(event.text) < _MAX_TEXT:
                text = f"{text} {event.text}"
            self._appends = msgspec.structs.replace(
                merged, end=event.end, text=text, merged=merged.merged + event.merged
            )

    def write(self, event: AofWrite) -> None:
        """write(2) returned."""
        if self._alone < _ALONE:
            self._pending.append(self._stamped(event))
            return
        if self._writes is not None and self._writes.file != event.file:
            self._end_run()
        if self._writes is None:
            self._writes = self._stamped(event)
        else:
            self._writes = msgspec.structs.replace(
                self._writes,
                end=event.end,
                usec=self._writes.usec + event.usec,
                merged=self._writes.merged + 1,
            )

    def waiting(self) -> bool:
        """Whether anything is to be sent."""
        return bool(self._pending or self._commands or self._appends or self._writes)

    def flush(self) -> None:
        """Send what has collected; each subscriber gets it in one piece."""
        self._end_run()
        self._alone = 0
        self.flushed_at = monotonic()
        if not self._pending:
            return
        payloads = []
        for event in self._pending:
            self.seq += 1
            payloads.append(encode(msgspec.structs.replace(event, seq=self.seq)))
        self._pending.clear()
        for subscriber in self._subscribers():
            self._send(subscriber, payloads)

    def _send(self, subscriber: Subscriber, payloads: list[bytes]) -> None:
        key = id(subscriber)
        if subscriber.unsent() > _MAX_UNSENT:
            self._missed[key] = self._missed.get(key, 0) + len(payloads)
            return
        missed = self._missed.pop(key, 0)
        if missed:
            gap = self._stamped(Gap(missed=missed))
            payloads = [encode(msgspec.structs.replace(gap, seq=self.seq)), *payloads]
        subscriber.push(b"".join(_message(subscriber.resp, payload) for payload in payloads))

    def _end_run(self) -> None:
        if self._commands is not None:
            pages = list(self._command_pages)
            more = max(0, len(pages) - _MAX_PAGES)
            self._pending.append(
                msgspec.structs.replace(
                    self._commands,
                    pages=pages[:_MAX_PAGES],
                    pages_more=self._commands.pages_more + more,
                )
            )
            self._commands = None
            self._command_pages = {}
        if self._appends is not None:
            self._pending.append(self._appends)
            self._appends = None
        if self._writes is not None:
            self._pending.append(self._writes)
            self._writes = None

    def _stamped(self, event: EventT) -> EventT:
        at = event.at or monotonic()
        return msgspec.structs.replace(event, engine=self._engine, run=self._run, at=at)


def _message(resp: int, payload: bytes) -> bytes:
    items = [bulk(b"message"), bulk(CHANNEL.encode()), bulk(payload)]
    return push(3, items) if resp == 3 else array(items)
