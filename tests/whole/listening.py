"""A subscriber of the events channel that collects, in a thread, until something has come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

import redis

from engine.events import CHANNEL, AnyEvent, Event, decode

EventT = TypeVar("EventT", bound=Event)


class Listener:
    """Keeps every event of one engine."""

    def __init__(self, port: int) -> None:
        self._client = redis.Redis(port=port, protocol=2)
        self._pubsub = self._client.pubsub(ignore_subscribe_messages=False)
        self._pubsub.subscribe(CHANNEL)
        assert self._pubsub.get_message(timeout=30) is not None  # subscribed: nothing is missed
        self.events: list[AnyEvent] = []
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._stopping:
            try:
                message = self._pubsub.get_message(timeout=0.1)
            except (redis.RedisError, OSError, ValueError):
                return
            if message is not None and message["type"] == "message":
                with self._changed:
                    self.events.append(decode(message["data"]))
                    self._changed.notify_all()

    def of(self, kind: type[EventT]) -> list[EventT]:
        """The events of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def wait_for(
        self, kind: type[EventT], where: Callable[[EventT], bool] = lambda _event: True,
        seconds: float = 60.0,
    ) -> EventT:  # fmt: skip
        """The first event of a kind for which `where` holds; AssertionError after `seconds`."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                for event in self.events:
                    if isinstance(event, kind) and where(event):
                        return event
                left = deadline - time.monotonic()
                kinds = [type(event).__name__ for event in self.events]
                assert left > 0, f"no {kind.__name__} came, but {kinds}"
                self._changed.wait(left)

    def wait_until(self, holds: Callable[[], bool], seconds: float = 60.0) -> None:
        """Until `holds`, looked at after each event; AssertionError after `seconds`."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not holds():
                left = deadline - time.monotonic()
                assert left > 0, [type(event).__name__ for event in self.events]
                self._changed.wait(left)

    def __enter__(self) -> Listener:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping = True
        self._thread.join(timeout=5)
        self._pubsub.close()
        self._client.close()
