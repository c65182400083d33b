"""Several engines side by side, as one session: effects go to the one they name, or to all.

Each engine has a session of its own, with its folder, port and connections; their events are one
stream with one numbering. "" means the first engine, "*" all of them at once. Without a name of
their own (steps, questions, the prompt) things happen on the first.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from engine.events import AnyEvent
from scenes.branching import Beginnings, Branch
from scenes.effects import Crash, Effect, RestartEngine, Send, StartWorkload, StopWorkload
from scenes.errors import SceneError
from scenes.evidence import Evidence
from scenes.loader import Lesson
from scenes.resp import Reply
from scenes.sayings import trouble
from scenes.session import Session

ALL = "*"


class Ensemble:
    """The engines of a scene; what a screen asks of one session is answered for all of them."""

    def __init__(
        self,
        lesson: Lesson,
        *,
        on_event: Callable[[AnyEvent], None],
        seed: int | None = None,
        arena_pages: int | None = None,
        command: Sequence[str] = (),
    ) -> None:
        numbers = itertools.count(1)
        self.lesson = lesson
        self.members: dict[str, Session] = {
            setup.name: Session(
                lesson,
                on_event=on_event,
                seed=seed,
                arena_pages=arena_pages,
                command=command,
                name=setup.name,
                directives=setup.directives,
                numbers=numbers,
            )
            for setup in lesson.scene.engines
        }

    @property
    def first(self) -> Session:
        """The engine that is meant where none is named."""
        return next(iter(self.members.values()))

    # Life

    async def start(self, branch: Branch | None = None) -> None:
        """Bring all of them up, then begin their streams one after the other.

        With a `branch`, each as it was at its moment.
        """
        again = branch.engines if branch is not None else {}
        await _together(one.prepare(again.get(name)) for name, one in self.members.items())
        for member in self.members.values():
            await member.begin()
        await _together(self.members[name].catch_up(one) for name, one in again.items())

    @property
    def beginnings(self) -> dict[str, Beginnings]:
        """What the runs of each began on."""
        return {name: member.beginnings for name, member in self.members.items()}

    async def close(self) -> None:
        """Stop them all, and remove what they wrote."""
        await _together(member.close() for member in self.members.values())

    # What is asked of a session

    @property
    def alive(self) -> bool:
        return any(member.alive for member in self.members.values())

    @property
    def failure(self) -> str:
        """Why an engine is gone that nobody here ended, with its name."""
        failed = ((name, one.failure) for name, one in self.members.items() if one.failure)
        return next((f"{name}: {failure}" for name, failure in failed), "")

    @property
    def ended(self) -> str:
        return next((one.ended for one in self.members.values() if one.ended), "")

    @property
    def word(self) -> str:
        return next((one.word for one in self.members.values() if one.word), "")

    @word.setter
    def word(self, text: str) -> None:
        for member in self.members.values():
            member.word = text

    @property
    def pid(self) -> int:
        return self.first.pid

    @property
    def port(self) -> int:
        return self.first.port

    @property
    def asked_at(self) -> float:
        """CLOCK_MONOTONIC seconds of the oldest command without an answer; 0: none waits."""
        return min((one.asked_at for one in self.members.values() if one.asked_at), default=0.0)

    def evidence(self) -> Evidence:
        """An empty evidence that knows the populations and folders of all of them."""
        evidence = self.first.evidence()
        evidence.name = self.first.name
        others = [member for member in self.members.values() if member is not self.first]
        evidence.others = {member.name: member.evidence() for member in others}
        return evidence

    async def ask_for_life(self) -> None:
        """PING all that owe no answer."""
        await _together(member.ask_for_life() for member in self.members.values())

    async def execute(self, argv: Sequence[str | bytes]) -> Reply:
        """Send a command to the first engine."""
        return await self.first.execute(argv)

    async def execute_line(self, text: str) -> Reply:
        """Send what a learner typed to the first engine."""
        return await self.first.execute_line(text)

    def abandon(self) -> None:
        """kill -9 to those that do not answer."""
        for member in self.members.values():
            if member.asked_at:
                member.abandon()

    # What a player wants done

    async def perform(self, effect: Effect) -> None:
        """Do an effect where it is meant; raises SceneError when an engine refuses it."""
        match effect:
            case Crash(engine=name) | RestartEngine(engine=name):
                meant = self._meant(name)
                await _together(member.restarts.crash(effect) for member in meant)
                if effect.refused:
                    for member in meant:
                        await member.restarts.come_back(effect)
                    return
                await _together(member.restarts.start_again() for member in meant)
                for member in meant:  # one after the other: the streams begin in their order
                    await member.restarts.begin_again()
                for member in meant:
                    member.restarts.write_on()
            case Send(engine=name) | StartWorkload(engine=name):
                await _together(member.perform(effect) for member in self._meant(name))
            case StopWorkload():
                await _together(member.perform(effect) for member in self.members.values())
            case _:
                await self.first.perform(effect)

    def _meant(self, name: str) -> list[Session]:
        if name == ALL:
            return list(self.members.values())
        if name and name not in self.members:
            raise SceneError(
                trouble("ensemble.no_engine", name=name, engines=", ".join(self.members))
            )
        return [self.members[name] if name else self.first]


async def _together(work: Any) -> None:
    """All at once; the first error is raised when every one has ended."""
    coroutines: list[Coroutine[Any, Any, None]] = list(work)
    for result in await asyncio.gather(*coroutines, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
