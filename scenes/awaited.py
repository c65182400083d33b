"""What a step waits for: events between its actions, then its own; of "*", from each engine."""

from __future__ import annotations

from collections.abc import Sequence

from engine.events import Event
from scenes.actions import Action, Match
from scenes.cards import matches
from scenes.scene import Scene


class Awaited:
    """The events that a step, or its reveal, waits for."""

    def __init__(self, scene: Scene) -> None:
        self._engines = {setup.name for setup in scene.engines}
        self._wait: Match | None = None
        self._until: Match | None = None
        """What the actions in `_to_do` wait for; the step's own wait comes after them."""
        self._to_do: list[Action] = []
        self._heard: set[str] = set()
        """Engines that have had the event, where all of them must have it."""

    @property
    def match(self) -> Match | None:
        """What is waited for now; None: nothing."""
        return self._until or self._wait

    @property
    def between(self) -> bool:
        """Whether actions are still to come after what is waited for."""
        return self._until is not None

    def begin(self, wait: Match | None) -> None:
        """Wait for this event, once all actions are done."""
        self._wait, self._until = wait, None
        self._to_do, self._heard = [], set()

    def ready(self, actions: Sequence[Action]) -> list[Action]:
        """Those of `actions` to do at once; one that waits keeps back what is behind it."""
        self._until, self._to_do, self._heard = None, [], set()
        ready = list(actions)
        for place, action in enumerate(ready):
            if action.until is not None:
                self._until, self._to_do = action.until, ready[place + 1 :]
                del ready[place:]
                break
        return ready

    def came(self, event: Event) -> list[Action] | None:
        """None: this is not what was waited for. Else it came, and these actions are next."""
        match = self.match
        if match is None or not matches(match, event) or not self._all_have(match, event):
            return None
        if self._until is not None:
            return self._to_do
        self._wait = None
        return []

    def _all_have(self, match: Match, event: Event) -> bool:
        if match.engine != "*":
            return True
        self._heard.add(event.engine)
        return self._heard >= self._engines
