"""The player: steps through a scene, sans-IO.

Events, keys and the clock go in, effects come out; screen, plain face and tests perform them. The
player itself reads no clock and opens nothing, so that a test plays an hour under a fake clock.

A step goes through these phases:

    waiting     its actions are done, the event it waits for has not come yet
    asking      its question is put, the learner predicts
    revealing   the answer is in; the reveal's actions are done, their evidence is on the way
    proving     its expectations are judged, again with every event, until they hold or time is up
    resting     all is said; autoplay (and the opening) go on after the dwell time

Only `waiting` and `asking` keep the learner from going on; and so does an engine that is gone: what
a step would say of it is no news any more. With nobody at the keys the writers stop after a while:
a scene that was forgotten must not grow for ever. Keys go by the names of what they do:
next, back, pause, faster, slower, restart, autoplay, answer-1 to answer-4, jump:STEP, and the
sandbox's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import msgspec

from engine.events import Event, Latency, State
from scenes.actions import Action, Match
from scenes.cards import matches
from scenes.course import Course
from scenes.effects import (
    Answered,
    Ask,
    Asleep,
    Checked,
    Effect,
    Enter,
    Failed,
    Finished,
    Refused,
    Restart,
    Send,
    ShowStep,
    WaitUntil,
)
from scenes.errors import SceneError
from scenes.evidence import Evidence, Snapshot
from scenes.expect import judge
from scenes.measures import MEASURES, Figures
from scenes.refusals import played
from scenes.scene import Expectation, Question, Scene, Stage
from scenes.sliders import Sliders
from scenes.stagehand import Stagehand
from scenes.verdict import Verdict

Phase: TypeAlias = Literal["idle", "waiting", "asking", "revealing", "proving", "resting", "over"]
Judge: TypeAlias = Callable[[Expectation, Evidence], Verdict]

ASLEEP_AFTER = 180.0
"""Seconds without a key after which a scene that waits for one stops its writers."""
GONE = "refuse.gone"
"""A phrase."""

_WANTED = {"gone": "fail.gone", "held": "fail.held", "lesson": "fail.lesson"}
MOST_FORKS = 2
"""Children that a step forks for itself before it gives up."""

JUMP = "jump:"
"""Before a step's name: the key that goes there."""
ANSWERS = ("answer-1", "answer-2", "answer-3", "answer-4")


