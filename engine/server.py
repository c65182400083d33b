"""The server: one event loop and its turns.

A turn is what one pass of the loop does: commands of every client that has sent some, one flush
of the AOF, then all replies. Redis calls the moment before replies leave `beforeSleep`.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

from engine import (
    __version__,
    admission,
    cron,
    dispatch,
    folder_lock,
    insistence,
    memory_limit,
    pid_file,
)
from engine.arena import Arena
from engine.arrivals import Arrivals
from engine.blocking import Blocking
from engine.client import Client
from engine.commands.changes import logged_deletion
from engine.config import Configuration
from engine.events import CHANNEL, Log, LogLevel
from engine.events import Config as ConfigEvent
from engine.journal import CHANNEL as JOURNAL
from engine.journal import Journal
from engine.keyspace import Keyspace, unix_ms
from engine.listening import Listening
from engine.log import Logger
from engine.monitor import monitor_line
from engine.notifications import Notifications
from engine.observer import Observer
from engine.pausing import Pause
from engine.persistence import Persistence
from engine.publisher import Publisher
from engine.pubsub import PubSub
from engine.slowlog import SlowLog
from engine.stats import Stats

_NEVER = 1 << 62
_SECRETS = frozenset({"requirepass", "masterauth"})


class Server:
    """Everything one engine process has."""

    def __init__(self, config: Configuration, logger: Logger) -> None:
        self.config = config
        self.logger = logger
        self.started_at = time.time()
        self.loop: asyncio.AbstractEventLoop = None  # type: ignore[assignment]  # set in start()
        self.keyspace = Keyspace(
            Arena(config.arena_pages, one_value_a_page=config.arena_one_value_a_page),
            on_expired=self._expired,
        )
        self.stats = Stats()
        self.slowlog = SlowLog(config)
        self.pubsub = PubSub()
        self.notifications = Notifications(config, self.keyspace, self.pubsub)
        self.monitors: set[Client] = set()
        self.pause = Pause(self)
        self.blocking = Blocking(self)
        self.attack_logged_at = 0
        """Unix seconds of the last line that told of an HTTP request."""
        self.clients: dict[int, Client] = {}
        self.loading = False
        self.active_expire = True
        """DEBUG SET-ACTIVE-EXPIRE: whether the cron deletes expired keys."""
        self.guarded = False
        """True while commands need a look before they run: loading, MONITOR, maxmemory, MISCONF."""
        self.observer: Observer | None = None
        self.journal: Journal | None = None
        self.noted = 0
        """Commands told of as events, those merged counted one by one."""
        self.publisher = Publisher(self._watchers, config.cowscope_engine_name, config.cowscope_run)
        self.turn_time = time.monotonic()
        self.slow_after_ns = _NEVER
        self.run_id = os.urandom(20).hex()
        self.port = 0
        self._client_ids = 0
        self.arrivals = Arrivals()
        self.pending: dict[Client, None] = {}
        """Clients with replies, or a close, for the turn's end."""
        self.turn_planned = False
        self._listening = Listening(self)
        self._stopped: asyncio.Event | None = None
        self._transaction: list[tuple[int, list[bytes]]] | None = None
        self.persistence = Persistence(self)
        logger.on_line = self._logged
        for name in ("slowlog-log-slower-than", "arena-thp", "loglevel", "proto-max-bulk-len"):
            config.on_change(name, lambda _change: self._apply_settings())
        config.on_change("maxmemory", lambda _change: self._memory_limited())

    # -- life ----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Load what is on disk, then listen; raises EngineError with the reason why not."""
        self.loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self._apply_settings()
        self.config.on_any_change(self._config_changed)
        self.guarded = self.loading = True
        self.persistence.claim_folder_if_used(folder_lock.GRACE)
        self.port = await self._listening.open()
        pid_file.write(self.config.pidfile, self.log)
        self.persistence.load()  # where it raises, the process ends without having served anyone
        self.loading = False
        self.update_guard()
        self.log("*", "Ready to accept connections")
        cron.plan(self)

    async def serve_until_stopped(self) -> None:
        """Serve until `stop` is called."""
        assert self._stopped is not None
        await self._stopped.wait()
        self._listening.close()
        for client in list(self.clients.values()):
            client.send()
            if client.transport is not None:
                client.transport.close()
        self._listening.remove_unix_socket()
        await asyncio.sleep(0)

    def stop(self) -> None:
        """Leave: everything that had to be saved has been."""
        if self.observer is not None:
            self.observer.publisher.flush()
            self._end_turn()
            self.observer.stop()
            self.observer = None
        if self._stopped is not None:
            self._stopped.set()

    def shutdown(
        self,
        save: bool | None = None,
        *,
        now: bool = False,
        force: bool = False,
        by_signal: bool = False,
    ) -> bool:
        """What Redis does on SHUTDOWN, SIGTERM and SIGINT; False if it may not leave.

        `save` None saves where save points exist. After a signal one SIGINT more ends the process
        at once, after SHUTDOWN two.
        """
        if self._stopped is not None and self._stopped.is_set():
            return True  # a second signal, which came while the first was obeyed
        self.log("#", "User requested shutdown...")
        with insistence.obeyed(self.persistence.give_up, asked=by_signal):
            may_leave = self.persistence.finish(save, force=force)
        if not may_leave:
            self.log(
                "#",
                "Errors trying to shut down the server. Check the logs for more information.",
            )
            return False
        pid_file.remove(self.config.pidfile, self.log)
        self.log("#", "Redis is now ready to exit, bye bye...")
        self.stop()
        return True

    # -- turns ---------------------------------------------------------------------------------

    def wants_turn(self, client: Client) -> None:
        """This client has replies (or a close) for the turn's end."""
        self.pending[client] = None
        if not self.turn_planned:
            self.plan_turn()

    def plan_turn(self) -> None:
        """Something has arrived, or is to be sent."""
        self.turn_planned = True
        self.loop.call_soon(self.turn)

    def turn(self) -> None:
        """Execute what has arrived, flush the AOF, then let the replies go."""
        self.turn_time = time.monotonic()
        self._execute()
        self.before_sleep()

    def _execute(self) -> None:
        work = self.arrivals.take(self.stats)
        while True:
            try:
                return dispatch.run(self, work)
            except Exception as bug:  # it ends this client, and costs the others nothing
                client = self.arrivals.served
                self.loop.call_exception_handler({"message": "a command", "exception": bug})
                if client is not None:
                    client.abort()

    def before_sleep(self) -> None:
        """The turn's end: flush the AOF, then let the replies go."""
        self.blocking.go_on()
        self.turn_planned = False
        self.persistence.flush()
        self._end_turn()
        if self.observer is not None:
            self.observer.wants_flush()

    def _end_turn(self) -> None:
        self.turn_planned = False
        pending, self.pending = self.pending, {}
        writes = sent = 0
        for client in pending:
            if size := client.send():
                writes += 1
                sent += size
        self.stats.writes += writes
        self.stats.net_output_bytes += sent

    # -- clients -------------------------------------------------------------------------------

    def next_client_id(self) -> int:
        """Ids of clients count up and are never used twice."""
        self._client_ids += 1
        return self._client_ids

    def admit(self, client: Client) -> str:
        """Take a new connection; the error to turn it away with, if it can't be."""
        self.stats.connections += 1
        refusal = admission.refusal(self, client)
        if refusal:
            self.stats.rejected_connections += 1
        else:
            self.clients[client.id] = client
        return refusal

    def forget(self, client: Client) -> None:
        """A connection is gone."""
        self.clients.pop(client.id, None)
        self.pending.pop(client, None)
        self.pubsub.forget(client)
        self.monitors.discard(client)
        self.pause.waiting.pop(client, None)
        self.blocking.forget(client)
        if client.transaction is not None:
            client.transaction.forget()
        if client.watch is not None:
            client.watch.forget()
        self.update_watching()
        self.update_guard()

    def feed_monitors(self, client: Client, argv: list[bytes]) -> None:
        """Show a command to everybody who MONITORs."""
        line = monitor_line(client.db.index, client.address, argv)
        for monitor in self.monitors:
            if monitor is not client:
                monitor.push(line)

    def update_guard(self) -> None:
        """Recompute `guarded`; to be called when one of its reasons changes."""
        self.guarded = bool(
            self.loading
            or self.monitors
            or self.pause.active
            or self.config.maxmemory
            or self.persistence.refusal()
        )

    def note_slow(self, client: Client, argv: list[bytes], usec: int) -> None:
        """A command took longer than slowlog-log-slower-than."""
        self.slowlog.add(argv, usec, client.address, client.name)

    # -- the log of changes --------------------------------------------------------------------

    def propagate(self, db: int, commands: list[list[bytes]], wire: bytes = b"") -> None:
        """What changed data goes into the AOF: at once, or with its transaction.

        What stands for one command, but is several, is loaded as a whole or not at all.
        `wire`: what a single one encodes to, if that is known.
        """
        if self.journal is not None:
            self.journal.note(self.noted + 1, db, commands)
        if self._transaction is not None:
            self._transaction.extend((db, argv) for argv in commands)
        elif len(commands) == 1:
            self.persistence.append(db, commands[0], wire)
        else:
            self.persistence.append_transaction([(db, argv) for argv in commands])

    def propagate_transaction(self, execute: Callable[[], bytes]) -> bytes:
        """Run `execute` and log what it changed as one transaction."""
        self._transaction = []
        try:
            return execute()
        finally:
            changes, self._transaction = self._transaction, None
            self.persistence.append_transaction(changes)

    @property
    def in_transaction(self) -> bool:
        """Whether an EXEC runs: a base written now would hold half of what it does."""
        return self._transaction is not None

    def _expired(self, db: int, key: bytes) -> None:
        self.stats.expired_keys += 1
        self.propagate(db, logged_deletion(key, lazy=self.config.lazyfree_lazy_expire))

    # -- being watched -------------------------------------------------------------------------

    def _watchers(self) -> list[Client]:
        return list(self.pubsub.subscribers(CHANNEL.encode()))

    def update_watching(self) -> None:
        """Start or stop observing: somebody subscribed to, or left, the events channel."""
        watched = bool(self._watchers())
        if watched and self.observer is None:
            self.observer = Observer(self, self.publisher)
            self.persistence.watch(self.observer)
        elif not watched and self.observer is not None:
            self.persistence.watch(None)
            self.observer.stop()
            self.observer = None
        listened = bool(self._journal_listeners())
        if listened and self.journal is None:
            self.journal = Journal(self._journal_listeners, self.noted)
            self.publisher.before_flush = self._flush_journal
        elif not listened and self.journal is not None:
            self.journal = None

    def _journal_listeners(self) -> list[Client]:
        return list(self.pubsub.subscribers(JOURNAL.encode()))

    def _flush_journal(self) -> None:
        if self.journal is not None:
            self.journal.flush(self.noted)

    def log(self, level: str, text: str) -> None:
        """A line of the log, with Redis' level character."""
        self.logger.log(level, text)

    def _logged(self, level: LogLevel, text: str) -> None:
        if self.observer is not None:
            self.observer.publisher.publish(Log(level=level, text=text))

    def _config_changed(self, name: str, old: str, new: str) -> None:
        if self.observer is not None:
            if name in _SECRETS:
                old = new = "(redacted)"
            self.observer.publisher.publish(ConfigEvent(name=name, old=old, new=new))

    def _memory_limited(self) -> None:
        memory_limit.warn_if_below(self)
        self.update_guard()

    def _apply_settings(self) -> None:
        threshold = self.config.slowlog_log_slower_than
        self.slow_after_ns = threshold * 1000 if threshold >= 0 else _NEVER
        self.keyspace.arena.set_huge_pages(self.config.arena_thp)
        self.logger.loglevel = self.config.loglevel
        for client in self.clients.values():
            client.framer.max_bulk = self.config.proto_max_bulk_len

    @property
    def uptime(self) -> int:
        """Whole seconds since the start."""
        return int(time.time() - self.started_at)

    @property
    def version(self) -> str:
        """Cowscope's own version."""
        return __version__

    def unix_seconds(self) -> int:
        """Redis' cached clock: whole Unix seconds."""
        return unix_ms() // 1000
