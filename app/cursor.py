"""The cursor in a history: what a live scene and a replayed one have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.driver import REFUSE_PAST, REFUSE_PAST_GONE, REFUSE_PAST_REPLAY, stage_at
from app.said import said
from scenes.scene import Scene, Stage
from scenes.view import View
from scenes.words import Words

if TYPE_CHECKING:  # the first frame need not wait for these
    from scenes.evidence import Evidence
    from scenes.marks import Mark
    from scenes.measures import Figures
    from scenes.seeking import EvidenceAt, Seeking


class Cursor:
    """Looks at `history`; without a place in it, at now."""

    is_replay = False

    def __init__(self, scene: Scene, words: Words) -> None:
        self.scene = scene
        self.words = words
        self.refusal = ""
        self._place: int | None = None
        self._past: EvidenceAt | None = None
        """The figures of the past are the past's."""
        self._then: EvidenceAt | None = None
        """Those of an answer are those of its reveal, whatever was done since."""
        self._judged: tuple[Seeking, int, int] | None = None
        """The history, the mark of a question, and the event that said what is right."""

    @property
    def history(self) -> Seeking:
        """The run so far; of a recording all of it."""
        raise NotImplementedError

    def now_figures(self) -> Figures:
        """This run's figures as of now."""
        raise NotImplementedError

    def fresh_evidence(self) -> Evidence:
        """An evidence without events."""
        from scenes.evidence import Evidence

        return Evidence(populate=self.scene.populate, topics=self.scene.topics)

    @property
    def head(self) -> int:
        """The event that is now."""
        return len(self.history) - 1

    @property
    def cursor(self) -> int:
        return self.head if self._place is None else self._place

    @property
    def length(self) -> int:
        return len(self.history)

    @property
    def marks(self) -> Sequence[Mark]:
        return self.history.marks

    @property
    def is_past(self) -> bool:
        return self._place is not None

    @property
    def timelines(self) -> int:
        """How many there are to look at: the run, and those that branches left."""
        return 1

    @property
    def timeline(self) -> int:
        """Which of them is on show, from 0; the last one is the run."""
        return self.timelines - 1

    def other_timeline(self) -> None:
        """Look at the next of them."""
        self.refusal = said("refuse.one_timeline")

    def branch(self) -> None:
        """Go on from the cursor's moment with an engine of its own."""
        step = self.stage().id
        self.refusal = said("refuse.no_branch", scene=self.scene.number, step=step)

    @property
    def is_over(self) -> bool:
        """Never, where an engine plays."""
        return False

    @property
    def view(self) -> View:
        return self.history.view_at(self.cursor)

    @property
    def now_view(self) -> View:
        return self.history.view_at(self.head)

    def stage(self) -> Stage:
        return stage_at(self.scene, self.view.step)

    def text(self, key: str) -> str:
        """Words with the figures that held at the cursor; why an answer is right, with its own."""
        if not self.words.figures_in(key):
            return self.words.text(key)
        judged = self._judged_at() if key in self._reasons() else None
        if judged is not None:
            return self.words.text(key, self._figures_then(judged))
        figures = self._past_figures(self.cursor) if self.is_past else self.now_figures()
        return self.words.text(key, figures)

    def _past_figures(self, index: int) -> Figures:
        from scenes.measures import Figures
        from scenes.seeking import EvidenceAt

        if self._past is None or self._past.history is not self.history:
            self._past = EvidenceAt(self.history, self.fresh_evidence)
        return Figures(self._past.after(index), self.scene.values)

    def _reasons(self) -> set[str]:
        """The words that say why a choice of the step's question is right."""
        asked = self.stage().question
        return (
            {key for choice in asked.choices for key in (choice.why, choice.alone)}
            if asked
            else set()
        )

    def _judged_at(self) -> int | None:
        """The event after which it was known what is right, of the question on show."""
        from engine.events import Question

        asked = self.view.question
        if asked is None or asked.right < 0:
            return None
        history, cursor = self.history, self.cursor
        marks = (
            m.index for m in reversed(self.marks) if (m.kind, m.label) == ("question", asked.id)
        )
        put = next((index for index in marks if index <= cursor), None)
        if put is None:
            return None
        if self._judged is None or self._judged[0] is not history or self._judged[1] != put:
            events = enumerate(history.between(put, cursor + 1), put)
            said = (
                n
                for n, e in events
                if isinstance(e, Question) and e.id == asked.id and e.right >= 0
            )
            found = next(said, None)
            if found is None:
                return None
            self._judged = (history, put, found)
        return self._judged[2] if self._judged[2] <= cursor else None

    def _figures_then(self, index: int) -> Figures:
        from scenes.measures import Figures
        from scenes.seeking import EvidenceAt

        if self._then is None or self._then.history is not self.history:
            self._then = EvidenceAt(self.history, self.fresh_evidence)
        return Figures(self._then.after(index), self.scene.values)

    def forget(self) -> None:
        """Another history: back to its now."""
        self._place, self._past, self._then, self._judged = None, None, None, None

    def seek(self, index: int) -> None:
        """Look at the moment after event `index`; the last one is now."""
        self._place = None if index >= self.head else max(index, 0)

    def scrub(self, by: int) -> None:
        """Event by event."""
        if by < 0 and self.cursor <= 0:
            self.refusal = said("refuse.first_event")
        elif by > 0 and not self.is_past:
            self.refusal = said("refuse.is_now")
        else:
            self.seek(self.cursor + by)

    def mark(self, by: int) -> None:
        """From mark to mark."""
        if by > 0:
            found = self.history.next_mark(self.cursor)
            self.seek(min(found.index, self.head) if found else self.head)
            return
        found = self.history.previous_mark(self.cursor)
        if found is None:
            self.refusal = said("refuse.no_mark")
        else:
            self.seek(found.index)

    def to_now(self) -> None:
        """Back to now."""
        if not self.is_past:
            self.refusal = said("refuse.now_already")
        self._place = None

    def back(self) -> None:
        """The finished picture of the step before the one on show."""
        start = self._step_start()
        if start is None or start == self._first_step():
            self.refusal = said("refuse.first_step")
        else:
            self.seek(start - 1)

    def forward(self) -> None:
        """In the past: the finished picture of the following step, or now."""
        steps = [mark.index for mark in self.marks if mark.kind == "step"]
        after = [index for index in steps if index > self.cursor]
        self.seek(min(after[1] - 1, self.head) if len(after) > 1 else self.head)

    def jump(self, step: str) -> None:
        """To a named step: the finished picture of one that was played, else on to it."""
        if step == self.view.step and not self.is_past:
            self.refusal = said("refuse.here_already")
            return
        start = self._played(step)
        if start is None:
            self._jump_ahead(step)
            return
        ends = (m.index for m in self.marks if m.kind == "step" and m.index > start)
        self.seek(min(next(ends, self.head + 1) - 1, self.head))

    def _played(self, step: str) -> int | None:
        """Where a step was entered last, up to now."""
        found = (m.index for m in reversed(self.marks) if m.kind == "step" and m.label == step)
        return next((index for index in found if index <= self.head), None)

    def _jump_ahead(self, step: str) -> None:
        """Play on from a step that has not been played."""
        raise NotImplementedError

    def stay(self) -> None:
        """Nothing, where nobody catches up."""

    def refuses_past(self) -> bool:
        """Whether the cursor is in the past, where nothing can be done; says so."""
        if self.is_past:
            self.refusal = self.refusal_in_past()
        return self.is_past

    def refusal_in_past(self) -> str:
        """Why a key that acts does nothing in the past."""
        if self.is_replay:
            return said(REFUSE_PAST_REPLAY)
        return said(REFUSE_PAST if self.now_view.engine.alive else REFUSE_PAST_GONE)

    def _step_start(self) -> int | None:
        starts = [m.index for m in self.marks if m.kind == "step" and m.index <= self.cursor]
        return starts[-1] if starts else None

    def _first_step(self) -> int | None:
        return next((mark.index for mark in self.marks if mark.kind == "step"), None)
