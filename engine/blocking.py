"""Clients that wait for a key: who they are, what wakes them, and in which order.

1. A command such as BLPOP finds nothing: its client waits, and what it has sent behind the command
   stays where it is.
2. A list or sorted set appears under a key that somebody waits for: the key is noted as ready.
3. After the command or transaction that made keys ready, in the order in which it made them, each
   key's clients are served in the order in which they came to wait, while elements last. Serving
   one may make another key ready (BLMOVE): the same again, until none is.
4. A client that was served, or whose time is over, goes on with what it sent at the turn's end.

Source: blocked.c, t_list.c, t_zset.c (Redis 7.0.15).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from engine import dispatch
from engine.replies import error

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from engine.client import Client
    from engine.commands.table import CommandSpec
    from engine.database import Database
    from engine.server import Server
    from engine.values.collection import Collection

UNBLOCKED = "UNBLOCKED client unblocked via CLIENT UNBLOCK"
_DAY = 86_400.0


@dataclass(slots=True)
class Wait:
    """What one client waits for."""

    spec: CommandSpec
    keys: list[bytes]
    kind: type[Collection]
    """What has to appear under one of them."""
    words: Callable[[bytes], list[bytes]]
    """The command for one key alone, to be executed when that key is there."""
    nothing: bytes
    """The reply when its time is over."""
    counts: bool = True
    """Whether being served is a change; Redis forgets those of BLPOP, BRPOP and BLMOVE."""
    timer: TimerHandle | None = None


class Blocking:
    """All clients that wait, and the keys that are ready for them."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.clients: dict[Client, Wait] = {}
        self.ready: dict[tuple[Database, bytes], None] = {}
        """Keys that have appeared; to be served after the command."""
        self._queues: dict[tuple[Database, bytes], dict[Client, None]] = {}
        """Who waits for a key, in the order in which they came."""
        self._woken: list[Client] = []

    def start(self, client: Client, wait: Wait, seconds: float) -> None:
        """Let a client wait, for ever if `seconds` is 0."""
        self.clients[client] = client.wait = wait
        database = client.db
        for key in wait.keys:
            place = (database, key)
            self._queues.setdefault(place, {})[client] = None
            database.awaited[key] = partial(self.ready.__setitem__, place, None)
        if seconds:
            self._plan(client, wait, self._server.loop.time() + seconds)

    def _plan(self, client: Client, wait: Wait, until: float) -> None:
        """Timers are asked for no more than a day ahead: a loop's clock has its limits."""
        loop = self._server.loop
        left = until - loop.time()
        again = partial(self._plan, client, wait, until)
        end = partial(self.wake, client, wait.nothing)
        wait.timer = loop.call_later(min(left, _DAY), again if left > _DAY else end)

    # -- serving -------------------------------------------------------------------------------

    def serve_ready(self) -> None:
        """Serve the clients whose keys have appeared."""
        while self.ready:
            places = list(self.ready)
            self.ready.clear()
            for database, key in places:
                self._serve(database, key)

    def _serve(self, database: Database, key: bytes) -> None:
        for client in list(self._queues.get((database, key), ())):
            if database.find(key) is None:
                return
            wait = self.clients.get(client)
            if wait is not None and type(database.collections.get(key)) is wait.kind:
                self._serve_client(client, wait, key)

    def _serve_client(self, client: Client, wait: Wait, key: bytes) -> None:
        keyspace = self._server.keyspace
        self.forget(client)
        before = keyspace.dirty
        reply = dispatch.execute(client, wait.spec, wait.words(key))
        if not wait.counts:
            keyspace.dirty = before
        self._answer(client, wait, reply)

    # -- waking --------------------------------------------------------------------------------

    def wake(self, client: Client, reply: bytes) -> None:
        """End a client's wait with this reply."""
        wait = self.clients[client]
        self.forget(client)
        self._answer(client, wait, reply)

    def unblock(self, client: Client, *, with_error: bool) -> bool:
        """CLIENT UNBLOCK: as if the time were over, or with an error; False if nobody waits."""
        wait = self.clients.get(client)
        if wait is None:
            return False
        if with_error:
            self._server.stats.count_error(UNBLOCKED)
        self.wake(client, error(UNBLOCKED) if with_error else wait.nothing)
        return True

    def _answer(self, client: Client, wait: Wait, reply: bytes) -> None:
        wait.spec.calls += 1
        client.reply(client.answer(wait.spec, reply) if client.unanswered else reply)
        self._woken.append(client)

    def go_on(self) -> None:
        """Execute what woken clients have sent while they waited."""
        while self._woken:
            woken, self._woken = self._woken, []
            for client in woken:
                if client.wait is None:
                    client.go_on()

    def forget(self, client: Client) -> None:
        """A client waits no more: it is served, or gone."""
        wait = self.clients.pop(client, None)
        if wait is None:
            return
        client.wait = None
        if wait.timer is not None:
            wait.timer.cancel()
        for key in wait.keys:
            queue = self._queues.get((client.db, key))
            if queue is None:
                continue  # the same key twice
            queue.pop(client, None)
            if not queue:
                del self._queues[client.db, key], client.db.awaited[key]


def may_wait(client: Client) -> bool:
    """Whether a command of this client can wait: not in a transaction, nor while replaying."""
    return not client.replaying and client.transaction is None
