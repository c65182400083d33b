"""Why an answer is right: its figures stay those of its reveal, whatever is done afterwards."""

from __future__ import annotations

import pytest

from app.cursor import Cursor
from engine import events
from engine.events import AnyEvent
from scenes.loader import load
from scenes.measures import Figures
from scenes.recorded_history import RecordedHistory

CHOICES = ["none", "unsynced", "more"]


def crash(at: float) -> events.Crash:
    return events.Crash(kind="kill -9", acked=100, written=100, fsynced=0, at=at)


def append(merged: int, at: float) -> events.AofAppend:
    return events.AofAppend(file="a", start=0, end=100, merged=merged, text="", at=at)


RECOVERED = events.Recovered(
    source_file="a", keys=1, truncated_bytes=0, survived=100, lost=0, usec=1
)
RUN: list[AnyEvent] = [
    events.Step(scene="04", step="crash", title="crash", at=1.0),
    append(40, 1.5),
    events.Question(id="kill", choices=CHOICES, right=-1, at=2.0),
    events.Answer(id="kill", choice=0, at=3.0),
    crash(3.1),
    events.Question(id="kill", choices=CHOICES, right=0, at=4.0),
    RECOVERED,
    append(7, 4.5),
    crash(5.0),
]
JUDGED = 5


class Looking(Cursor):
    """At a run that stands still."""

    def __init__(self, run: list[AnyEvent]) -> None:
        lesson = load("04")
        super().__init__(lesson.scene, lesson.words)
        self._run = RecordedHistory(run, lesson.scene)

    @property
    def history(self) -> RecordedHistory:
        return self._run

    def now_figures(self) -> Figures:
        evidence = self.fresh_evidence()
        for event in self._run:
            evidence.add(event)
        return Figures(evidence, self.scene.values)


@pytest.mark.parametrize("place", range(JUDGED, len(RUN)))
def test_a_later_crash_changes_no_answer(place: int) -> None:
    looking = Looking(RUN)
    looking.seek(place)
    assert "None of the 40 " in looking.text("crash.nothing.why")


def test_other_words_have_the_figures_of_now() -> None:
    looking = Looking(RUN)
    assert "No fsync covers 47 commands" in looking.text("crash.text")
    looking.seek(1)
    assert "No fsync covers 40 commands" in looking.text("crash.text")


def test_a_question_that_is_put_again_has_its_second_answer() -> None:
    again: list[AnyEvent] = [
        events.Question(id="kill", choices=CHOICES, right=-1, at=6.0),
        events.Answer(id="kill", choice=0, at=7.0),
        events.Question(id="kill", choices=CHOICES, right=0, at=8.0),
        RECOVERED,
        append(9, 8.5),
        crash(9.0),
    ]
    looking = Looking([*RUN, *again])
    assert "None of the 7 " in looking.text("crash.nothing.why")
    looking.seek(JUDGED)
    assert "None of the 40 " in looking.text("crash.nothing.why")
