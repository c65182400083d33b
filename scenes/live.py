"""A scene played live: session, player and history joined on one event loop.

Screens and the plain face use it alike. Events go to the history and the player as they arrive;
what the player answers is done in order, one effect after the other, and every effect and event is
handed on to whoever shows them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic

from engine.events import AnyEvent, Census
from scenes import sandbox
from scenes.branching import Branch, Timeline, planned
from scenes.catching_up import Earlier, never
from scenes.effects import (
    Answered,
    Effect,
    Enter,
    Failed,
    Finished,
    Predict,
    Refused,
    Restart,
    WaitUntil,
)
from scenes.ensemble import Ensemble
from scenes.errors import SceneError
from scenes.history import History
from scenes.loader import Lesson
from scenes.player import Player
from scenes.prediction import HOW, Prediction, predict, right
from scenes.refusals import played
from scenes.session import Session

WATCHED_EVERY = 0.25
"""Seconds between looks at what the engine has not answered yet."""
ASKED_EVERY = 1.0
"""Seconds between questions whether it answers, where no step waits for it."""
STALL_SECONDS = 0.5
"""An answer that takes longer is no time of a step's."""
BUSY_SECONDS = 2.0
"""An answer that takes longer is told."""
NOTICE_SECONDS = 8.0
"""For so long a refusal stays, or until the next key."""


