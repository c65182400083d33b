"""The step that plays, from its entering until it rests; sans-IO, as the player whose part it is.

The needs of the child come first, then the actions with what they wait for, the question with its
reveal, and the proof of what the step promised. The phases are those that the player names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Literal, TypeAlias

import msgspec

from engine.events import AnsweredBy, Event
from scenes.actions import Action
from scenes.answering import Answering, put
from scenes.awaited import Awaited
from scenes.child_needs import ChildNeeds
from scenes.effects import Answered, Checked, Effect, Enter, Failed, Refused, WaitUntil
from scenes.errors import SceneError
from scenes.evidence import Evidence
from scenes.measures import MEASURES
from scenes.proving import Judge, Proving
from scenes.refusals import GONE, played
from scenes.scene import Question, Scene, Stage
from scenes.stagehand import Stagehand
from scenes.step_clock import NEVER, StepClock, patience

Phase: TypeAlias = Literal["idle", "waiting", "asking", "revealing", "proving", "resting", "over"]
NextCall: TypeAlias = Callable[[float], list[Effect]]
"""The time -> `WaitUntil`, when the clock has to be fed again, if at all."""
Script: TypeAlias = Callable[[Question], tuple[int, AnsweredBy]]
"""What is answered where nobody is asked: the choice, from 0, and whose it is."""

_WANTED = {"gone": "fail.gone", "held": "fail.held", "lesson": "fail.lesson"}


class RunningStep:
    """One step after the other is entered here; `evidence` is what the scene has proved so far."""

    def __init__(
        self,
        scene: Scene,
        evidence: Evidence,
        hand: Stagehand,
        judged_by: Judge,
        call: NextCall,
        visited: Collection[str],
        script: Script,
    ) -> None:
        self.evidence = evidence
        self.phase: Phase = "idle"
        self.failed = ""
        """Why the scene cannot go on: one clear line."""
        self.answering: Answering | None = None
        """The step's question, once it was answered."""
        self.left_out = False
        """This machine can't show the step: nothing is done, nothing asked."""
        self.clock = StepClock()
        self.proving = Proving(judged_by, visited)
        self._hand = hand
        self._next_call = call
        self._script = script
        self._awaited = Awaited(scene)
        self._needs = ChildNeeds(scene)
        self._stage: Stage | None = None

    @property
    def stage(self) -> Stage:
        """The step itself; there is one once a first was entered."""
        assert self._stage is not None
        return self._stage

    # What goes in

    def enter(self, stage: Stage, now: float, *, passing: bool = False) -> list[Effect]:
        """Begin a step, on the way to a later one if `passing`."""
        entered = Enter(stage.id, passing)
        self._stage = stage
        self.proving.begin(stage.expect)
        self._awaited.begin(stage.wait)
        self.answering = None
        self.clock.enter(stage.timeout, stage.dwell, self._hand.pace, now)
        self.phase = "waiting"
        reason = MEASURES[stage.unless](self.evidence) if stage.unless else None
        self.left_out = bool(reason)
        if reason:
            return [entered, *self._left_out(str(reason), now)]
        needs = self._needs.enter(stage, self.evidence)
        if self._needs.pending:
            return [entered, *needs, *self._next_call(now)]
        return [entered, *self._act(stage.do, now)]

    def _left_out(self, reason: str, now: float) -> list[Effect]:
        """A step that this machine can't show: what it expects is skipped, for this reason."""
        self._needs.pending = ""
        self._awaited.begin(None)
        self.phase, self.clock.deadline = "resting", NEVER
        return [*self.proving.skip(reason), *self._next_call(now)]

    def hear(self, event: Event) -> list[Effect]:
        """Take in an event that the evidence holds already; its `at` is also news of the clock."""
        at = max(event.at, self.clock.now)
        if self._needs.pending:
            return self._prepared(at)
        effects: list[Effect] = []
        between, rest = self._awaited.between, self._awaited.came(event)
        if rest is not None:
            effects += self._act(rest, at) if between else self._wait_met(at)
        if self.phase == "proving" and self.proving.open:
            effects += self.prove(event.at)
        return effects

    def time_is_up(self, now: float) -> list[Effect]:
        """The deadline has come: the script answers, the measure is taken, or the wait failed."""
        match self.phase:
            case "asking":
                assert self.stage.question is not None
                choice, by = self._script(self.stage.question)
                return self.answer(choice, now, by)
            case "revealing" if self._awaited.match is None:
                return self._resolve(now)
            case _:
                return self._fail(self._waited_for())

    def answer(self, choice: int, now: float, by: AnsweredBy = "") -> list[Effect]:
        """The learner's choice, from 0, or the script's; refused where none can be made."""
        question = self._stage.question if self._stage else None
        if question is not None and self.phase == "waiting":
            return [Refused(played("refuse.happening"))]  # its words may be there already
        if question is None or self.phase != "asking":
            return [Refused(played("refuse.no_question"))]
        if not self.evidence.engine_lives:
            return [Refused(played(GONE))]
        if choice >= len(question.choices):
            return [Refused(played("refuse.choices", count=len(question.choices)))]
        self.phase, self.answering = "revealing", Answering(question, choice)
        return [Answered(question.id, choice, by), *self._try(self.answering, choice, now)]

    def prove(self, now: float) -> list[Effect]:
        """Judge what is still open; what does not hold by the deadline has failed."""
        final = now >= self.clock.deadline
        effects: list[Effect] = [*self.proving.judge(self.evidence, final=final)]
        if not self.proving.open:
            self.phase, self.clock.deadline = "resting", NEVER
        return effects + self._next_call(now)

    def leave(self, now: float) -> list[Effect]:
        """Judge at once what was still being proved; the opening's evidence may be cut short."""
        if self.phase != "proving" or self.stage.beat == 0:
            return []
        early, self.clock.deadline = now < self.clock.deadline, now
        return [
            msgspec.structs.replace(effect, early=early) if isinstance(effect, Checked) else effect
            for effect in self.prove(now)
            if not isinstance(effect, WaitUntil)
        ]

    def forget(self) -> None:
        """The scene begins anew: nothing was entered, nothing was judged."""
        self.phase, self.failed = "idle", ""
        self.proving.verdicts.clear()

    # What comes of it

    def _prepared(self, now: float) -> list[Effect]:
        """Begin once there is what the step needs of the child."""
        effects = self._needs.heard(self.evidence)
        for effect in effects:
            if isinstance(effect, Failed):
                self.failed, self.phase = effect.reason, "over"
        return effects if self._needs.pending else self._act(self.stage.do, now)

    def _act(self, actions: Sequence[Action], now: float) -> list[Effect]:
        """Do `actions` as far as one that waits; with the last of them the step's wait begins."""
        effects = self._hand.perform(self._awaited.ready(actions))
        self.clock.grant(self.stage.timeout, self._hand.pace, now)
        if self._awaited.match is None:
            effects += self._wait_met(now)
        return effects + self._next_call(now)

    def _wait_met(self, now: float) -> list[Effect]:
        question = self.stage.question
        if self.phase == "revealing":
            self.clock.grant(question.settle if question else 0.0, self._hand.pace, now)
            return self._next_call(now)
        if question is None:
            return self._start_proving(now)
        self.phase = "asking"
        self.await_answer(now)
        return [put(question), *self._next_call(now)]

    def await_answer(self, now: float) -> None:
        """For ever, or with autoplay until the scripted choice is made; nothing in other phases."""
        if self.phase == "asking":
            alone = self._hand.autoplay
            self.clock.deadline = now + self.stage.dwell / self._hand.pace if alone else NEVER

    def _start_proving(self, now: float) -> list[Effect]:
        self.phase = "proving"
        self.clock.grant(self.stage.settle, self._hand.pace, now)
        return self.prove(now)

    def _try(self, answering: Answering, choice: int, now: float) -> list[Effect]:
        """Bring about what is to be measured, for a choice that has its own way to do so."""
        self._awaited.begin(answering.question.wait)
        return self._act(answering.reveal(choice), now)

    def _resolve(self, now: float) -> list[Effect]:
        """Find the right choice; where nothing says it yet, another choice is tried."""
        answering = self.answering
        assert answering is not None
        try:
            untried = answering.judge(self.evidence)
        except SceneError as err:
            return self._fail(str(err))
        if untried >= 0:
            return self._try(answering, untried, now)
        return [
            put(answering.question, answering.right, answering.source),
            *self._start_proving(now),
        ]

    def _waited_for(self) -> str:
        """What did not come in time, in words."""
        step, seconds = self.stage.id, f"{patience(self.stage.timeout, self._hand.pace):g}"
        if self._needs.pending:
            return played(_WANTED[self._needs.pending], step=step, seconds=seconds)
        wanted = self._awaited.match
        assert wanted is not None
        return played("fail.event", step=step, seconds=seconds, event=wanted.event)

    def _fail(self, reason: str) -> list[Effect]:
        self.failed, self.phase = reason, "over"
        return [Failed(reason)]
