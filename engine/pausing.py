"""CLIENT PAUSE: for a while commands wait where they are, and so do their clients.

A second pause makes the first stricter and longer, never weaker or shorter; the clients go on in
the order in which they came to wait. Source: pauseClients() in networking.c (Redis 7.0.15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from engine.client import Client
    from engine.commands.table import CommandSpec
    from engine.server import Server

_MAY_REPLICATE = frozenset({"publish"})


class PostponedError(Exception):
    """The command waits for the end of a pause."""


class Pause:
    """Who waits, for how long, and with what."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.active = False
        self._all = False
        self._until = 0.0
        self._timer: TimerHandle | None = None
        self.waiting: dict[Client, None] = {}

    def start(self, milliseconds: int, *, everything: bool) -> None:
        """Let writes wait from now on, or every command."""
        loop = self._server.loop
        self._all = self._all or everything
        self._until = max(self._until, loop.time() + milliseconds / 1000)
        self.active = True
        self._server.update_guard()
        self._plan()

    def _plan(self) -> None:
        """Timers are asked for no more than a day ahead: a loop's clock has its limits."""
        loop = self._server.loop
        if self._timer is not None:
            self._timer.cancel()
        left = self._until - loop.time()
        self._timer = loop.call_later(
            min(left, 86_400.0), self._plan if left > 86_400 else self.end
        )

    def end(self) -> None:
        """Let everybody go on."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.active = self._all = False
        self._until = 0.0
        self._server.update_guard()
        waiting, self.waiting = self.waiting, {}
        for client in waiting:
            client.go_on()

    def check(self, client: Client, commands: list[CommandSpec]) -> None:
        """Raise PostponedError if these commands have to wait."""
        if self.active and (self._all or any(map(_may_replicate, commands))):
            self.waiting[client] = None
            raise PostponedError


def _may_replicate(spec: CommandSpec) -> bool:
    return spec.writes or spec.name in _MAY_REPLICATE
