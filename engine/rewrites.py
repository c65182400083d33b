"""AOF rewrites as the server keeps them: BGREWRITEAOF, the triggers, and each step carried out.

What has to happen, and in which order, is `rewrite`'s to say, and `rewrite_steps` carries it out;
here it meets the server, its cron and the child. Every step is told as a `rewrite` event.

Unlike Redis, a rewrite that can't even begin counts as failed, so that the retry limit holds for
it, too: Redis tries again in every cron.
Source: aof.c, serverCron() in server.c (Redis 7.0.15).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from engine.aof_listing import listed
from engine.base_writer import BaseTask, bgrewrite
from engine.child_control import ParentEnd
from engine.errors import EngineError
from engine.events import AofFile, Rewrite, RewriteStage
from engine.forking import ForkError
from engine.manifest import Manifest
from engine.replies import REWRITE_RUNS, CommandError, simple
from engine.rewrite import IDLE, MultipartRewrite
from engine.rewrite_steps import RewriteSteps
from engine.rewrite_triggers import RetryLimit, growth_due
from engine.running_child import Ending, RunningChild, Saved

if TYPE_CHECKING:
    from engine.config import Change
    from engine.persistence import Persistence
    from engine.server import Server

_STARTED = simple(b"Background append only file rewriting started")
_SCHEDULED = simple(b"Background append only file rewriting scheduled")
_FAILED = (
    "ERR Can't execute an AOF background rewriting. Please check the server logs for more "
    "information."
)
_MOVES_NO_FILE = frozenset({"diff-buffered", "diff-sent", "child-asks-stop", "parent-agrees"})
"""Stages that come often, or change no file: nobody looks at the folder for them."""


class Machine(Protocol):
    """What both ways of rewriting have in common; `rewrite` tells what the names mean."""

    rdb_base: bool
    collects: bool
    turning_on: bool
    stage: str

    def adopt(self, manifest: Manifest) -> None: ...


class Steps(Protocol):
    """The same of what carries out the steps; `rewrite_steps` tells what the names mean."""

    def begin(self, *, turning_on: bool = False) -> bool: ...
    def child_ended(self, base: str, size: int) -> bool: ...
    def child_failed(self) -> None: ...
    def collect(self) -> None: ...


class Rewrites:
    """The multi-part rewrite of one server's AOF."""

    def __init__(self, server: Server, persistence: Persistence) -> None:
        self._server = server
        self._persistence = persistence
        self._children = persistence.children
        self.machine, self._steps = self._make()
        server.config.on_change("aof-disable-auto-gc", self._collection_changed)
        self.scheduled = False
        self.waits_for_base = False
        """The AOF was turned on while the server runs, and its first base is not there yet."""
        self.count = 0
        """Rewrites begun (aof_rewrites)."""
        self.failures = 0
        """Of them, the last so many in a row failed."""
        self.last_ok = True
        self.last_seconds = -1
        self.started_at = 0
        self.last_cow_bytes = 0
        self._limit = RetryLimit()

    def _make(self) -> tuple[Machine, Steps]:
        """The machine, and what carries out its steps."""
        persistence = self._persistence
        machine = MultipartRewrite(self._server.config.appendfilename)
        return machine, RewriteSteps(
            machine,
            persistence.disk,
            persistence.bio,
            persistence.aof,
            self._server.log,
            folder=persistence.recovery.folder,
            fork=lambda: self._fork(bgrewrite),
            tell=self._tell,
        )

    def files(self) -> list[AofFile]:
        """The AOF's files right now, for those who watch."""
        return listed(self._persistence.recovery.folder())

    def buffered(self) -> int:
        """Bytes kept in memory for the new file: none, as it needs none."""
        return 0

    def more_fields(self) -> list[tuple[str, object]]:
        """Of INFO persistence, behind aof_buffer_length."""
        return []

    @property
    def child(self) -> RunningChild | None:
        """The running rewrite's child."""
        return self._children.running_for("aof")

    # -- commands ------------------------------------------------------------------------------

    def start(self) -> bytes:
        """BGREWRITEAOF: its reply; raises CommandError."""
        if self.child is not None:
            raise CommandError(REWRITE_RUNS)
        self._persistence.claim_folder()
        if self._children.running is not None or self._server.in_transaction:
            return self._schedule()
        if not self.begin():
            raise CommandError(_FAILED)
        return _STARTED

    def _schedule(self) -> bytes:
        self.scheduled = True
        self.failures = 0  # somebody asked: the limit of automatic tries does not count
        return _SCHEDULED

    def turn_on(self) -> None:
        """CONFIG SET appendonly yes: log to a temporary increment until there is a base.

        Raises EngineError; the AOF then stays off.
        """
        self.waits_for_base = True
        server = self._server
        if self.child is not None:  # one for a base alone, of which the AOF would know nothing
            server.log(
                "#",
                "AOF was enabled but there is already an AOF rewriting in background. Stopping "
                "background AOF and starting a rewrite now.",
            )
            self._children.cancel()
        if self._children.running is not None or server.in_transaction:
            self.scheduled = True
            why = (
                "during a transaction"
                if server.in_transaction
                else "but there is already another background operation"
            )
            server.log(
                "#",
                f"AOF was enabled {why}. An AOF background was scheduled to start when possible.",
            )
        elif not self.begin():
            self.scheduled = self.waits_for_base = False
            server.log(
                "#",
                "Redis needs to enable the AOF but can't trigger a background AOF rewrite "
                "operation. Check the above logs for more info about the error.",
            )
            raise EngineError("Unable to turn on AOF. Check server logs.")

    def turn_off(self) -> None:
        """CONFIG SET appendonly no: nobody needs the base any more."""
        if self.child is not None:
            self._children.cancel()
        self.scheduled = self.waits_for_base = False

    # -- the cron ------------------------------------------------------------------------------

    def start_scheduled(self) -> None:
        """A rewrite that was scheduled begins when no child is left."""
        if self.scheduled and self._children.running is None and not self._limited():
            self.begin()

    def check_growth(self) -> None:
        """Begin one when the AOF has outgrown its base."""
        config = self._server.config
        if not self._persistence.aof.enabled or self.waits_for_base:
            return
        tail = self._persistence.tail(monotonic())
        growth = growth_due(
            tail.current_size,
            tail.base_size,
            percentage=config.auto_aof_rewrite_percentage,
            min_size=config.auto_aof_rewrite_min_size,
        )
        if growth is None or self._limited():
            return
        self._server.log("*", f"Starting automatic rewriting of AOF on {growth}% growth")
        self.begin()

    def _limited(self) -> bool:
        waits, minutes = self._limit.must_wait(self.failures, self._server.unix_seconds())
        if minutes:
            self._server.log(
                "#",
                "Background AOF rewrite has repeatedly failed and triggered the limit, will retry "
                f"in {minutes} minutes",
            )
        return waits

    # -- one rewrite ---------------------------------------------------------------------------

    def begin(self) -> bool:
        """Begin a rewrite; False when the log has said why not."""
        config = self._server.config
        self.machine.rdb_base = config.aof_use_rdb_preamble
        self.machine.collects = not config.aof_disable_auto_gc
        with self._persistence.keeping_promises():
            begun = self._steps.begin(turning_on=self.waits_for_base)
        if begun:
            self.scheduled = False
        else:
            self._failed()
        return begun

    def _ended(self, ending: Ending) -> None:
        """The child is gone (backgroundRewriteDoneHandler())."""
        began = time.perf_counter_ns()
        self.last_seconds = self._server.unix_seconds() - self.started_at
        if ending.saved is None:
            self._steps.child_failed()
            if not ending.cancelled:
                self._failed()
        elif self._installed(ending.saved):
            self._succeeded(ending)
            usec = (time.perf_counter_ns() - began) // 1000
            self._server.log("-", f"Background AOF rewrite signal handler took {usec}us")
        else:
            self._failed()
        self.scheduled = self.scheduled or self.waits_for_base

    def _installed(self, saved: Saved) -> bool:
        with self._persistence.keeping_promises():
            return self._steps.child_ended(saved.path, saved.bytes)

    def _succeeded(self, ending: Ending) -> None:
        assert ending.saved is not None
        self.last_cow_bytes = ending.cow_kb * 1024
        self.failures = 0
        self.last_ok = True
        if self.machine.turning_on:
            self.waits_for_base = False
        self._server.log("*", "Background AOF rewrite finished successfully")
        self._tell("finished", ending.saved.bytes)

    def _failed(self) -> None:
        self.failures += 1
        self.last_ok = False
        self._tell("failed", 0)

    def collect(self) -> None:
        """At the start: delete what a rewrite before has superseded."""
        if self.machine.stage == IDLE:
            self._steps.collect()

    def _collection_changed(self, change: Change) -> None:
        self.machine.collects = change.new == "no"
        self.collect()

    def _fork(self, start: Callable[..., RunningChild]) -> None:
        """Have `start` fork the child; raises EngineError."""
        server = self._server
        config = server.config
        self.count += 1
        self.started_at = server.unix_seconds()
        task = BaseTask(
            directory=self._persistence.directory,
            as_dump=self.machine.rdb_base,
            checksum=config.rdbchecksum,
            timestamps=config.aof_timestamp_enabled,
            key_delay_usec=config.rdb_key_save_delay,
        )
        try:
            self._children.start(
                "aof",
                lambda control: start(
                    server.keyspace, self._persistence.disk, task, control, server.log
                ),
                self._ended,
                ParentEnd,
            )
        except ForkError as error:
            raise EngineError(f"Can't rewrite append only file in background: {error}") from error

    def _tell(self, stage: RewriteStage, size: int) -> None:
        observer = self._server.observer
        if observer is not None:
            child = self.child
            pid = child.pid if child is not None else 0
            policy = self._persistence.aof.policy
            goes_on = not policy.appended or stage == "switched"
            file = policy.file if self._persistence.aof.enabled and goes_on else ""
            observer.publisher.publish(
                Rewrite(
                    stage=stage,
                    child=pid,
                    bytes=size,
                    file=file,
                    files=[] if stage in _MOVES_NO_FILE else self.files(),
                    buffered=self.buffered(),
                )
            )
            observer.wants_flush()
