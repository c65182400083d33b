"""Events on their way out: numbered, bursts merged, slow subscribers told what they missed.

Order is kept. A trickle of writes is told one by one; above some 120 a second neighbours of one
kind become one event that counts what it stands for (`burst`). Any other event ends the run: no
command before a fork is merged with one after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Protocol

import msgspec

from engine.burst import Burst
from engine.events import CHANNEL, Event, Gap, encode
from engine.replies import array, bulk, push

FLUSH_SECONDS = 0.025
"""At least this long between two flushes."""
ALONE_A_SECOND = 120
ALONE_AT_ONCE = 24
"""Writes that are told one by one: so many a second, and so many after a pause."""
_MAX_UNSENT = 4 << 20
"""Bytes waiting for a subscriber at which it starts to lose events."""


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
        self,
        subscribers: Callable[[], Iterable[Subscriber]],
        engine: str,
        run: int,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._subscribers = subscribers
        self._engine = engine
        self._run = run
        self._clock = clock
        self._pending: list[Event] = []
        self._burst = Burst()
        self._allowance = float(ALONE_AT_ONCE)
        self._allowed_at = 0.0
        self._missed: dict[int, int] = {}
        self.seq = 0
        """Number of the last event sent."""
        self.before_flush: Callable[[], None] = lambda: None
        """Called before events are sent: the journal of the same moment goes first."""
        self.flushed_at = 0.0
        self._told_at = 0.0
        """`at` of the last event sent."""

    def publish(self, event: Event) -> None:
        """An event that is not merged: what came before it is told before it.

        One that brings its time (a fork) takes its place before what was noted since.
        """
        self.settle()
        if not event.at:
            self._pending.append(_at(event, self._clock()))
            return
        place = len(self._pending)
        while place and self._pending[place - 1].at > event.at:
            place -= 1
        if not place and event.at < self._told_at:
            event = _at(event, self._told_at)
        self._pending.insert(place, event)

    def settle(self) -> None:
        """What was merged so far is told as it stands: something else is about to happen."""
        if not self._burst.empty:
            self._pending += self._burst.end(self._clock())

    def burst(self) -> Burst | None:
        """Where the next write has to be counted, or None if it may be told by itself."""
        if self._burst.empty:
            now = self._clock()
            earned = (now - self._allowed_at) * ALONE_A_SECOND
            self._allowance = min(ALONE_AT_ONCE, self._allowance + earned)
            self._allowed_at = now
            if self._allowance >= 1:
                self._allowance -= 1
                return None
        return self._burst

    def burst_of(self, file: str) -> Burst | None:
        """Where a fact about `file` has to be counted, if a burst is on."""
        if self._burst.empty:
            return None
        if not self._burst.is_of(file):
            self.settle()
            return None
        return self._burst

    def waiting(self) -> bool:
        """Whether anything is to be sent."""
        return bool(self._pending) or not self._burst.empty

    def flush(self) -> None:
        """Send what has collected; each subscriber gets it in one piece."""
        self.before_flush()
        self.settle()
        self.flushed_at = self._clock()
        if not self._pending:
            return
        payloads = []
        for event in self._pending:
            self.seq += 1
            payloads.append(encode(self._numbered(event)))
        first_at, self._told_at = self._pending[0].at, self._pending[-1].at
        self._pending.clear()
        for subscriber in self._subscribers():
            self._send(subscriber, payloads, first_at)

    def _send(self, subscriber: Subscriber, payloads: list[bytes], at: float) -> None:
        key = id(subscriber)
        if subscriber.unsent() > _MAX_UNSENT:
            self._missed[key] = self._missed.get(key, 0) + len(payloads)
            return
        missed = self._missed.pop(key, 0)
        if missed:
            gap = self._numbered(_at(Gap(missed=missed), at))
            payloads = [encode(gap), *payloads]
        subscriber.push(b"".join(message(subscriber.resp, CHANNEL, p) for p in payloads))

    def _numbered(self, event: Event) -> Event:
        return msgspec.structs.replace(event, seq=self.seq, engine=self._engine, run=self._run)


def _at(event: Event, at: float) -> Event:
    return msgspec.structs.replace(event, at=at)


def message(resp: int, channel: str, payload: bytes) -> bytes:
    """A message of a channel, as a client of this protocol version gets it."""
    items = [bulk(b"message"), bulk(channel.encode()), bulk(payload)]
    return push(3, items) if resp == 3 else array(items)
