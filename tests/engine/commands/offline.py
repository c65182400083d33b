"""An engine without sockets, files or children: commands in, reply bytes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine import dispatch
from engine.arena import Arena
from engine.arrivals import Arrivals
from engine.blocking import Blocking
from engine.client import Client
from engine.commands.changes import logged_deletion
from engine.config import Configuration
from engine.events import CHANNEL
from engine.keyspace import Keyspace, unix_ms
from engine.notifications import Notifications
from engine.pausing import Pause
from engine.pubsub import PubSub
from engine.slowlog import SlowLog
from engine.stats import Stats


class Clock:
    """A clock that only moves when it is told to; Unix milliseconds."""

    def __init__(self) -> None:
        self.now = 1_700_000_000_000

    def __call__(self) -> int:
        return self.now


class FakePersistence:
    """Notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.lastsave = 1_700_000_000

    def refusal(self) -> str | None:
        return None

    def save(self) -> None:
        self.asked.append("save")

    def bgsave(self, schedule: bool) -> bytes:
        self.asked.append(f"bgsave schedule={schedule}")
        return b"+Background saving started\r\n"

    def schedule_bgsave(self) -> bytes:
        self.asked.append("schedule")
        return b"+Background saving scheduled\r\n"

    def cancel_rdb_child(self) -> None:
        self.asked.append("cancel")

    def hold(self) -> None:
        self.asked.append("hold")

    def step(self, pages: int) -> None:
        self.asked.append(f"step {pages}")

    def release(self) -> None:
        self.asked.append("release")

    def state(self) -> bytes:
        return b"{}"


class FakeLoop:
    """A loop whose timers end when they are told to."""

    def __init__(self) -> None:
        self.timers: list[FakeTimer] = []
        self.bugs: list[Any] = []

    def time(self) -> float:
        return 0.0

    def call_later(self, delay: float, callback: Callable[[], None]) -> FakeTimer:
        self.timers.append(FakeTimer(delay, callback))
        return self.timers[-1]

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.bugs.append(context["exception"])


@dataclass
class FakeTimer:
    """One of its timers."""

    delay: float
    end: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


class OfflineServer:
    """What handlers ask of a server, with a clock that stands still."""

    def __init__(self, pages: int = 4096) -> None:
        self.clock = Clock()
        self.config = Configuration()
        self.keyspace = Keyspace(Arena(pages), now_ms=self.clock, on_expired=self._expired)
        self.stats = Stats()
        self.pubsub = PubSub()
        self.notifications = Notifications(self.config, self.keyspace, self.pubsub)
        self.slowlog = SlowLog(self.config)
        self.persistence = FakePersistence()
        self.monitors: set[Client] = set()
        self.clients: dict[int, Client] = {}
        self.loop = FakeLoop()
        self.pause = Pause(self)  # type: ignore[arg-type]
        self.blocking = Blocking(self)  # type: ignore[arg-type]
        self.attack_logged_at = 0
        self.observer = None
        self.arrivals = Arrivals()
        self.pending: dict[Client, None] = {}
        self.turn_planned = False
        self.loading = False
        self.guarded = False
        self.turn_time = 0.0
        self.slow_after_ns = 1 << 62
        self.active_expire = True
        self.version = "0"
        self.logged: list[str] = []
        self.log_of_changes: list[tuple[int, list[bytes]]] = []
        self.ended: tuple[Any, ...] = ()
        self._ids = 0

    def _expired(self, db: int, key: bytes) -> None:
        self.propagate(db, logged_deletion(key, lazy=self.config.lazyfree_lazy_expire))

    def next_client_id(self) -> int:
        self._ids += 1
        return self._ids

    def propagate(self, db: int, commands: list[list[bytes]], wire: bytes = b"") -> None:
        self.log_of_changes.extend((db, argv) for argv in commands)

    def propagate_transaction(self, execute: Any) -> bytes:
        reply: bytes = execute()
        return reply

    def forget(self, client: Client) -> None:
        self.clients.pop(client.id, None)

    def wants_turn(self, client: Client) -> None:
        pass

    def plan_turn(self) -> None:
        pass

    def update_guard(self) -> None:
        self.guarded = bool(self.monitors or self.pause.active)

    def unix_seconds(self) -> int:
        return unix_ms() // 1000

    def update_watching(self) -> None:
        self.watched = bool(list(self.pubsub.subscribers(CHANNEL.encode())))

    def feed_monitors(self, client: Client, argv: list[bytes]) -> None:
        for monitor in self.monitors:
            monitor.push(b"+" + b" ".join(argv) + b"\r\n")

    def note_slow(self, client: Client, argv: list[bytes], usec: int) -> None:
        self.slowlog.add(argv, usec, client.address, client.name)

    def log(self, level: str, text: str) -> None:
        self.logged.append(text)

    def shutdown(self, save: bool | None = None, *, now: bool = False, force: bool = False) -> bool:
        self.ended = (save, now, force)
        return True

    def connect(self) -> Connection:
        """A new client of this server."""
        return Connection(self)


class Connection:
    """One client; `call` answers what the wire would carry."""

    def __init__(self, server: OfflineServer) -> None:
        self.server = server
        self.client = Client(server)  # type: ignore[arg-type]
        self.client.address = "127.0.0.1:5000"
        server.clients[self.client.id] = self.client

    def call(self, *words: bytes | str | int) -> bytes:
        """Execute one command; everything that is due to this client."""
        argv = [_word(word) for word in words]
        dispatch.run(self.server, [(self.client, [(argv, b"")])])  # type: ignore[arg-type]
        return self.received()

    def sends(self, data: bytes) -> None:
        """Bytes arrive, and a turn executes what is complete."""
        self.client.data_received(data)
        dispatch.run(self.server, self.server.arrivals.take(self.server.stats))  # type: ignore[arg-type]

    def received(self) -> bytes:
        """What is due to this client."""
        reply = b"".join(self.client.replies)
        self.client.replies.clear()
        return reply

    def line(self, text: str) -> bytes:
        """Execute the words of a line."""
        return self.call(*text.split())

    def changes(self, text: str) -> list[bytes]:
        """Execute a line; what it brought into the AOF, as lines."""
        self.server.log_of_changes.clear()
        self.line(text)
        return [b" ".join(argv) for _, argv in self.server.log_of_changes]

    def dirty(self, text: str) -> int:
        """Execute a line; how many changes it counted."""
        before = self.server.keyspace.dirty
        self.line(text)
        return self.server.keyspace.dirty - before


def _word(word: bytes | str | int) -> bytes:
    return word if isinstance(word, bytes) else str(word).encode()
