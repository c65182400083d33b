"""COWSCOPE WALK as the server runs it: one walk at a time, a turn of it between clients' turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import EngineError
from engine.events import Walk
from engine.replies import CommandError
from engine.walk import NaiveWalk

if TYPE_CHECKING:
    from engine.persistence import Persistence
    from engine.server import Server


class Walks:
    """The walk that is under way, if any."""

    def __init__(self, server: Server, persistence: Persistence) -> None:
        self._server = server
        self._persistence = persistence
        self.running: NaiveWalk | None = None
        self._seconds_a_turn = 0.0

    def start(self, keys_a_turn: int, turns_a_second: int) -> None:
        """Begin a walk; raises CommandError."""
        if self.running is not None:
            raise CommandError("ERR a walk is under way already")
        server, persistence = self._server, self._persistence
        try:
            self.running = NaiveWalk(
                server.keyspace,
                persistence.disk,
                persistence.directory,
                self._tell,
                keys_a_turn=keys_a_turn,
            )
        except EngineError as error:
            raise CommandError(f"ERR {error}") from error
        self._seconds_a_turn = 1 / turns_a_second
        self._plan()

    def give_up(self) -> None:
        """The server leaves: nobody finishes the file."""
        if self.running is not None:
            self.running.give_up()
            self.running = None

    def _plan(self) -> None:
        self._server.loop.call_later(self._seconds_a_turn, self._turn)

    def _turn(self) -> None:
        if self.running is None:
            return
        try:
            goes_on = self.running.turn()
        except EngineError as error:
            self._server.log("#", f"The walk is given up: {error}")
            goes_on = False
        if goes_on:
            self._plan()
        else:
            self.running = None

    def _tell(self, event: Walk) -> None:
        observer = self._server.observer
        if observer is not None:
            observer.publisher.publish(event)
            observer.wants_flush()
