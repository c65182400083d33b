"""Seeking: the view and the evidence after any event of a run, from the nearest checkpoint on."""

from __future__ import annotations

import bisect
import contextlib
from collections.abc import Callable, Iterator, Sequence

from engine.events import AnyEvent
from scenes import checkpoint, collector
from scenes.errors import SceneError
from scenes.evidence import Evidence
from scenes.fold import reduce
from scenes.marks import Mark
from scenes.scene import Card
from scenes.view import View

SEEN = 4
"""Views remembered: now, the place looked at, and where those were before."""
FAR = 256
"""Events that are sooner gathered than a checkpoint of the evidence is unpacked."""


class Seeking:
    """Events 0, 1, 2 ... of a run; `view_at(i)` is the view after event `i`, -1 the empty one."""

    def __init__(self, cards: Sequence[Card] = ()) -> None:
        self.cards = cards
        self.marks: list[Mark] = []
        self._seen: dict[int, View] = {}

    def __len__(self) -> int:
        raise NotImplementedError

    def event(self, index: int) -> AnyEvent:
        """Event `index`; raises IndexError outside 0 .. len - 1."""
        raise NotImplementedError

    def between(self, start: int, stop: int) -> Iterator[AnyEvent]:
        """Events `start` to `stop` - 1, which there are."""
        raise NotImplementedError

    def checkpoint_view(self, index: int) -> tuple[int, View]:
        """The last checkpoint at or before event `index`: where it is, and the view there."""
        raise NotImplementedError

    def checkpoint_evidence(self, index: int, after: int) -> tuple[int, bytes] | None:
        """The last one of the evidence at or before `index`, if it is after `after`."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[AnyEvent]:
        return self.between(0, len(self))

    def view_at(self, index: int) -> View:
        """The view after event `index`, folded again from what is known nearest before it."""
        index = max(-1, min(index, len(self) - 1))
        with collector.held_back():
            at, view = self._nearest(index)
            for following, event in enumerate(self.between(at + 1, index + 1), at + 1):
                view = reduce(view, event, self.cards)
                self.passed(following, view)
        self._seen.pop(index, None)
        self._seen[index] = view  # the youngest is last
        if len(self._seen) > SEEN:
            del self._seen[next(iter(self._seen))]
        return view

    def passed(self, index: int, view: View) -> None:
        """Called for every view that is folded on the way."""

    def passed_evidence(self, index: int, evidence: Evidence) -> None:
        """Called for every evidence that is gathered on the way."""

    def _nearest(self, index: int) -> tuple[int, View]:
        near = max((at for at in self._seen if at <= index), default=-2)
        if near == index:
            return near, self._seen[near]
        at, view = self.checkpoint_view(index)
        return (near, self._seen[near]) if near > at else (at, view)

    def next_mark(self, index: int) -> Mark | None:
        """The first mark after event `index`."""
        place = bisect.bisect_right(self.marks, index, key=lambda mark: mark.index)
        return self.marks[place] if place < len(self.marks) else None

    def previous_mark(self, index: int) -> Mark | None:
        """The last mark before event `index`."""
        place = bisect.bisect_left(self.marks, index, key=lambda mark: mark.index)
        return self.marks[place - 1] if place else None

    def step_index(self, step: str) -> int | None:
        """Where `step` was entered last; None if it never was."""
        for mark in reversed(self.marks):
            if mark.kind == "step" and mark.label == step:
                return mark.index
        return None

    def step_end(self, step: str) -> int | None:
        """The last event of `step`, as it was entered last: the step's finished picture."""
        start = self.step_index(step)
        if start is None:
            return None
        later = (m.index for m in self.marks if m.kind == "step" and m.index > start)
        return next(later, len(self)) - 1


class EvidenceAt:
    """The evidence after any event of a history; going on from where it was costs least."""

    def __init__(self, history: Seeking, fresh: Callable[[], Evidence]) -> None:
        self.history = history
        self._fresh = fresh
        self._at = -1
        self._evidence = fresh()

    def after(self, index: int) -> Evidence:
        """The evidence after event `index`; it goes on when this is called again."""
        if self._at > index:
            self._at, self._evidence = -1, self._fresh()
        if index - self._at < FAR:
            self._gather(index)
        else:
            with collector.held_back():
                self._jump(index)
                self._gather(index)
        self._at = index
        return self._evidence

    def _jump(self, index: int) -> None:
        if found := self.history.checkpoint_evidence(index, self._at):
            with contextlib.suppress(SceneError):  # of other topics: gathered event by event
                self._evidence, self._at = checkpoint.restore(self._fresh(), found[1]), found[0]

    def _gather(self, index: int) -> None:
        first = self._at + 1
        for following, event in enumerate(self.history.between(first, index + 1), first):
            self._evidence.add(event)
            self.history.passed_evidence(following, self._evidence)
