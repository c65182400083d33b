"""The history of a recording: all of it from the start, whatever of it has been shown.

Views and evidence come from the checkpoints in its file, if they were made by this very code. If
not, or if the events come from elsewhere, checkpoints are kept of what was folded on the way. The
learner's own answers stand in the place of the recorded ones.
"""

from __future__ import annotations

import bisect
import contextlib
from collections.abc import Iterator, Sequence
from itertools import chain

from msgspec.structs import replace

from engine import events
from engine.events import AnyEvent
from scenes import checkpoint
from scenes.evidence import Evidence
from scenes.keeping import CannotKeepError
from scenes.marks import Marker
from scenes.sayings import trouble
from scenes.scene import Scene
from scenes.seeking import Seeking
from scenes.spool import Spool
from scenes.stored import StoredEvents
from scenes.view import View

SPACING = 1024
"""Events between own checkpoints; more once there are too many."""
CHECKPOINTS = 128
KEPT_EVERY = 1024
"""Events between own checkpoints of the evidence."""


class RecordedHistory(Seeking):
    """The events of a recording as a history; it does not grow."""

    def __init__(self, recorded: Sequence[AnyEvent], scene: Scene) -> None:
        super().__init__(scene.cards)
        self.recorded = recorded
        self.answers: dict[int, int] = {}
        """Index of an `answer` event -> the choice that the learner made instead."""
        self._stored: StoredEvents | None = None
        self._own: dict[int, View] = {}
        self._spacing = SPACING
        self._evidences = Spool()
        if isinstance(recorded, StoredEvents):
            self.marks = recorded.marks
            if recorded.edition and recorded.edition == checkpoint.edition(scene):
                self._stored = recorded
        else:
            marker = Marker()
            found = (marker.hear(index, event) for index, event in enumerate(recorded))
            self.marks = [mark for mark in found if mark is not None]

    @property
    def has_checkpoints(self) -> bool:
        """Whether the file's checkpoints are good here."""
        return self._stored is not None

    def __len__(self) -> int:
        return len(self.recorded)

    def event(self, index: int) -> AnyEvent:
        """Event `index`, with the learner's own answer."""
        if not 0 <= index < len(self.recorded):
            raise IndexError(
                trouble(
                    "recorded_history.no_event",
                    index=str(index),
                    recorded_events=str(len(self.recorded)),
                )
            )
        return next(self.between(index, index + 1))

    def between(self, start: int, stop: int) -> Iterator[AnyEvent]:
        """With the learner's own answers."""
        recorded = self.recorded
        slices = recorded.slices(start, stop) if isinstance(recorded, StoredEvents) else None
        for index, event in enumerate(chain.from_iterable(slices or [recorded[start:stop]]), start):
            if index in self.answers and isinstance(event, events.Answer):
                event = replace(event, choice=self.answers[index], by="")
            yield event

    def answer(self, index: int, choice: int) -> None:
        """The learner's choice where event `index` has another's."""
        self.answers[index] = choice
        self._forget_from(index)

    def forget_answers(self) -> None:
        """Nothing was answered yet."""
        first = min(self.answers, default=len(self))
        self.answers.clear()
        self._forget_from(first)

    def checkpoint_view(self, index: int) -> tuple[int, View]:
        """One of the file's, with the learner's answers put in, or an own one."""
        stored = self._stored
        place = bisect.bisect_right(stored.views, index) - 1 if stored else -1
        if stored is not None and place >= 0:
            at = stored.views[place]
            try:
                return at, self._answered(at, checkpoint.unpacked_view(stored.checkpoint(b"V", at)))
            except CannotKeepError:  # another edition after all
                self._stored = None
        at = index - (index + 1) % self._spacing
        while at >= 0 and at not in self._own:
            at -= self._spacing
        return (at, self._own[at]) if at >= 0 else (-1, View())

    def checkpoint_evidence(self, index: int, after: int) -> tuple[int, bytes] | None:
        """One of the file's; choices are no evidence, so that the learner's change nothing."""
        stored = self._stored
        if stored is None:
            number = min((index + 1) // KEPT_EVERY, len(self._evidences))
            at = number * KEPT_EVERY - 1
            return (at, self._evidences[number - 1]) if number and at > after else None
        place = bisect.bisect_right(stored.evidences, index) - 1
        if place < 0 or stored.evidences[place] <= after:
            return None
        at = stored.evidences[place]
        return at, stored.checkpoint(b"F", at)

    def passed(self, index: int, view: View) -> None:
        """Keep a checkpoint where the file has none."""
        if self._stored is None and (index + 1) % self._spacing == 0:
            self._own[index] = view
            if len(self._own) > CHECKPOINTS:
                self._spacing *= 2
                self._own = {
                    at: kept for at, kept in self._own.items() if (at + 1) % self._spacing == 0
                }

    def passed_evidence(self, index: int, evidence: Evidence) -> None:
        """The same for the evidence."""
        number, rest = divmod(index + 1, KEPT_EVERY)
        if self._stored is None and not rest and number == len(self._evidences) + 1:
            with contextlib.suppress(CannotKeepError):
                self._evidences.append(checkpoint.packed_evidence(evidence))

    def _answered(self, at: int, view: View) -> View:
        """All that a choice changes is the question on show, until another is asked."""
        asked = view.question
        if asked is None or asked.chosen < 0:
            return view
        for index, choice in self.answers.items():
            event = self.recorded[index] if index <= at else None
            if not isinstance(event, events.Answer) or event.id != asked.id:
                continue
            if event.at == asked.answered_at:  # and not one before, to the same question
                return replace(view, question=replace(asked, chosen=choice, by=""))
        return view

    def _forget_from(self, index: int) -> None:
        """Views after this event may look another way now."""
        self._seen = {at: view for at, view in self._seen.items() if at < index}
        self._own = {at: view for at, view in self._own.items() if at < index}
