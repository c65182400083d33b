"""A scene played live: session, player and history joined on one event loop.

Screens and the plain face use it alike. Events go to the history and the player as they arrive;
what the player answers is done in order, one effect after the other, and every effect and event is
handed on to whoever shows them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic

from engine.events import AnyEvent
from scenes import sandbox
from scenes.effects import Effect, Enter, Failed, Finished, Refused, Restart, WaitUntil
from scenes.errors import SceneError
from scenes.history import History
from scenes.loader import Lesson
from scenes.player import Player
from scenes.session import Session


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
        on_event: Callable[[AnyEvent], None] = lambda event: None,
        on_effect: Callable[[Effect], None] = lambda effect: None,
        command: Sequence[str] = (),
    ) -> None:
        self.lesson = lesson
        self.history = History(lesson.scene.cards)
        self.notice = ""
        """What went wrong, in one line; the engine's end, a refused command, a failed wait."""
        self.ended = asyncio.Event()
        """The scene has played to its end, or cannot go on."""
        self._seed, self._arena_pages, self._command = seed, arena_pages, command
        self._on_event, self._on_effect = on_event, on_effect
        self._to_do: asyncio.Queue[Effect] = asyncio.Queue()
        self._timer: asyncio.TimerHandle | None = None
        self.performer: asyncio.Task[None] | None = None
        """Does the effects; its end means that something went wrong in here."""
        self.session = self._new_session()
        self.player = Player(lesson.scene, autoplay=autoplay)
        self.player.hand.pace = pace

    def _new_session(self) -> Session:
        return Session(
            self.lesson,
            on_event=self._arrived,
            seed=self._seed,
            arena_pages=self._arena_pages,
            command=self._command,
        )

    async def start(self) -> None:
        """Start the engine and enter the first step; raises SceneError in one clear line."""
        try:
            await self._begin()
        except BaseException:
            await self.session.close()
            raise
        self.performer = asyncio.create_task(self._perform(), name="performer")

    async def _begin(self) -> None:
        await self.session.start()
        self._do(self.player.start(monotonic()))

    async def stop(self) -> None:
        """Stop playing; no process and no file is left."""
        if self._timer is not None:
            self._timer.cancel()
        if self.performer is not None:
            self.performer.cancel()
            await asyncio.gather(self.performer, return_exceptions=True)
        await self.session.close()

    def key(self, name: str) -> None:
        """A key of the player by its name, or one of the sandbox by its letter."""
        if len(name) == 1:
            woken = self.player.wake(monotonic())
            self._do(woken)
            if woken and name == "w":
                return  # writes again, as asked
            self._do(sandbox.press(name, self.player, self.history.now))
        else:
            self._do(self.player.feed_key(name, monotonic()))

    def text(self, key: str) -> str:
        """Words of the scene with this run's figures."""
        return self.lesson.words.text(key, self.player.figures)

    def _arrived(self, event: AnyEvent) -> None:
        self.history.append(event)
        if len(self.history) == 1:  # the session knows its folder and population by now
            self.player.use(self.session.evidence())
        effects = self.player.feed_event(event)
        self._on_event(event)
        if self.session.failure:
            self.notice = self.session.failure
        self._do(effects)

    def _tick(self) -> None:
        self._do(self.player.feed_clock(monotonic()))

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, WaitUntil):
                self._call_at(effect.at)
            else:
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
                self.notice = str(err)
                self._on_effect(Refused(self.notice))
            if isinstance(effect, Enter):
                self.notice = self.session.failure  # a refusal was the last step's matter
            if isinstance(effect, Failed):
                self.notice = self.session.failure or effect.reason
            self._on_effect(effect)
            if isinstance(effect, Failed | Finished):
                self.ended.set()

    async def _restart(self) -> None:
        await self.session.close()
        self.history = History(self.lesson.scene.cards)
        self.notice = ""
        self.ended.clear()
        self.session = self._new_session()
        await self._begin()
