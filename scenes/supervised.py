"""The engine under a session's supervision: its folder, its process, who is connected to it.

Engines follow each other on the same folder, and on the same port where that is possible. An end
that nobody here asked for is noticed and told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from engine.events import AnyEvent
from scenes import process
from scenes.clients import Clients
from scenes.errors import SceneError
from scenes.folder import Folder
from scenes.sayings import trouble
from scenes.subscription import Subscription


class Supervised:
    """One engine at a time; `on_gone` is told of an end that nobody asked for."""

    def __init__(
        self, clients: Clients, *, on_gone: Callable[[str], None], command: Sequence[str] = ()
    ) -> None:
        """`command` starts another engine than the own one."""
        self.clients = clients
        self.folder: Folder | None = None
        self.process: process.EngineProcess | None = None
        """The engine that runs, or the last one that did."""
        self.failure = ""
        """Why the engine is gone, when it went by itself: one clear line."""
        self.ended = ""
        """The same in a few words."""
        self._command = command
        self._on_gone = on_gone
        self._subscription: Subscription | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._leaving = False
        self._abandoned = False

    @property
    def home(self) -> Folder:
        """The folder, once there is one."""
        assert self.folder is not None
        return self.folder

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.alive

    async def start(self, directives: Mapping[str, str]) -> None:
        """Start an engine in the folder and connect to it; raises SceneError in one clear line."""
        self._leaving, self._abandoned, self.failure = False, False, ""
        port = self.process.port if self.process else None
        self.process = await process.start(self.home.path, directives, self._command, port)
        await self.clients.open(self.process.port)
        self.spawn(self._mourn(self.process))

    async def subscribe(
        self,
        on_event: Callable[[AnyEvent], None],
        on_journal: Callable[[bytes], None] | None = None,
    ) -> None:
        """Hear its events from now on; raises SceneError."""
        self._subscription = Subscription(self.clients.port, on_event, on_journal)
        await self._subscription.start()

    async def stop(self) -> None:
        """SIGTERM, as an operator does it, and whatever it takes; raises SceneError for none."""
        if self.process is None or not self.process.alive:
            raise SceneError(trouble("supervised.nothing_to_restart"))
        self._leaving = True
        await self.process.stop()
        await self._disconnect()

    async def kill(self) -> None:
        """kill -9 to the engine and its children; raises SceneError if there is none.

        One that was abandoned is dead already, and is now told of.
        """
        if self.process is None or not (self.process.alive or self._abandoned):
            raise SceneError(trouble("supervised.nothing_to_kill"))
        self._leaving = True
        self.process.kill_group()
        self.clients.witness.died()
        await self.process.process.wait()
        if self._subscription is not None:
            await self._subscription.read_out()
        self.clients.report()
        await self._disconnect()

    def abandon(self) -> None:
        """kill -9 to an engine that does not answer: whoever waits for it is let go.

        Whoever asked for it goes on with `kill` or `close`: its end is no news.
        """
        if self.process is not None and self.process.alive:
            self._leaving = self._abandoned = True
            self.process.kill_group()
            self.clients.witness.died()

    async def close(self, *, keep: bool) -> None:
        """Stop everything that was started; remove the folder, or `keep` it."""
        self._leaving = True
        await self._disconnect()
        if self.process is not None:
            await self.process.stop()
        if self.folder is not None:
            self.folder.release() if keep else self.folder.remove()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something run beside, at most as long as this engine."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _mourn(self, engine: process.EngineProcess) -> None:
        """Wait for an end that nobody here asked for, and report it."""
        await engine.process.wait()
        if self._leaving or self.process is not engine:
            return
        self.failure = trouble("supervised.engine_gone", ending=engine.ending())
        self.ended = engine.told_end()
        self._on_gone(engine.end())
        self.clients.stop_writing()
        await self.clients.hang_up()

    async def _disconnect(self) -> None:
        """End tasks and connections of the engine that was."""
        current = asyncio.current_task()
        tasks = [task for task in self._tasks if task is not current]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.clients.close_writers()
        if self._subscription is not None:
            await self._subscription.close()
            self._subscription = None
        await self.clients.hang_up()
