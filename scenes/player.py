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
a scene that was forgotten must not grow for ever. Whoever goes to a later step has those before it
played first (`scenes/catching_up.py`). Keys go by the names of what they do: next, back, pause,
faster, slower, restart, autoplay, answer-1 to answer-4, jump:STEP, stay (where it catches up), and
the sandbox's.
"""

from __future__ import annotations

from engine.events import Event, Latency, State
from scenes.catching_up import CatchingUp, Earlier, never
from scenes.effects import (
    Asleep,
    Effect,
    Finished,
    Refused,
    Restart,
    ShowStep,
    WaitUntil,
)
from scenes.evidence import Evidence
from scenes.expect import judge
from scenes.measures import Figures
from scenes.on_show import OnShow
from scenes.proving import Judge
from scenes.refusals import GONE, played
from scenes.running_step import RunningStep
from scenes.sayings import trouble
from scenes.scene import Scene
from scenes.sliders import Sliders
from scenes.stagehand import Stagehand
from scenes.step_clock import NEVER

JUMP = "jump:"
"""Before a step's name: the key that goes there."""
ANSWERS = ("answer-1", "answer-2", "answer-3", "answer-4")
MEANWHILE = ("back", "pause", "restart", "stay")
"""Keys, beside jumps, that do something while the player catches up."""


