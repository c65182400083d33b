"""Answering a question: the right choice is the one whose figure this run measured."""

from __future__ import annotations

from engine.events import Source
from scenes.actions import Action
from scenes.effects import Ask
from scenes.errors import SceneError
from scenes.evidence import Evidence
from scenes.measures import MEASURES, SHOWN_BY
from scenes.sayings import trouble
from scenes.scene import Question


def put(question: Question, right: int = -1, source: Source = "scripted") -> Ask:
    """The question as it is put to the learner; -1: what is right is not known yet."""
    return Ask(question.id, tuple(choice.text for choice in question.choices), right, source)


class Answering:
    """A question that was answered, until this run has shown which choice is right."""

    def __init__(self, question: Question, chosen: int) -> None:
        self.question = question
        self.chosen = chosen
        self.right = -1
        self.source: Source = "scripted"
        """Where it is known from, once it is."""
        others = (n for n, one in enumerate(question.choices) if one.reveal and n != chosen)
        self._untried = list(others)
        """Choices with a `reveal` of their own that have not been tried yet."""

    def reveal(self, choice: int) -> list[Action]:
        """What brings about what is to be measured, for a choice that may have its own way."""
        return [*self.question.choices[choice].reveal, *self.question.reveal]

    def judge(self, evidence: Evidence) -> int:
        """Measure, and find the right choice; else the next choice that is to be tried, or -1.

        Raises SceneError where nothing can be measured, or what was is in no choice.
        """
        question = self.question
        try:
            measured = _measured(question, evidence)
        except (SceneError, TypeError) as err:
            raise SceneError(
                trouble("answering.cannot_measure", question=str(question.id), why=str(err))
            ) from err
        says = [choice.says(measured) for choice in question.choices]
        if True in says:
            self.right, self.source = says.index(True), _source(question, evidence)
            return -1
        if self._untried:
            return self._untried.pop(0)
        raise SceneError(
            trouble(
                "answering.no_choice_says_so",
                question=question.id,
                measured=str(measured),
                measure=question.measure,
            )
        )


def _source(question: Question, evidence: Evidence) -> Source:
    """Measured, unless the question says otherwise or the events were modelled that show it."""
    own = evidence.engine(question.engine)
    heard = [own] if question.engine else list(evidence.engines().values())
    shown_by = SHOWN_BY.get(question.measure, ())
    sources = {one.sources.get(event) for one in heard for event in shown_by}
    return "modelled" if question.modelled or "modelled" in sources else "measured"


def _measured(question: Question, evidence: Evidence) -> int | str | None:
    own = evidence.engine(question.engine)
    if question.key:
        return own.copied_of(question.key)
    return MEASURES[question.measure](own, **question.args)
