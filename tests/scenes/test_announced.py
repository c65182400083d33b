"""What a player only tells becomes an event, and says where its figures come from."""

from __future__ import annotations

from engine import events
from scenes.announced import announced
from scenes.effects import Answered, Ask, Enter, Predict, Send
from scenes.loader import load

LESSON = load("04")
STAGE = next(stage for stage in LESSON.scene.stages if stage.question is not None)


def test_a_step_has_its_title_in_words() -> None:
    told = announced(Enter(STAGE.id), LESSON, "measured")
    title = LESSON.words.text(STAGE.title)
    assert told == events.Step(scene="04", step=STAGE.id, title=title, source="scripted")


def test_an_answer_is_measured_and_a_question_is_the_authors() -> None:
    assert STAGE.question is not None
    name, choices = STAGE.question.id, tuple(choice.text for choice in STAGE.question.choices)
    asked = announced(Ask(name, choices), LESSON, "measured")
    known = announced(Ask(name, choices, 0, "measured"), LESSON, "measured")
    assert isinstance(asked, events.Question) and isinstance(known, events.Question)
    assert (asked.source, known.source) == ("scripted", "measured")
    assert known.choices == [LESSON.words.text(choice) for choice in choices]
    assert announced(Answered(name, 1), LESSON, "measured") == events.Answer(
        id=name, choice=1, source="scripted"
    )


def test_what_a_crash_took_is_known_as_the_crash_is() -> None:
    for source in ("measured", "modelled"):
        told = announced(Predict("crash", ("none", "all"), 1), LESSON, source)  # type: ignore[arg-type]
        assert isinstance(told, events.Question) and told.source == source


def test_what_has_to_be_done_is_no_event() -> None:
    assert announced(Send(("PING",)), LESSON, "measured") is None
