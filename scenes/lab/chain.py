"""A chain of crashes: one folder, one server after another on what the one before has left.

What one trial's restart has loaded is what the next one starts from, so a crash costs one start.
"""

from __future__ import annotations

import asyncio
import contextlib
from time import monotonic

from engine.events import AnyEvent
from scenes.errors import SceneError
from scenes.lab import aof_bytes, census, mend, servers
from scenes.lab.aof_bytes import Heard
from scenes.lab.census import Census
from scenes.lab.ledger import Ledger
from scenes.lab.ledger_client import LedgerClient
from scenes.lab.places import Ground
from scenes.lab.servers import COWSCOPE, NotStartedError, Running, Server
from scenes.lab.trial import Facts, Saved, Trial
from scenes.lab.wording import judged
from scenes.resp import Connection, Reply, ReplyError
from scenes.subscription import Subscription

FILLERS = 200
"""Keys from the start, so that a child and a load have something to do."""
WAIT_SECONDS = 20.0


class Chain:
    """The server that runs now, and what is known of its keys."""

    def __init__(self, server: Server, ground: Ground, layout: str) -> None:
        """`layout` is `multipart` or `pipes` for an AOF of that rewrite mode, or `dump`."""
        self.server = server
        self.ground = ground
        self.layout = layout
        self.running: Running
        self.heard = Heard(ground.place.data)
        self.settled: set[int] = set()
        """Numbers that the server had when the present trial began."""
        self.next_number = 0
        self.known_damage: set[str] = set()
        """Values that came back changed from an earlier crash."""
        self.sent: set[int] = set()
        self.connections = 0
        """The most that any trial has used."""
        self.broken_off = ""
        """Why no server will start here any more."""
        self.clients: LedgerClient
        self.started = False
        self._subscription: Subscription | None = None
        self._admin: Connection | None = None

    # -- life ----------------------------------------------------------------------------------

    async def open(self, trial: Trial) -> None:
        """Start the first server, and give it a base or a dump with the fillers in it."""
        self.clients = await LedgerClient.start()
        self.started = True
        await self.start_server(trial)
        names = [word for n in range(FILLERS) for word in (b"filler:%d" % n, b"%d" % n)]
        await self.call(b"MSET", *names)
        if self.layout == "dump":
            await self.call(b"SAVE")
        else:
            await self.call(b"BGREWRITEAOF")
            await self.until_no_child()

    async def close(self) -> None:
        """End everything that was started."""
        if not self.started:
            await self.ground.close()
            return
        await self._deafen()
        if hasattr(self, "running"):
            await self.running.kill()
        await self.clients.close()
        await self.ground.close()

    def last_words(self) -> str:
        """How the server ended, if it did."""
        if not hasattr(self, "running") or self.running.engine.alive:
            return ""
        return f"the server: {self.running.engine.ending()}"

    # -- the server ----------------------------------------------------------------------------

    def directives(self, trial: Trial) -> dict[str, str]:
        """What the server is started with."""
        given = dict(self.ground.directives)
        if self.layout == "dump":
            return {"appendonly": "no", **given}
        mode = {"aof-rewrite-mode": self.layout}
        return {"appendonly": "yes", "appendfsync": trial.policy, **mode, **given}

    async def start_server(self, trial: Trial) -> None:
        """Start one that loads what is there, and listen to its events."""
        self.running = await servers.start(self.server, self.ground.place, self.directives(trial))
        await self.ground.started(self.running)
        self.heard = Heard(self.ground.place.data)
        if self.server.kind == COWSCOPE:
            self._subscription = Subscription(self.running.port, self._on_event)
            await self._subscription.start()

    async def _restart(self, trial: Trial) -> int:
        """Start a server on what is left; how many bytes of a damaged tail had to be cut off.

        Raises NotStartedError where it does not come up by itself, or after a power cut not even
        with the repair that its log asks for.
        """
        cut = 0
        while True:
            try:
                await self.start_server(trial)
            except NotStartedError as error:
                if trial.crash == "kill" or self.layout == "dump":
                    raise
                more = mend.cut_off_damage(self.ground.place.data, error.said)
                if not more:
                    raise
                cut += more
            else:
                return cut

    def _on_event(self, event: AnyEvent) -> None:
        self.heard.on_event(event)

    async def start_loading(self, trial: Trial, usec_a_key: int) -> None:
        """Start one that takes its time to load; returns when its log says that it loads."""
        slowly = {**self.directives(trial), "key-load-delay": str(usec_a_key)}
        self.running = await servers.start(self.server, self.ground.place, slowly, wait=False)
        await self.ground.started(self.running)
        for _ in range(2000):
            if self.running.loads or not self.running.engine.alive:
                return
            await asyncio.sleep(0.002)

    async def apply(self, trial: Trial) -> None:
        """Make the running server follow this trial's policy."""
        if self.layout != "dump":
            await self.call(b"CONFIG", b"SET", b"appendfsync", trial.policy.encode())

    async def crash(self, trial: Trial) -> float:
        """Crash the server; when."""
        at = await self.ground.crash(self.running, trial)
        await self._deafen()
        return at

    async def _deafen(self) -> None:
        if self._subscription is not None:
            await self._subscription.close()
            self._subscription = None
        if self._admin is not None:
            await self._admin.close()
            self._admin = None

    async def call(self, *argv: bytes) -> Reply:
        """One command over a connection of the lab's own; raises SceneError for an error reply."""
        if self._admin is None:
            self._admin = await Connection.open(self.running.port)
        reply = await self._admin.call(list(argv))
        if isinstance(reply, ReplyError):
            raise SceneError(judged("trouble.command", command=argv[0].decode(), reply=str(reply)))
        return reply

    async def info(self) -> dict[str, str]:
        """INFO persistence."""
        reply = await self.call(b"INFO", b"persistence")
        assert isinstance(reply, bytes)
        lines = (line.partition(":") for line in reply.decode().split("\r\n"))
        return {name: value for name, _, value in lines}

    async def until_no_child(self) -> None:
        """Returns when neither a save nor a rewrite is under way."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                info = await self.info()
                active = info["rdb_bgsave_in_progress"], info["aof_rewrite_in_progress"]
                if active == ("0", "0") and info["aof_rewrite_scheduled"] == "0":
                    return
                await asyncio.sleep(0.005)

    # -- clients -------------------------------------------------------------------------------

    async def write(self, trial: Trial, tell_after: int) -> None:
        """Let the clients begin."""
        self.connections = max(self.connections, trial.connections)
        await self.clients.write(
            self.running.port,
            first=self.next_number,
            connections=trial.connections,
            rate=trial.rate,
            tell_after=tell_after,
        )

    async def reached(self) -> None:
        """Returns when so many writes were acknowledged, or will not be any more."""
        with contextlib.suppress(TimeoutError):
            await self.clients.reached()

    async def until_synced(self) -> None:
        """Returns when the engine has told of one more fsync, or when everysec should have."""
        seen, deadline = self.heard.fsyncs, monotonic() + 2.0
        while self.server.kind == COWSCOPE and self.heard.fsyncs == seen:
            if monotonic() > deadline:
                return
            await asyncio.sleep(0.005)

    async def take_ledger(self) -> Ledger:
        """What the clients know, after the crash."""
        ledger = await self.clients.report()
        numbers = ledger.sent
        self.sent |= numbers
        self.next_number = max(numbers, default=self.next_number - 1) + 1
        return ledger

    # -- after the crash -----------------------------------------------------------------------

    def written_now(self) -> set[int]:
        """The numbers that lie in the AOF's files."""
        return aof_bytes.written(self.ground.place.data) if self.layout != "dump" else set()

    async def reckon(
        self,
        trial: Trial,
        ledger: Ledger,
        crashed_at: float,
        written: set[int],
        *,
        at_risk: bool,
        saved: Saved | None = None,
        torn: int = -1,
        problems: list[str] | None = None,
        delayed: int = 0,
    ) -> Facts:
        """Restart on what is left, count, and put the facts together."""
        heard = self.heard
        covered = None
        if self.server.kind == COWSCOPE and self.layout != "dump":
            covered = heard.covered & ledger.sent
        found, load_ms, why, repaired = Census(set()), 0.0, "", 0
        try:
            repaired = await self._restart(trial)
        except NotStartedError as error:
            hole = mend.zeros_in_it(self.ground.place.data)
            why = self.broken_off = f"{error}{f' ({hole})' if hole else ''}"
        else:
            load_ms = self.running.load_ms
            found = await census.take(self.running.port, self.sent, self.connections, FILLERS)
        damaged = [text for text in found.damaged if text not in self.known_damage]
        self.known_damage.update(damaged)
        facts = Facts(
            trial,
            ledger,
            crashed_at,
            (written | found.survivors) & ledger.sent if self.layout != "dump" else set(),
            covered,
            found.survivors,
            self.settled,
            load_ms,
            at_risk,
            damaged,
            census.holes(ledger, found.survivors),
            0 if why else FILLERS - found.fillers,
            why,
            saved,
            torn,
            problems or [],
            delayed,
            repaired,
        )
        self.settled = found.survivors
        return facts
