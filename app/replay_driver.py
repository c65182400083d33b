"""Drives the screen from a recording: the same events at their own pace, with no engine behind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from app.cursor import Cursor
from app.driver import REFUSE_REPLAY, Status
from app.said import said
from engine import events
from engine.events import AnyEvent
from scenes.errors import SceneError
from scenes.loader import Lesson
from scenes.measures import Figures
from scenes.prediction import Prediction
from scenes.recorded_history import RecordedHistory
from scenes.seeking import EvidenceAt

if TYPE_CHECKING:
    from scenes.progress import Progress

PACES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
OVER, CUT = "replay.over", "replay.cut"
"""Phrases for its end: it came to it, or it breaks off."""


class ReplayDriver(Cursor):
    """Plays a recording's events; waits before each beat for the learner, and at questions.

    `clock` in seconds is injected, so that tests play a recording in no time.
    """

    is_replay = True

    def __init__(
        self,
        lesson: Lesson,
        recorded: Sequence[AnyEvent],
        *,
        autoplay: bool = False,
        note: str = "",
        end: str = "",
        clock: Callable[[], float] = monotonic,
        progress: Progress | None = None,
    ) -> None:
        super().__init__(lesson.scene, lesson.words)
        self.lesson = lesson
        self._progress = progress
        self._answered: dict[str, int] = {}
        """What the learner chose here, by question."""
        self.recorded = recorded
        self.autoplay = autoplay
        self.note = note
        """Said until the first key or the end: why this is a replay, or how the file is damaged."""
        self._end = said(end or OVER)
        self._clock = clock
        self._history = RecordedHistory(recorded, self.scene)
        self._now = EvidenceAt(self._history, self.fresh_evidence)
        self._head = 0
        """The next event to show."""
        self._time = 0.0
        """`at` of the recording up to which events are shown."""
        self._seen_at: float | None = None
        self._paused = False
        self._pace = 1.0
        self._passed = -1
        """A step that the learner has asked for."""
        self._choice: int | None = None
        self._beats = {stage.id: stage.beat for stage in self.scene.stages}

    # -- life ----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Show the first events."""
        if not self.recorded:
            raise SceneError(said("replay.empty"))
        self._time = self.recorded[0].at
        self.tick()

    async def stop(self) -> None:
        """Nothing was started."""

    def tick(self) -> None:
        """Show what the recording's clock has reached."""
        now = self._clock()
        before, self._seen_at = self._seen_at, now
        if self._paused or before is None or self._waits():
            return
        self._time += (now - before) * self._pace
        while self._head < len(self.recorded) and not self._waits():
            event = self.recorded[self._head]
            if event.at > self._time:
                return
            self._show(event)

    def show_to(self, index: int) -> None:
        """Show the moment after event `index` as now, whatever waits for the learner before it."""
        if index >= self._head:
            self._head = min(index, len(self.recorded) - 1) + 1
            self._time = self.recorded[self._head - 1].at
            if self._progress is not None:
                self._progress.shown(self.lesson, self.now_view.step)

    def _show(self, event: AnyEvent) -> None:
        if isinstance(event, events.Answer) and self._choice is not None:
            self._history.answer(self._head, self._choice)
            self._answered[event.id] = self._choice
            self._choice = None
        self._head += 1
        if self._progress is not None:
            self._note_progress(self._progress, event)

    def _note_progress(self, progress: Progress, event: AnyEvent) -> None:
        """What was shown, what the learner answered, and the end, which a damaged file lacks."""
        match event:
            case events.Step(step=step):
                progress.shown(self.lesson, step)
            case events.Question(id=question, right=right) if right >= 0:
                if question in self._answered:
                    chosen = self._answered[question]
                    progress.answered_in_replay(self.lesson, question, chosen, right)
            case _:
                pass
        if self._head == len(self.recorded) and self._end == said(OVER):
            progress.watched(self.lesson)

    def _waits(self) -> str:
        """What for: "step", "answer", or nothing."""
        if self.autoplay or self._head >= len(self.recorded):
            return ""
        event = self.recorded[self._head]
        if isinstance(event, events.Step) and self._beats.get(event.step, 0) > 0:
            return "" if self._passed == self._head else "step"
        if isinstance(event, events.Answer) and self._choice is None:
            return "answer"
        return ""

    # -- looking -------------------------------------------------------------------------------

    @property
    def history(self) -> RecordedHistory:
        """All of the recording."""
        return self._history

    @property
    def head(self) -> int:
        """The last event shown: the recording's now."""
        return self._head - 1

    def now_figures(self) -> Figures:
        """The figures of what has been shown."""
        return Figures(self._now.after(self.head), self.scene.values)

    @property
    def status(self) -> Status:
        if self.is_past:
            return "past"
        return "paused" if self._paused else "replay"

    @property
    def notice(self) -> str:
        return self._end if self._head >= len(self.recorded) else self.note

    @property
    def is_over(self) -> bool:
        """Nothing comes after what is on show."""
        return not self.is_past and self._head >= len(self.recorded)

    @property
    def pace_factor(self) -> float:
        return self._pace

    @property
    def offered(self) -> frozenset[str]:
        """None: there is no engine."""
        return frozenset()

    def clock(self) -> float | None:
        """The recording's clock: its countdowns run as they ran."""
        if self.is_past or self._paused or self._waits() or self._head >= len(self.recorded):
            return None
        return self._time

    def commands(self) -> Sequence[str]:
        return ()

    # -- seeking -------------------------------------------------------------------------------

    def seek(self, index: int) -> None:
        """Look at the moment after event `index`; ahead of now, it goes on from there."""
        self.show_to(index)
        super().seek(index)

    def scrub(self, by: int) -> None:
        """Event by event, also ahead."""
        if by > 0 and not self.is_past:
            self._ahead(self.head + by)
        else:
            super().scrub(by)

    def mark(self, by: int) -> None:
        """From mark to mark, also ahead."""
        if by > 0 and not self.is_past:
            found = self.history.next_mark(self.cursor)
            self._ahead(found.index if found else len(self.recorded) - 1)
        else:
            super().mark(by)

    def _ahead(self, index: int) -> None:
        if self._head >= len(self.recorded):
            self.refusal = self._end
        else:
            self.seek(index)

    # -- acting --------------------------------------------------------------------------------

    def next(self) -> None:
        """The following step: its moment comes at once."""
        self.note = ""
        if self.is_past:
            self.forward()
            return
        match self._waits():
            case "step":
                self._pass(self._head)
            case "answer":
                self.refusal = said("refuse.predict_first")
            case _ if self._head >= len(self.recorded):
                self.refusal = self._end
            case _ if self.view.step and self._beats.get(self.view.step, 0) == 0:
                self._leave_opening()
            case _ if self._paused:
                self.refusal = said("refuse.replay_paused")
            case _:
                self.refusal = said("refuse.happening")

    def _jump_ahead(self, step: str) -> None:
        """On from the recorded beginning of a step; what lies between is passed over."""
        index = self.history.step_index(step)
        if index is None:
            self.refusal = said("refuse.not_recorded")
            return
        self.note = ""
        self.forget()
        self._choice = None
        self.show_to(index)
        self._passed = index

    def _leave_opening(self) -> None:
        """The first key starts beat 1: what the opening still had to show is shown at once."""
        while self._head < len(self.recorded) and not self._waits():
            self._show(self.recorded[self._head])
        if self._waits() == "step":
            self._pass(self._head)

    def _pass(self, index: int) -> None:
        self._passed = index
        self._time = self.recorded[index].at
        self._show(self.recorded[index])

    def answer(self, choice: int) -> None:
        """The learner's answer replaces the recorded one; what was measured stays."""
        if self.refuses_past():
            return
        if self._waits() != "answer":
            self.refusal = said("refuse.no_question")
            return
        asked = self.view.question
        if asked is not None and choice >= len(asked.choices):
            self.refusal = said("refuse.choices", count=len(asked.choices))
            return
        self._choice = choice
        self._time = self.recorded[self._head].at
        self._show(self.recorded[self._head])

    def key(self, name: str) -> None:
        self.refusal = said(REFUSE_REPLAY)

    def crash(self, name: str, prediction: Prediction, choice: int) -> None:
        self.refusal = said(REFUSE_REPLAY)

    def pause(self) -> None:
        self._paused = not self._paused

    @property
    def answered(self) -> Collection[str]:
        """Questions that the learner has answered; others have their recorded answer."""
        return self._answered.keys()

    def toggle_autoplay(self) -> None:
        self.autoplay = not self.autoplay

    def pace(self, by: int) -> None:
        place = PACES.index(self._pace) + by
        if 0 <= place < len(PACES):
            self._pace = PACES[place]
        else:
            self.refusal = said("refuse.pace", pace=f"{self._pace:g}")

    def restart(self) -> None:
        """From the beginning."""
        self.forget()
        self._history.forget_answers()
        self._answered.clear()
        self._now = EvidenceAt(self._history, self.fresh_evidence)
        self._head, self._passed, self._choice, self._seen_at = 0, -1, None, None
        self._time = self.recorded[0].at
        self.tick()

    async def execute(self, line: str) -> Any:
        return SceneError(said(REFUSE_REPLAY))