class Player(Course):
    """Plays `scene`; `evidence` gathers what the checks and the words' figures need."""

    def __init__(
        self,
        scene: Scene,
        *,
        evidence: Evidence | None = None,
        autoplay: bool = False,
        judged_by: Judge = judge,
        start_at: str = "",
    ) -> None:
        super().__init__(scene)
        self._start_at = start_at
        """The step to begin with; "" is the first."""
        self.evidence = evidence or Evidence(populate=scene.populate, topics=scene.topics)
        self.figures = Figures(self.evidence, scene.values)
        self.autoplay = autoplay
        self.hand = Stagehand(scene)
        """The writers, the pace and the pause."""
        self.sliders = Sliders() if scene.sliders else None
        self.phase: Phase = "idle"
        self.visited: list[str] = []
        self.verdicts: list[Checked] = []
        self.failed = ""
        self.chosen = -1
        self.right = -1
        self._judged_by = judged_by
        self._open: list[Expectation] = []
        self._wait: Match | None = None
        self._until: Match | None = None
        """What the actions in `_to_do` wait for; the step's own wait comes after them."""
        self._to_do: list[Action] = []
        self._untried: list[int] = []
        """Choices with a `reveal` of their own that have not been tried yet."""
        self._heard: set[str] = set()
        """Engines that have had the event, where all of them must have it."""
        self._prepares: Literal["", "gone", "held", "lesson"] = ""
        """What the step needs of the child before it begins."""
        self._left: dict[str, Snapshot | None] = {}
        """Engine -> a child that has gone already, for which another one is on its way."""
        self._forks: Counter[str] = Counter()
        """How often this step has forked for itself, by engine."""
        self.asleep = False
        """Nobody has pressed a key for long: the writers are stopped."""
        self._busy_since = 0.0
        """Since when the engine owes an answer; 0: it does not."""
        self._key_at = 0.0
        self._deadline = float("inf")
        self._dwell_left = 0.0
        self._ticked_at = 0.0

    def use(self, evidence: Evidence) -> None:
        """Gather into `evidence` from now on: a session has just begun."""
        self.evidence, self.figures = evidence, Figures(evidence, self.scene.values)

    # What screens ask

    @property
    def pace(self) -> float:
        """1.0 is the author's; scales dwell times and workloads."""
        return self.hand.pace

    @property
    def paused(self) -> bool:
        return self.hand.paused

    @property
    def question(self) -> Question | None:
        """The step's question, from its asking on."""
        if self.stage is None or self.phase in ("idle", "waiting"):
            return None
        if self.stage.unless and MEASURES[self.stage.unless](self.evidence):
            return None
        return self.stage.question

    # What goes in

    def start(self, now: float) -> list[Effect]:
        """Enter the first step."""
        self._ticked_at = self._key_at = now
        place = self._place_of(self._start_at) or 0
        return self.hand.catch_up(self.scene.stages[:place]) + self._enter(place, now)

    def jump(self, step: str, now: float) -> list[Effect]:
        """Go on with a named step; what lasts of the steps between is done, the rest is not."""
        place = self._place_of(step)
        if place is None:
            return [Refused(played("refuse.no_step", step=step))]
        if self.phase == "over" and self.failed:
            return [Refused(self.failed)]
        if not self.evidence.engine_lives:
            return [Refused(played(GONE))]
        between = self.scene.stages[self.position + 1 : place]
        return self._leave(now) + self.hand.catch_up(between) + self._enter(place, now)

    def _place_of(self, step: str) -> int | None:
        return next((n for n, one in enumerate(self.scene.stages) if one.id == step), None)

    def feed_event(self, event: Event) -> list[Effect]:
        """Take in one event of the stream; its `at` is also news of the clock."""
        self.evidence.add(event)
        if isinstance(event, Latency) and event.done:
            self.hand.finished(event.client, event.engine)
        if self.phase in ("idle", "over"):
            return []
        effects: list[Effect] = []
        if isinstance(event, State) and event.run > 1:
            effects += self._next_call(self._ticked_at)  # a new engine: time goes on
        if self._prepares:
            return effects + self._prepared(max(event.at, self._ticked_at))
        if self._until is not None:
            if matches(self._until, event) and self._all_have(self._until, event):
                effects += self._act(self._to_do, max(event.at, self._ticked_at))
        elif (
            self._wait is not None
            and matches(self._wait, event)
            and self._all_have(self._wait, event)
        ):
            self._wait = None
            effects += self._wait_met(max(event.at, self._ticked_at))
        if self.phase == "proving" and self._open:
            effects += self._prove(event.at)
        return effects

    def _all_have(self, match: Match, event: Event) -> bool:
        """Whether what is waited for has come: of "*", from each engine."""
        if match.engine != "*":
            return True
        self._heard.add(event.engine)
        return self._heard >= {setup.name for setup in self.scene.engines}

    def feed_clock(self, now: float) -> list[Effect]:
        """Take in the time; always ends with when to call again, if there is anything to await."""
        elapsed, self._ticked_at = max(0.0, now - self._ticked_at), now
        if self.phase in ("idle", "over"):
            return []
        if self._busy_since:
            return []  # what waits for the engine has all its time left when it answers
        if self.hand.paused or not self.evidence.engine_lives:
            self._deadline += elapsed
            return []
        effects: list[Effect] = []
        if self._may_sleep() and now - self._key_at >= ASLEEP_AFTER:
            effects += self._fall_asleep()
        if self.phase == "proving":
            effects += self._prove(now)
        elif self.phase == "resting":
            self._dwell_left -= elapsed * self.hand.pace
            if self._goes_on_alone() and self._dwell_left <= 1e-9:
                return self._go_on(now)
        elif now >= self._deadline:
            effects += self._time_is_up(now)
        return effects + self._next_call(now)

    def feed_busy(self, since: float, now: float) -> list[Effect]:
        """The engine has not answered since then; 0: it has. Its time is not the step's."""
        before, self._busy_since = self._busy_since, since
        if since or not before:
            return []
        self._deadline += max(0.0, now - before)
        self._ticked_at = max(now, self._ticked_at)
        return self._next_call(now)

    @property
    def expects(self) -> bool:
        """Whether the step waits for something that only the engine can bring."""
        return self.phase in ("waiting", "revealing", "proving")

    def feed_key(self, name: str, now: float) -> list[Effect]:
        """Do what a key asks for, or refuse with the reason."""
        self._ticked_at = max(now, self._ticked_at)
        return self.wake(now) + self._pressed(name, now)

    def wake(self, now: float) -> list[Effect]:
        """Somebody pressed a key: writers that sleep go on."""
        self._key_at = now
        if not self.asleep:
            return []
        self.asleep = False
        return self.hand.start_all()

    def _fall_asleep(self) -> list[Effect]:
        self.asleep = True
        return [*self.hand.stop_all(), Asleep()]

    def _may_sleep(self) -> bool:
        """Whether the scene waits for a key and for nothing else."""
        return self.phase in ("resting", "asking") and not self._goes_on_alone() and not self.asleep

    def _pressed(self, name: str, now: float) -> list[Effect]:
        match name:
            case "next":
                return self._next(now)
            case "back":
                return self._back()
            case "restart":
                return self._restart()
            case "pause":
                return self._pause(now)
            case "faster" | "slower":
                return self._change_pace(name == "faster", now)
            case "autoplay":
                self.autoplay = not self.autoplay
                return self._next_call(now)
            case _ if name.startswith(JUMP):
                return self.jump(name.removeprefix(JUMP), now)
            case _ if name in ANSWERS:
                return self._answer(ANSWERS.index(name), now)
            case _:
                return [Refused(played("refuse.no_key", key=name))]

    # Steps

    def _enter(self, position: int, now: float) -> list[Effect]:
        self.position = position
        stage = self.scene.stages[position]
        if stage.id not in self.visited:
            self.visited.append(stage.id)
        self._open = list(stage.expect)
        self._wait, self._heard = stage.wait, set()
        self._until, self._to_do, self._untried = None, [], []
        self._deadline = now + stage.timeout
        self._dwell_left = stage.dwell
        self.chosen = self.right = -1
        self.phase = "waiting"
        reason = MEASURES[stage.unless](self.evidence) if stage.unless else None
        if reason:
            return [Enter(stage.id), *self._left_out(str(reason), now)]
        needs = self._prepare(stage)
        if self._prepares:
            return [Enter(stage.id), *needs, *self._next_call(now)]
        return [Enter(stage.id), *self._begin(now)]

    def _left_out(self, reason: str, now: float) -> list[Effect]:
        """A step that this machine can't show: what it expects is skipped, for this reason."""
        self._prepares, self._wait, skipped = "", None, Verdict.skip(reason)
        effects: list[Effect] = [self._checked(wanted, skipped) for wanted in self._open]
        self._open, self.phase, self._deadline = [], "resting", float("inf")
        return effects + self._next_call(now)

    def _prepare(self, stage: Stage) -> list[Effect]:
        """What it takes to have no child, or a held one, where the step needs that."""
        evidence = self.evidence
        self._prepares = ""
        self._forks.clear()
        if stage.alone and evidence.child_lives:
            self._prepares = "gone"
            return [self._let_go()]
        if stage.held and (unheld := self._unheld(stage)):
            self._prepares = "held"
            return [effect for name, own in unheld.items() for effect in self._hold(name, own)]
        if stage.lesson and not evidence.lesson_lives:
            self._prepares = "lesson"
            return [self._let_go()] if evidence.child_lives else self._fork_lesson()
        return []

    def _let_go(self) -> Effect:
        """Have the child end."""
        words = ("CHILD", "EXIT") if self.evidence.lesson_lives else ("RELEASE",)
        return Send(("COWSCOPE", *words))

    def _fork_lesson(self) -> list[Effect]:
        """A lesson's child for a step that needs one."""
        assert self.stage is not None
        if self._forks[""] == MOST_FORKS:
            return self._fail(f"step '{self.stage.id}' needs a lesson's child, and none stays")
        self._forks[""] += 1
        self._left[""] = self.evidence.snapshot
        return [Send(("COWSCOPE", "FORK"))]

    def _unheld(self, stage: Stage) -> dict[str, Evidence]:
        """The engines that have no held child of the kind that the step needs, by name."""
        several = bool(self.hand.scene.engines)
        named = self.evidence.engines() if several else {"": self.evidence}
        return {name: own for name, own in named.items() if not own.holds(stage.held_for)}

    def _hold(self, name: str, own: Evidence) -> list[Effect]:
        """Have an engine's child held; one of another kind is let go first."""
        assert self.stage is not None
        if not own.child_lives:
            return self._fork_held(name, own)
        if own.lesson_lives:
            return [Send(("COWSCOPE", "CHILD", "EXIT"), name)]
        of_this_kind = own.snapshots[-1].fork.purpose == self.stage.held_for
        return [Send(("COWSCOPE", "HOLD" if of_this_kind else "RELEASE"), name)]

    def _fork_held(self, name: str, own: Evidence) -> list[Effect]:
        """A child for a step that needs a held one; not for ever, where nothing can be held."""
        assert self.stage is not None
        if self._forks[name] == MOST_FORKS:
            return self._fail(
                f"step '{self.stage.id}' needs a held child, and {MOST_FORKS} left at once"
                f" (with no keys there is nothing to hold one at)"
            )
        self._forks[name] += 1
        self._left[name] = own.snapshot
        command = "BGREWRITEAOF" if self.stage.held_for == "aof" else "BGSAVE"
        return [Send(("COWSCOPE", "HOLD"), name), Send((command,), name)]

    def _prepared(self, now: float) -> list[Effect]:
        """Begin once the child is gone, or held; one that left before it was held is replaced."""
        evidence = self.evidence
        if self._prepares == "gone":
            ready = not evidence.child_lives
        elif self._prepares == "lesson":
            ready = evidence.lesson_lives
            if not evidence.child_lives and self._left.get("") is not evidence.snapshot:
                return self._fork_lesson()
        else:
            assert self.stage is not None
            unheld = self._unheld(self.stage)
            ready = not unheld
            gone = {n: own for n, own in unheld.items() if not own.child_lives}
            again = [n for n, own in gone.items() if self._left.get(n) is not own.snapshot]
            if again:
                return [effect for n in again for effect in self._fork_held(n, gone[n])]
        if not ready:
            return []
        self._prepares = ""
        return self._begin(now)

    def _begin(self, now: float) -> list[Effect]:
        assert self.stage is not None
        return self._act(self.stage.do, now)

    def _act(self, actions: Sequence[Action], now: float) -> list[Effect]:
        """Do `actions` as far as one that waits; with the last of them the step's wait begins."""
        assert self.stage is not None
        self._until, self._to_do, self._heard = None, [], set()
        ready = list(actions)
        for place, action in enumerate(ready):
            if action.until is not None:
                self._until, self._to_do = action.until, ready[place + 1 :]
                del ready[place:]
                break
        effects = self.hand.perform(ready)
        self._deadline = now + self.stage.timeout
        if self._until is None and self._wait is None:
            effects += self._wait_met(now)
        return effects + self._next_call(now)

    def _wait_met(self, now: float) -> list[Effect]:
        stage = self.stage
        assert stage is not None
        if self.phase == "revealing":
            self._deadline = now + (stage.question.settle if stage.question else 0.0)
            return self._next_call(now)
        if stage.question is not None:
            self.phase, self._deadline = "asking", float("inf")
            effects: list[Effect] = [Ask(stage.question.id, self._choices(stage.question))]
            if self.autoplay:
                self._deadline = now + stage.dwell / self.hand.pace
            return effects + self._next_call(now)
        return self._start_proving(now)

    def _choices(self, question: Question) -> tuple[str, ...]:
        return tuple(choice.text for choice in question.choices)

    def _start_proving(self, now: float) -> list[Effect]:
        assert self.stage is not None
        self.phase, self._deadline = "proving", now + self.stage.settle
        return self._prove(now)

    def _prove(self, now: float) -> list[Effect]:
        """Judge what is still open; what does not hold by the deadline has failed."""
        effects: list[Effect] = []
        final = now >= self._deadline
        for expectation in list(self._open):
            verdict = self._judged_by(expectation, self.evidence)
            if final and not verdict.held:
                verdict = self._unless_left_out(expectation, verdict)
            if verdict.held or final:
                self._open.remove(expectation)
                effects.append(self._checked(expectation, verdict))
        if not self._open:
            self.phase, self._deadline = "resting", float("inf")
        return effects + self._next_call(now)

    def _unless_left_out(self, expectation: Expectation, missed: Verdict) -> Verdict:
        """A miss proves nothing where a step that it needs was never played."""
        for step in expectation.needs:
            if step not in self.visited:
                return Verdict.skip(played("skip.step", step=step))
        return missed

    def _checked(self, expectation: Expectation, verdict: Verdict) -> Checked:
        checked = Checked(expectation.check, verdict.held, verdict.detail, verdict.skipped)
        self.verdicts.append(checked)
        return checked

    def _time_is_up(self, now: float) -> list[Effect]:
        stage = self.stage
        assert stage is not None
        match self.phase:
            case "asking":
                assert stage.question is not None
                return self._answer(stage.question.scripted, now)
            case "revealing" if self._wait is None and self._until is None:
                return self._resolve(now)
            case _ if self._prepares:
                wanted = _WANTED[self._prepares]
                return self._fail(played(wanted, step=stage.id, seconds=f"{stage.timeout:g}"))
            case _:
                wanted_event = self._until or self._wait
                assert wanted_event is not None
                return self._fail(
                    played(
                        "fail.event",
                        step=stage.id,
                        seconds=f"{stage.timeout:g}",
                        event=wanted_event.event,
                    )
                )

    def _fail(self, reason: str) -> list[Effect]:
        self.failed, self.phase = reason, "over"
        return [Failed(reason)]

    # Questions

    def _answer(self, choice: int, now: float) -> list[Effect]:
        question = self.stage.question if self.stage else None
        if question is None or self.phase != "asking":
            return [Refused(played("refuse.no_question"))]
        if not self.evidence.engine_lives:
            return [Refused(played(GONE))]
        if choice >= len(question.choices):
            return [Refused(played("refuse.choices", count=len(question.choices)))]
        self.chosen, self.phase = choice, "revealing"
        others = (n for n, one in enumerate(question.choices) if one.reveal and n != choice)
        self._untried = list(others)
        return [Answered(question.id, choice), *self._try(question, choice, now)]

    def _try(self, question: Question, choice: int, now: float) -> list[Effect]:
        """Bring about what is to be measured, for a choice that has its own way to do so."""
        self._wait = question.wait
        return self._act([*question.choices[choice].reveal, *question.reveal], now)

    def _resolve(self, now: float) -> list[Effect]:
        """The right choice is the one whose figure this run measured."""
        assert self.stage is not None and self.stage.question is not None
        question = self.stage.question
        try:
            measured = self._measured(question)
        except (SceneError, TypeError) as err:
            return self._fail(f"question '{question.id}' cannot be measured: {err}")
        says = [choice.says(measured) for choice in question.choices]
        if True not in says and self._untried:
            return self._try(question, self._untried.pop(0), now)
        if True not in says:
            return self._fail(
                f"question '{question.id}': this run measured {measured} ({question.measure}),"
                f" which none of its choices says"
            )
        self.right = says.index(True)
        ask = Ask(question.id, self._choices(question), self.right)
        return [ask, *self._start_proving(now)]

    def _measured(self, question: Question) -> int | str | None:
        evidence = self.evidence.engine(question.engine)
        if question.key:
            return evidence.copied_of(question.key)
        return MEASURES[question.measure](evidence, **question.args)

    # Going on, going back

    def _goes_on_alone(self) -> bool:
        if self.autoplay:
            return True
        return self.beat == 0 and self.following is not None and self.following.beat == 0

    def _next(self, now: float) -> list[Effect]:
        if self.phase == "idle":
            return self.start(now)
        if self.phase == "over":
            return [Refused(self.failed or played("refuse.over"))]
        if not self.evidence.engine_lives:
            return [Refused(played(GONE))]
        if self.beat == 0 and not self.autoplay:
            return self._leave_opening(now)
        if self.scene.sliders and self.following is None and not self.autoplay:
            return [Refused("the sandbox has no next step: the keys and the sliders are yours")]
        if self.phase == "asking":
            return [Refused(played("refuse.predict_first"))]
        if self.phase in ("waiting", "revealing"):
            paused = self.hand.paused
            return [Refused(played("refuse.paused" if paused else "refuse.happening"))]
        return self._go_on(now)

    def _leave_opening(self, now: float) -> list[Effect]:
        """The first key starts beat 1, however far the opening has come."""
        if self.first_beat is None:
            return self._go_on(now)
        return self._leave(now) + self._enter(self.first_beat, now)

    def _go_on(self, now: float) -> list[Effect]:
        effects = self._leave(now)
        if self.position + 1 < len(self.scene.stages):
            return effects + self._enter(self.position + 1, now)
        self.phase = "over"
        return [*effects, Finished()]

    def _leave(self, now: float) -> list[Effect]:
        """Judge at once what was still being proved; the opening's evidence may be cut short."""
        if self.phase != "proving" or self.beat == 0:
            return []
        early, self._deadline = now < self._deadline, now
        return [
            msgspec.structs.replace(effect, early=early) if isinstance(effect, Checked) else effect
            for effect in self._prove(now)
            if not isinstance(effect, WaitUntil)
        ]

    def _back(self) -> list[Effect]:
        if self.position <= 0:
            return [Refused(played("refuse.first_step"))]
        return [ShowStep(self.scene.stages[self.position - 1].id)]

    def _restart(self) -> list[Effect]:
        stops = self.hand.stop_all()
        pace, self.hand = self.hand.pace, Stagehand(self.scene)
        self.hand.pace = pace
        self.verdicts.clear()
        self.visited.clear()
        self.phase, self.position, self.failed, self.asleep = "idle", -1, "", False
        self._start_at = ""
        self.sliders = Sliders() if self.scene.sliders else None
        return [*stops, Restart()]

    # Time

    def _pause(self, now: float) -> list[Effect]:
        self.hand.paused = not self.hand.paused
        if self.hand.paused:
            return self.hand.stop_all()
        return [*self.hand.start_all(), *self._next_call(now)]

    def _change_pace(self, faster: bool, now: float) -> list[Effect]:
        if not self.hand.change_pace(faster):
            return [Refused(played("refuse.pace", pace=f"{self.hand.pace:g}"))]
        return [*self.hand.start_all(), *self._next_call(now)]

    def _next_call(self, now: float) -> list[Effect]:
        if self.hand.paused or self.phase in ("idle", "over"):
            return []
        at = self._deadline
        if self.phase == "resting":
            at = now + self._dwell_left / self.hand.pace if self._goes_on_alone() else float("inf")
        if self._may_sleep():
            at = min(at, self._key_at + ASLEEP_AFTER)
        return [WaitUntil(at)] if at < float("inf") else []
