"""What of a live scene is the learner's own: the steps seen and the questions answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenes.effects import Answered, Ask, CaughtUp, Effect, Enter, Finished
from scenes.loader import Lesson

if TYPE_CHECKING:  # the first frame need not wait for it
    from scenes.progress import Progress


class Learner:
    """Keeps them in `progress`, where there is one: nothing that only the script has answered."""

    def __init__(self, lesson: Lesson, progress: Progress | None) -> None:
        self._lesson = lesson
        self._progress = progress
        self._answers: dict[str, int] = {}
        """By question, until the run has measured which choice is right."""
        self._is_at_the_end = False

    def hear(self, effect: Effect) -> None:
        """Note what an effect says of the learner: steps on the way to another one say nothing."""
        progress = self._progress
        if progress is None:
            return
        match effect:
            case Enter(step, passing=False) | CaughtUp(step):
                self._is_at_the_end = False
                progress.entered(self._lesson, step)
            case Answered(question, choice, by=""):
                self._answers[question] = choice
            case Ask(question, right=-1):
                self._answers.pop(question, None)
            case Ask(question, right=right) if question in self._answers:
                chosen = self._answers.pop(question)
                progress.answered(self._lesson, question, chosen, right)
            case Finished():
                self.has_seen_all()
            case _:
                pass

    def has_seen_all(self) -> None:
        """The last step has been shown: that counts once a run, with a key behind it or not."""
        if self._progress is not None and not self._is_at_the_end:
            self._is_at_the_end = True
            self._progress.finished(self._lesson)

    def earlier(self, question: str) -> int:
        """The choice that was made in an earlier play, from 0; -1: none is known."""
        if self._progress is None:
            return -1
        answer = self._progress.of(self._lesson).answers.get(question)
        return answer.chosen if answer is not None else -1