class Player(OnShow):
    """Plays `scene`; `evidence` gathers what the checks and the words' figures need."""

    def __init__(
        self,
        scene: Scene,
        *,
        evidence: Evidence | None = None,
        autoplay: bool = False,
        judged_by: Judge = judge,
        start_at: str = "",
        branched: bool = False,
        earlier: Earlier = never,
    ) -> None:
        super().__init__(scene)
        self._start_at = start_at
        """The step from which on all goes at the learner's pace; "" is the first."""
        self._branched = branched
        """A branch has brought the engine there: the steps before are not played."""
        self.evidence = evidence or Evidence(populate=scene.populate, topics=scene.topics)
        self.figures = Figures(self.evidence, scene.values)
        self.hand = Stagehand(scene, autoplay=autoplay)
        """The writers, the pace, the pause and autoplay."""
        self.sliders = Sliders() if scene.sliders else None
        self.visited: list[str] = []
        self.asleep = False
        """Nobody has pressed a key for long: the writers are stopped."""
        self._catching = CatchingUp(scene, self.hand, earlier)
        self._step = RunningStep(
            scene,
            self.evidence,
            self.hand,
            judged_by,
            self._next_call,
            self.visited,
            self._catching.answer,
        )
        self._clock = self._step.clock

    def use(self, evidence: Evidence) -> None:
        """Gather into `evidence` from now on: a session has just begun."""
        self.evidence, self.figures = evidence, Figures(evidence, self.scene.values)
        self._step.evidence = evidence
        self.hand.population = evidence.populate

    # What goes in

    def start(self, now: float) -> list[Effect]:
        """Enter the first step, from there on to that with which the learner begins."""
        self._clock.start(now)
        place = self._place_of(self._start_at) or 0
        if self._branched:
            return self.hand.what_lasts(self.scene.stages[:place]) + self._enter(place, now)
        return (self._catching.begin(0, place) if place else []) + self._enter(0, now)

    def jump(self, step: str, now: float) -> list[Effect]:
        """Play on to a named step, fast; one that was reached is only shown."""
        place = self._place_of(step)
        if place is None:
            return [Refused(played("refuse.no_step", step=step))]
        if self.phase == "over" and self.failed:
            return [Refused(self.failed)]
        if self.phase == "idle":
            self._start_at = step
            return self.start(now)
        if not self.evidence.engine_lives:
            return [Refused(played(GONE))]
        if place <= self.position:
            return [ShowStep(step)]
        is_played = self.phase == "resting"
        first = self.position + is_played
        on_a_way = self._catching.way is not None
        hurries = self._catching.begin(first, place) if on_a_way or first < place else []
        if is_played:
            return hurries + self._go_on(now)
        self._step.await_answer(now)
        return hurries + self._next_call(now)

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
            effects += self._next_call(self._clock.now)  # a new engine: time goes on
        return effects + self._step.hear(event)

    def feed_clock(self, now: float) -> list[Effect]:
        """Take in the time; always ends with when to call again, if there is anything to await."""
        elapsed = self._clock.tick(now)
        if self.phase in ("idle", "over") or self._clock.busy:
            return []
        if self.hand.paused or not self.evidence.engine_lives:
            self._clock.deadline += elapsed
            return []
        effects: list[Effect] = []
        if self._may_sleep() and self._clock.deserted(now):
            effects += self._fall_asleep()
        if self.phase == "proving":
            effects += self._step.prove(now)
        elif self.phase == "resting":
            self._clock.dwell_left -= elapsed * self.hand.pace
            if self._goes_on_alone() and self._clock.dwell_left <= 1e-9:
                return self._go_on(now)
        elif now >= self._clock.deadline:
            effects += self._step.time_is_up(now)
        return effects + self._next_call(now)

    def feed_busy(self, since: float, now: float) -> list[Effect]:
        """The engine has not answered since then; 0: it has. Its time is not the step's."""
        answered = self._clock.feed_busy(since, now)
        return self._next_call(self._clock.now) if answered else []

    @property
    def expects(self) -> bool:
        """Whether the step waits for something that only the engine can bring."""
        return self.phase in ("waiting", "revealing", "proving")

    def feed_key(self, name: str, now: float) -> list[Effect]:
        """Do what a key asks for, or refuse with the reason."""
        self._clock.hear(now)
        return self.wake(now) + self._pressed(name, now)

    def wake(self, now: float) -> list[Effect]:
        """Somebody pressed a key: writers that sleep go on."""
        self._clock.key(now)
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
        if self.catching_up and name not in MEANWHILE and not name.startswith(JUMP):
            return [Refused(played("refuse.catching_up"))]
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
                self.hand.autoplay = not self.hand.autoplay
                self._step.await_answer(now)
                return self._next_call(now)
            case "stay":
                return self._stay(now)
            case _ if name.startswith(JUMP):
                return self.jump(name.removeprefix(JUMP), now)
            case _ if name in ANSWERS:
                return self._step.answer(ANSWERS.index(name), now)
            case _:
                return [Refused(played("refuse.no_key", key=name))]

    def _enter(self, position: int, now: float) -> list[Effect]:
        self.position = position
        stage = self.scene.stages[position]
        if stage.id not in self.visited:
            self.visited.append(stage.id)
        return self._step.enter(stage, now, passing=self._catching.way is not None)

    # Going on, going back

    def _goes_on_alone(self) -> bool:
        if self.hand.autoplay:
            return True
        return self.beat == 0 and self.following is not None and self.following.beat == 0

    def _next(self, now: float) -> list[Effect]:
        if self.phase == "idle":
            return self.start(now)
        if self.phase == "over":
            return [Refused(self.failed or played("refuse.over"))]
        if not self.evidence.engine_lives:
            return [Refused(played(GONE))]
        if self.beat == 0 and not self.hand.autoplay:
            return self._leave_opening(now)
        if self.scene.sliders and self.following is None and not self.hand.autoplay:
            return [Refused(trouble("player.sandbox_has_no_next"))]
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
        return self._step.leave(now) + self._enter(self.first_beat, now)

    def _go_on(self, now: float) -> list[Effect]:
        effects = self._step.leave(now)
        if self.following is None:
            self._step.phase = "over"
            return [*effects, Finished()]
        way = self._catching.way
        if way is not None and way.place <= self.position + 1:
            effects += self._caught_up(way.step, now)
        return effects + self._enter(self.position + 1, now)

    def _caught_up(self, step: str, now: float) -> list[Effect]:
        self._clock.key(now)  # nobody had to press one meanwhile
        return self._catching.end(step)

    def _stay(self, now: float) -> list[Effect]:
        """The step that plays goes on at the learner's pace; nothing where it does already."""
        if self.stage is None or not self.catching_up:
            return []
        effects = self._caught_up(self.stage.id, now)
        self._step.await_answer(now)
        return effects + self._next_call(now)

    def _back(self) -> list[Effect]:
        if self.position <= 0:
            return [Refused(played("refuse.first_step"))]
        return [ShowStep(self.scene.stages[self.position - 1].id)]

    def _restart(self) -> list[Effect]:
        stops = self.hand.stop_all()
        self._catching.forget()
        self.hand.forget()
        self._step.forget()
        self.visited.clear()
        self.position, self.asleep = -1, False
        self._start_at, self._branched = "", False
        self.sliders = Sliders() if self.scene.sliders else None
        return [*stops, Restart()]

    # Time

    def _pause(self, now: float) -> list[Effect]:
        self.hand.paused = not self.hand.paused
        if self.hand.paused:
            return self.hand.stop_all()
        return [*self.hand.start_all(), *self._next_call(now)]

    def _change_pace(self, faster: bool, now: float) -> list[Effect]:
        before = self.hand.pace
        if not self.hand.change_pace(faster):
            return [Refused(played("refuse.pace", pace=f"{self.hand.pace:g}"))]
        if self.phase != "asking":
            self._clock.repace(before, self.hand.pace, now)
        return [*self.hand.start_all(), *self._next_call(now)]

    def _next_call(self, now: float) -> list[Effect]:
        if self.hand.paused or self.phase in ("idle", "over"):
            return []
        at, alone = self._clock.deadline, self._goes_on_alone()
        if self.phase == "resting":
            at = now + self._clock.dwell_left / self.hand.pace if alone else NEVER
        if self._may_sleep():
            at = min(at, self._clock.deserted_at)
        return [WaitUntil(at)] if at < NEVER else []
