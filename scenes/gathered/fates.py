"""What each crash has left of each engine's data, as a run's events tell of it.

A client whose name begins with `mark-` names an act: the crash that ends it goes by that name.
"""

from __future__ import annotations

from collections import deque

import msgspec

from engine import events
from engine.events import Event

MARK = "mark-"
"""Before the name of an act: the client that marks how far an engine had come."""
DELAYS = 64
"""Newest delayed writes kept."""
UNSYNCED = 1024
"""Appends kept that no fsync covers."""


class Loss(msgspec.Struct, frozen=True):
    """What one crash has left of one engine's data."""

    kind: str
    acked: int
    """Writes since the crash before that the clients had an OK for."""
    lost: int
    """Those of them that are not there any more."""
    keys: int
    """Keys that the restarted engine loaded."""
    appended: int
    written: int
    fsynced: int
    survived: int
    """Bytes of the AOF."""
    window_usec: int
    """Age of the oldest command at the crash that no fsync covered."""


class Fate:
    """One engine's course."""

    def __init__(self) -> None:
        self.act = ""
        self.losses: dict[str, Loss] = {}
        """By act."""
        self.done: dict[str, events.Latency] = {}
        """By client: what it reported at its end."""
        self.fsyncs = 0
        self.fsyncs_since_answer = 0
        self.longest_since_answer = 0
        """Microseconds that a client waited for an answer, at most."""
        self.delays: deque[int] = deque(maxlen=DELAYS)
        """Microseconds that each delayed write had waited."""
        self._crash: events.Crash | None = None
        self._back: events.Recovered | None = None
        self._unsynced: deque[tuple[int, float]] = deque()
        """(end, at); of very many the oldest stand as one, as old as the first of them."""
        self._window_usec = 0

    def add(self, event: Event) -> None:
        """Take in one event of this engine."""
        match event:
            case events.Latency():
                self._latency(event)
            case events.AofAppend():
                self._appended(event)
            case events.AofFsync():
                self.fsyncs += event.merged
                self.fsyncs_since_answer += event.merged
                while self._unsynced and self._unsynced[0][0] <= event.end:
                    self._unsynced.popleft()
            case events.AofDelayed():
                self.delays.append(event.waited_usec)
            case events.Crash():
                oldest = self._unsynced[0][1] if self._unsynced else event.at
                self._crash, self._window_usec = event, int((event.at - oldest) * 1e6)
                self._unsynced.clear()
            case events.Recovered():
                self._back = event
            case events.Census() if self._crash is not None and self._back is not None:
                self._counted(self._crash, self._back, event)
            case _:
                pass

    def _appended(self, event: events.AofAppend) -> None:
        self._unsynced.append((event.end, event.at))
        if len(self._unsynced) > UNSYNCED:
            (_, at), (end, _) = self._unsynced.popleft(), self._unsynced.popleft()
            self._unsynced.appendleft((end, at))

    def _latency(self, event: events.Latency) -> None:
        self.longest_since_answer = max(self.longest_since_answer, event.max_usec)
        if event.client.startswith(MARK):
            self.act = event.client.removeprefix(MARK)
        if event.done:
            self.done[event.client] = event

    def _counted(self, crash: events.Crash, back: events.Recovered, census: events.Census) -> None:
        self.losses[self.act] = Loss(
            kind=crash.kind,
            acked=census.acknowledged,
            lost=census.lost,
            keys=back.keys,
            appended=crash.acked,
            written=crash.written,
            fsynced=crash.fsynced,
            survived=back.survived,
            window_usec=self._window_usec,
        )
        self._crash = self._back = None


class Fates:
    """The engines' courses, by name."""

    def __init__(self) -> None:
        self.by_engine: dict[str, Fate] = {}

    def add(self, event: Event) -> None:
        """Take one event in."""
        if isinstance(event, events.Answer):
            for fate in self.by_engine.values():
                fate.fsyncs_since_answer = fate.longest_since_answer = 0
            return
        self.by_engine.setdefault(event.engine, Fate()).add(event)
