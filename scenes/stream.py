"""The one stream of a session: engine events in order, without repeats, gaps named.

An engine numbers its events. What a whole `state` already contains is dropped, a jump in the
numbers becomes a `gap` event, and a state that was asked for later waits for its place.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from time import monotonic

from msgspec.structs import replace

from engine.events import AnyEvent, EngineReady, Gap, State

MAIN = "main"
"""The engine of a scene that runs no other."""


class Stream:
    """Numbers events 1, 2, 3 ... over all engines and restarts, and hands them on.

    The streams of engines that run side by side share one `numbers`.
    """

    def __init__(
        self,
        on_event: Callable[[AnyEvent], None],
        engine: str = MAIN,
        numbers: Iterator[int] | None = None,
    ) -> None:
        self.on_event = on_event
        self.name = engine
        self._numbers = numbers if numbers is not None else itertools.count(1)
        self.run = 1
        self._seen = 0
        """The last number of this engine's own that has been taken in."""
        self._waiting: list[State] = []
        self._started = False
        self._early: list[AnyEvent] = []
        """Heard before the first state was: it may have been asked for just before them."""

    def own(self, event: AnyEvent) -> None:
        """Add an event of the session's own."""
        self._emit(replace(event, run=self.run, at=event.at or monotonic()))

    def begin(self, state: State, run: int) -> None:
        """An engine's first state: where its part of the stream begins."""
        self.run, self._seen, self._started = run, state.last_seq, True
        self._waiting.clear()
        ready = EngineReady(
            run=run,
            at=state.at,
            pid=state.pid,
            port=state.port,
            version=state.version,
            kernel=state.kernel,
            page_size=state.page_size,
            arena_pages=state.arena_pages,
            thp=state.thp,
        )
        self._emit(ready)
        self._emit(replace(state, run=run))
        early, self._early = self._early, []
        for event in early:
            if event.run == run:
                self.engine(event)

    def end(self) -> None:
        """The engine is gone: nothing of it is taken in any more."""
        self._started = False
        self._waiting.clear()
        self._early.clear()

    def is_past(self, state: State) -> bool:
        """Whether events that it does not contain have overtaken it, on their own connection."""
        return self._started and state.last_seq < self._seen

    def state(self, state: State) -> None:
        """A later state: in its place, behind the events that it contains."""
        self._waiting.append(state)
        self._let_states_in()

    def resynced(self, state: State) -> None:
        """The state after a gap: what it contains need not come any more."""
        self._seen = max(self._seen, state.last_seq)
        self._emit(replace(state, run=self.run))

    def engine(self, event: AnyEvent) -> int:
        """Take in an event of the engine; how many before it were missed."""
        if isinstance(event, Gap):
            return 0  # gaps are counted from the numbers, once
        if not self._started:
            self._early.append(event)
            return 0
        if event.seq <= self._seen:
            return 0
        missed = event.seq - self._seen - 1
        if missed:
            self.own(Gap(missed=missed))
        self._seen = event.seq
        self._emit(replace(event, run=self.run))
        self._let_states_in()
        return missed

    def _let_states_in(self) -> None:
        while self._waiting and self._waiting[0].last_seq <= self._seen:
            self._emit(replace(self._waiting.pop(0), run=self.run))

    def _emit(self, event: AnyEvent) -> None:
        self.on_event(replace(event, seq=next(self._numbers), engine=self.name))