class Live:
    """Plays `lesson`; `start` and `stop` it on a running event loop."""

    def __init__(
        self,
        lesson: Lesson,
        *,
        seed: int | None = None,
        arena_pages: int | None = None,
        autoplay: bool = False,
        pace: float = 1.0,
        start_at: str = "",
        earlier: Earlier = never,
        on_event: Callable[[AnyEvent], None] = lambda event: None,
        on_effect: Callable[[Effect], None] = lambda effect: None,
        command: Sequence[str] = (),
    ) -> None:
        self.lesson = lesson
        self.history = History(lesson.scene.cards)
        self.left: list[Timeline] = []
        """The runs that branches left, oldest first."""
        self._branch: Branch | None = None
        self._notice = ""
        self._notice_until = 0.0
        self._watch: asyncio.Task[None] | None = None
        self._prediction: Prediction | None = None
        """Of a crash that has not been counted yet."""
        self.ended = asyncio.Event()
        """The scene has played to its end, or cannot go on."""
        self._seed, self._arena_pages, self._command = seed, arena_pages, command
        self._on_event, self._on_effect = on_event, on_effect
        self._to_do: asyncio.Queue[Effect] = asyncio.Queue()
        self._timer: asyncio.TimerHandle | None = None
        self.bug: BaseException | None = None
        """What nobody foresaw in here: nothing goes on; whoever shows the scene raises it."""
        self._performer: asyncio.Task[None] | None = None
        self.session = self._new_session()
        self._earlier = earlier
        self.player = self._new_player(autoplay, pace, start_at)

    @property
    def notice(self) -> str:
        """What went wrong, in one line; the engine's end, a refused command, a failed wait."""
        return self._notice if monotonic() < self._notice_until else ""

    def _say(self, notice: str, seconds: float = float("inf")) -> None:
        self._notice, self._notice_until = notice, monotonic() + seconds

    @property
    def busy_seconds(self) -> float:
        """How long the engine has not answered, where that is worth a word; else 0."""
        waited = self._owed_seconds
        return waited if waited > BUSY_SECONDS else 0.0

    @property
    def _owed_seconds(self) -> float:
        asked = self.session.asked_at if self.session.alive else 0.0
        return monotonic() - asked if asked else 0.0

    def _new_session(self) -> Session | Ensemble:
        kind = Ensemble if self.lesson.scene.engines else Session
        return kind(
            self.lesson,
            on_event=self._arrived,
            seed=self._seed,
            arena_pages=self._arena_pages,
            command=self._command,
        )

    def _new_player(
        self, autoplay: bool, pace: float, start_at: str, *, branched: bool = False
    ) -> Player:
        player = Player(
            self.lesson.scene,
            autoplay=autoplay,
            start_at=start_at,
            branched=branched,
            earlier=self._earlier,
        )
        player.hand.pace = pace
        return player

    async def start(self) -> None:
        """Start the engine and enter the first step; raises SceneError in one clear line."""
        try:
            await self._begin()
        except BaseException:
            await self.session.close()
            raise
        self._performer = asyncio.create_task(self._perform(), name="performer")
        self._watch = asyncio.create_task(self._watch_answers(), name="watch")
        for task in (self._performer, self._watch):
            task.add_done_callback(self._ended_by)

    def _ended_by(self, task: asyncio.Task[None]) -> None:
        """These tasks end by being cancelled, or by a bug."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broke(error)

    def _broke(self, error: BaseException) -> None:
        """Nothing here can go on: the first error is the one to tell."""
        self.bug = self.bug or error
        self.ended.set()

    async def _begin(self, branch: Branch | None = None) -> None:
        await self.session.start(branch)
        self._do(self.player.start(monotonic()))

    async def stop(self) -> None:
        """Stop playing; no process and no file is left.

        An engine that does not answer is not asked to shut down: it would not.
        """
        if self._owed_seconds > STALL_SECONDS:
            self.session.abandon()
        if self._timer is not None:
            self._timer.cancel()
        for task in (self._performer, self._watch):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        await self.session.close()

    def key(self, name: str) -> None:
        """A key of the player by its name, or one of the sandbox by its letter."""
        if self._notice_until < float("inf"):
            self._notice_until = 0.0
        if len(name) == 1:
            woken = self.player.wake(monotonic())
            self._do(woken)
            if woken and name == "w":
                return  # writes again, as asked
            if name in HOW:
                self._crash(name, predict(HOW[name], self.history.now))
            else:
                self._do(sandbox.press(name, self.player, self.history.now))
        else:
            self._do(self.player.feed_key(name, monotonic()))

    def slide(self, name: str, by: int) -> None:
        """Move a slider of the sandbox by so many values."""
        self._do(self.player.wake(monotonic()))
        self._do(sandbox.slide(name, by, self.player, self.history.now))

    def crash(self, name: str, prediction: Prediction, choice: int) -> None:
        """A crash key whose prediction was made: the answer, then the real crash."""
        self.player.wake(monotonic())
        self._crash(name, prediction, choice)

    def _crash(self, name: str, prediction: Prediction, choice: int = -1) -> None:
        effects = sandbox.press(name, self.player, self.history.now)
        if not any(isinstance(effect, Refused) for effect in effects):
            chosen = prediction.scripted if choice < 0 else choice
            self._prediction = prediction
            effects = [
                Predict(prediction.id, prediction.choices),
                Answered(prediction.id, chosen),
                *effects,
            ]
            if self.busy_seconds:
                self.session.abandon()  # what was asked before it would wait for its answer
        self._do(effects)

    def _judge_prediction(self) -> list[Effect]:
        """What the census proved right."""
        crash, made = self.history.now.crash, self._prediction
        if made is None or crash is None or crash.census is None:
            return []
        self._prediction = None
        return [Predict(made.id, made.choices, right(made, crash))]

    def reload(self, lesson: Lesson, step: str = "") -> None:
        """Play another edition of the scene with a fresh engine, from `step` on if it has it."""
        before, self.lesson = self.player, lesson
        self.history.gathered = None  # the next player gathers for the next history
        self.player = self._new_player(before.autoplay, before.own_pace, step)
        if self._timer is not None:
            self._timer.cancel()
        self._do([Restart()])

    def branch(self, history: History, index: int) -> None:
        """Go on from the moment after event `index` of this or a left run, in a fresh engine.

        Raises SceneError where that is not possible, and nothing happens.
        """
        if self._branch is not None:
            raise SceneError(played("branch.on_its_way"))
        timelines = [*self.left, self._timeline()]
        meant = next((one for one in timelines if one.history is history), timelines[-1])
        self._branch = planned(meant, index)
        self.left = timelines
        before = self.player
        self.history.gathered = None
        self.player = self._new_player(
            before.autoplay, before.own_pace, self._branch.step, branched=True
        )
        if self._timer is not None:
            self._timer.cancel()
        self._do([Restart()])

    def _timeline(self) -> Timeline:
        session = self.session
        if isinstance(session, Session):
            return Timeline(self.history, {session.name: session.beginnings})
        return Timeline(self.history, session.beginnings)

    def text(self, key: str) -> str:
        """Words of the scene with this run's figures."""
        return self.lesson.words.text(key, self.player.figures)

    def _arrived(self, event: AnyEvent) -> None:
        try:
            self._take_in(event)
        except Exception as error:  # whoever hands events on has nobody to tell
            self._broke(error)
            raise

    def _take_in(self, event: AnyEvent) -> None:
        self.history.append(event)
        if len(self.history) == 1:  # the session knows its folder and population by now
            self.player.use(self.session.evidence())
            self.history.gathered = lambda: self.player.evidence
        effects = self.player.feed_event(event)
        self._on_event(event)
        if self.session.failure:
            self._say(self.session.failure)
        elif self.session.word:
            self._say(self.session.word, NOTICE_SECONDS)
            self.session.word = ""
        self._do(effects)
        if isinstance(event, Census) and event.engine == self.history.now.name:
            self._do(self._judge_prediction())

    def _tick(self) -> None:
        try:
            self._feed_busy()
            self._do(self.player.feed_clock(monotonic()))
        except Exception as error:  # the event loop would print it and play on without a clock
            self._broke(error)

    async def _watch_answers(self) -> None:
        """Look whether the engine answers; ask where nobody else does."""
        asking: asyncio.Task[None] | None = None
        asked = monotonic()
        try:
            while True:
                await asyncio.sleep(WATCHED_EVERY)
                self._feed_busy()
                is_due = self.player.expects or monotonic() - asked >= ASKED_EVERY
                if is_due and (asking is None or asking.done()):
                    asked = monotonic()
                    asking = asyncio.create_task(self.session.ask_for_life())
        finally:
            if asking is not None:
                asking.cancel()

    def _feed_busy(self) -> None:
        now, asked = monotonic(), self.session.asked_at
        owes = self.session.alive and asked and now - asked > STALL_SECONDS
        self._do(self.player.feed_busy(asked if owes else 0.0, now))

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, WaitUntil):
                self._call_at(effect.at)
            else:
                if isinstance(effect, Restart) and self.busy_seconds:
                    self.session.abandon()  # what is to be done would wait for its answer
                self._to_do.put_nowait(effect)

    def _call_at(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(0.0, at - monotonic()), self._tick)

    async def _perform(self) -> None:
        """Do the effects in order; what the engine refuses becomes the notice."""
        while True:
            effect = await self._to_do.get()
            try:
                if isinstance(effect, Restart):
                    await self._restart()
                else:
                    await self.session.perform(effect)
            except SceneError as err:
                self._say(str(err), float("inf") if self.session.failure else NOTICE_SECONDS)
                self._on_effect(Refused(str(err)))
            if isinstance(effect, Enter):
                self._say(self.session.failure)  # a refusal was the last step's matter
            if isinstance(effect, Failed):
                self._say(self.session.failure or effect.reason)
            self._on_effect(effect)
            if isinstance(effect, Failed | Finished):
                self.ended.set()

    async def _restart(self) -> None:
        branch, self._branch = self._branch, None
        if branch is None:
            self.left = []
        await self.session.close()
        self.history = History(self.lesson.scene.cards)
        self._say("")
        self.ended.clear()
        self.session = self._new_session()
        await self._begin(branch)
