"""What a player shows of itself: the phase, the pace, the question, and to where it catches up."""

from __future__ import annotations

from scenes.catching_up import CatchingUp, Way
from scenes.course import Course
from scenes.effects import Checked
from scenes.running_step import Phase, RunningStep
from scenes.scene import Question
from scenes.stagehand import Stagehand


class OnShow(Course):
    """What screens ask; whoever plays sets the attributes."""

    hand: Stagehand
    """The writers, the pace, the pause and autoplay."""
    _step: RunningStep
    _catching: CatchingUp

    @property
    def pace(self) -> float:
        """1.0 is the author's; scales dwell times and workloads."""
        return self.hand.pace

    @property
    def own_pace(self) -> float:
        """The learner's, also while the player catches up."""
        return self._catching.way.pace if self._catching.way else self.hand.pace

    @property
    def autoplay(self) -> bool:
        """Whether the learner has steps go on and questions be answered by themselves."""
        return self._catching.way.autoplay if self._catching.way else self.hand.autoplay

    @property
    def catching_up(self) -> Way | None:
        """To which step, while those before it are played first."""
        return None if self.phase == "over" else self._catching.way

    @property
    def paused(self) -> bool:
        return self.hand.paused

    @property
    def phase(self) -> Phase:
        return self._step.phase

    @property
    def failed(self) -> str:
        """Why the scene cannot go on: one clear line."""
        return self._step.failed

    @property
    def verdicts(self) -> list[Checked]:
        """What was judged so far."""
        return self._step.proving.verdicts

    @property
    def chosen(self) -> int:
        """The choice that the learner made in this step, from 0; -1: none yet."""
        return self._step.answering.chosen if self._step.answering else -1

    @property
    def right(self) -> int:
        """The choice that this run has proved right; -1: not known yet."""
        return self._step.answering.right if self._step.answering else -1

    @property
    def question(self) -> Question | None:
        """The step's question, from its asking on."""
        if self.stage is None or self.phase in ("idle", "waiting"):
            return None
        return None if self._step.left_out else self.stage.question
