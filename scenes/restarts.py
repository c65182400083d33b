"""Crashes and restarts: how an engine ends as a scene wants it, and what the next one starts on.

1. the engine ends: kill -9, a power cut, SIGTERM. It cannot tell of it, so the stream gets the
   `crash` from here, with what the log's offsets were
2. another one starts on what is left; what was acknowledged is counted in it before anybody writes
3. its part of the stream begins with its state, what came back, and the census
4. what wrote without an end goes on
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

import msgspec

from engine import events
from engine.events import State
from scenes.directives import Directives
from scenes.effects import Crash, RestartEngine
from scenes.errors import SceneError
from scenes.offsets import Offsets
from scenes.prediction import KIND
from scenes.sayings import trouble
from scenes.stream import Stream
from scenes.supervised import Supervised
from scenes.tearing import cut_off

_LOGGED = re.compile(r"^\d+:[MCSX] .{24} [.*#-] ")
"""What a line of the log begins with: pid and role, time, level."""


class Restarts:
    """Those of one session: `keep` is called before an engine starts on what is left, `hear`
    subscribes to its events, `say` is for a notice."""

    def __init__(
        self,
        engine: Supervised,
        directives: Directives,
        stream: Stream,
        offsets: Offsets,
        keep: Callable[[], Awaitable[None]],
        hear: Callable[[], Awaitable[None]],
        say: Callable[[str], None],
    ) -> None:
        self.crash_source: events.Source = "measured"
        """Of the last crash: a power cut is a model's."""
        self._engine = engine
        self._directives = directives
        self._stream = stream
        self._offsets = offsets
        self._keep = keep
        self._hear = hear
        self._say = say
        self._refused_to_start = False
        """As a scene wanted it: there is no engine until a restart."""
        self._census: events.Census | None = None
        """Of the last crash."""

    async def perform(self, effect: Crash | RestartEngine) -> None:
        """End the engine as the effect says, and start on what is left; raises SceneError."""
        await self.crash(effect)
        await self.come_back(effect)

    # The end

    async def crash(self, effect: Crash | RestartEngine) -> None:
        """End the engine as the effect says; raises SceneError if there is none."""
        match effect:
            case RestartEngine(directives):
                changed = self._directives.with_arena(directives)
                if not self._refused_to_start:
                    await self._shut_down()
                self._directives.change(changed)
            case Crash("power"):
                await self._cut_power()
            case Crash(cut=cut) if cut:
                await self._engine.kill()
                home, dirname = self._engine.home, self._directives.appenddirname
                cut_off(home.path, dirname, self._offsets.file, cut)
                self.told(f"kill -9, scripted cut of {cut} bytes", "scripted")
            case _:
                await self.kill()

    async def kill(self) -> None:
        """kill -9 to the engine and its children; the stream gets the `crash` it cannot report."""
        await self._engine.kill()
        self.told(KIND["kill"])

    async def _cut_power(self) -> None:
        """Kill the group, then leave in the folder what the disk's model says (worst case)."""
        from engine.ledger_records import LedgerError
        from engine.power_cut import cut

        if not self._directives.keeps_ledger:
            raise SceneError(trouble("restarts.no_disk_ledger"))
        await self._engine.kill()
        home = self._engine.home
        try:
            await asyncio.to_thread(cut, str(home.path), str(home.ledger))
        except (LedgerError, OSError) as err:
            raise SceneError(trouble("restarts.cannot_cut_power", why=str(err))) from err
        self.told(KIND["power"], "modelled")

    async def _shut_down(self) -> None:
        """SIGTERM, as an operator does it; the stream gets the end that the engine cannot tell."""
        await self._engine.stop()
        self.told("SIGTERM")

    def told(self, kind: str, source: events.Source = "measured") -> None:
        """The engine's part of the stream is over: tell how it ended."""
        self._stream.end()
        self.crash_source = source
        at = self._offsets
        self._stream.own(
            events.Crash(
                kind=kind,
                acked=at.appended,
                written=at.written,
                fsynced=at.fsynced,
                source=source,
            )
        )

    # The start on what is left

    async def come_back(self, effect: Crash | RestartEngine) -> None:
        """Start on what is left; what wrote without an end goes on.

        Raises SceneError where it does not start, or does although it should refuse to.
        """
        try:
            await self.start_again()
            await self.begin_again()
        except SceneError as err:
            if not effect.refused or effect.refused not in str(err):
                raise
            self._engine.failure, self._refused_to_start = "", True
            if effect.keep:
                self._refusal(effect.keep, str(err))
            return
        self._refused_to_start = False
        if effect.refused:
            said = effect.refused
            raise SceneError(trouble("restarts.not_refused", due_refusal=said))
        self.write_on()

    async def start_again(self) -> None:
        """Have an engine on what is left; its stream has not begun yet."""
        directives = self._directives.now(self._engine.home.ledger)
        await self._keep()
        try:
            await self._engine.start({**directives, "cowscope-run": str(self._stream.run + 1)})
            # before anybody writes again, or is told of the reading
            self._census = await self._counted()
            await self._hear()
        except SceneError as err:
            self._engine.failure = str(err)
            raise

    async def begin_again(self) -> None:
        """Begin the new engine's stream with its state, and with what came back."""
        before = self._offsets.appended
        try:
            state = await self._engine.clients.ask_state()
        except SceneError as err:
            self._engine.failure = str(err)
            raise
        self._stream.begin(state, self._stream.run + 1)
        self._stream.own(_recovered(state, before))
        if self._census is not None:
            self._stream.own(self._census)

    def write_on(self) -> None:
        """What wrote without an end goes on; a count ended with the engine that it was for."""
        self._engine.clients.write_on()

    async def _counted(self) -> events.Census | None:
        """The census of what this session wrote before the crash; None where it is refused."""
        clients = self._engine.clients
        try:
            return await clients.witness.count(clients.port, self.crash_source)
        except SceneError as err:
            self._say(str(err))
            return None

    def _refusal(self, name: str, said: str) -> None:
        """What the engine said when it did not start, as the `reply` that a step keeps."""
        its_own = said.partition(trouble("process.last_words", said=""))[2].strip()
        text = _LOGGED.sub("", its_own or said)
        text = text.replace(f"{self._engine.home.path}/", "")
        self._stream.own(events.Reply(name=name, argv=["start"], text=text, failed=True))


def _recovered(state: State, acked: int) -> events.Recovered:
    """What the engine loaded, and how many bytes of the AOF came back."""
    loaded = state.recovery or events.Recovered(
        source_file="", keys=state.keys, truncated_bytes=0, survived=0, lost=0, usec=0
    )
    # With the log switched off nobody has looked at it: it lies there as it was.
    survived = min(acked, state.aof_appended) if state.aof_enabled else acked
    return msgspec.structs.replace(loaded, survived=survived, lost=acked - survived, seq=0)
