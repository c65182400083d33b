"""The session's own clients of its engine: its control connection, the prompt, and the writers.

What they send and are answered the witness hears, so that a crash can be counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from engine import events
from engine.events import State
from scenes.actions import Workload
from scenes.effects import StartWorkload
from scenes.errors import SceneError
from scenes.resp import Connection, Reply, ReplyError
from scenes.sayings import trouble
from scenes.witness import Witness
from scenes.workloads import Writer

MADE_AT_ONCE = 500
"""Recorded changes that are sent before their replies are read."""
decode_state = msgspec.json.Decoder(State).decode


class Clients:
    """Those of one engine after the other; `port` is that of the engine that runs now.

    `publish` gets what writers report.
    """

    def __init__(
        self,
        *,
        population: int,
        value_bytes: int,
        seed: int,
        publish: Callable[[events.Latency | events.Log], None],
    ) -> None:
        self.port = 0
        self.witness = Witness()
        self.writers: dict[str, Writer] = {}
        self._begun: Counter[str] = Counter()
        self._made_again = 0
        """Commands of another session that this one's engine has executed first."""
        self._population = population
        self._value_bytes = value_bytes
        self._seed = seed
        self._publish = publish
        self._control: Connection | None = None
        self._prompt: Connection | None = None
        self._running: dict[str, StartWorkload] = {}
        """What was started and neither stopped nor done."""
        self._closing: set[asyncio.Task[None]] = set()
        """Connections of writers that others have taken the place of."""

    async def open(self, port: int) -> None:
        """Connect to an engine; raises SceneError when nobody listens."""
        self.port = port
        self._control = await Connection.open(port)

    @property
    def connected(self) -> bool:
        return self._control is not None

    @property
    def asked_at(self) -> float:
        """CLOCK_MONOTONIC seconds of the oldest command without an answer; 0: none waits."""
        asking = (self._control, self._prompt, *self.writers.values())
        return min((one.asked_at for one in asking if one and one.asked_at), default=0.0)

    def note(self, event: events.Command) -> None:
        """Have the witness look whose command it was."""
        connections = (self._control, self._prompt)
        own = {*self.writers, *(one.address for one in connections if one is not None)}
        self.witness.note(event, own)

    # Commands

    async def execute(self, argv: list[bytes]) -> Reply:
        """Send a command of the scene; error replies come back as ReplyError objects."""
        assert self._control is not None
        return await self.witness.call(self._control, argv)

    async def ask_state(self) -> State:
        """COWSCOPE STATE, which no witness has to hear; raises SceneError."""
        assert self._control is not None
        reply = await self._control.call([b"COWSCOPE", b"STATE"])
        if not isinstance(reply, bytes):
            raise SceneError(trouble("clients.no_state", reply=str(reply)))
        return decode_state(reply)

    async def ask_for_life(self) -> None:
        """PING, where nothing is on its way: a busy engine is known by the answer it owes."""
        if self._control is not None and not self.asked_at:
            with contextlib.suppress(SceneError):
                await self._control.call([b"PING"])

    async def at_prompt(self, argv: list[bytes]) -> Reply:
        """Send what a learner typed, over a connection of the prompt's own (SELECT, MULTI stay).

        Raises SceneError when it is lost.
        """
        if self._prompt is None:
            self._prompt = await Connection.open(self.port)
        try:
            return await self.witness.call_at_prompt(self._prompt, argv)
        except SceneError:
            if argv[0].upper() == b"SHUTDOWN":  # the end of the connection is its answer
                return trouble("clients.engine_shut_down")
            raise

    async def make_again(self, changes: Iterable[tuple[int, bytes]]) -> int:
        """Execute changes of another session's journal, at full speed; how many there were.

        Raises SceneError when the engine refuses one.
        """
        pipe = await Connection.open(self.port)
        count = db = 0
        try:
            for several in _batches(changes):
                sent, asked = [], 0
                for its_db, data in several:
                    if its_db != db:
                        db = its_db
                        sent.append(b"SELECT %d\r\n" % db)
                        asked += 1
                    sent.append(data)
                    asked += 1
                for reply in await pipe.pipeline(b"".join(sent), asked):
                    if isinstance(reply, ReplyError):
                        raise SceneError(trouble("clients.refused_now", reply=str(reply)))
                count += len(several)
        finally:
            await pipe.close()
        self._made_again = count
        return count

    # Writers

    def start(self, effect: StartWorkload) -> None:
        """Have a writer write at a rate from now on, going on where it stopped."""
        self._running[effect.workload.name] = effect
        self._writer(effect.workload).start(effect.rate)

    async def stop(self, name: str) -> None:
        """Stop a writer; nothing comes after it."""
        self._running.pop(name, None)
        if name in self.writers:
            await self.writers[name].stopped()

    def stop_writing(self) -> None:
        """Stop all writers at once: there is nobody to write to."""
        for writer in self.writers.values():
            writer.stop()

    def write_on(self) -> None:
        """What wrote without an end goes on; a count ended with the engine that it was for."""
        running, self._running = list(self._running.values()), {}
        for started in running:
            if not started.workload.count:
                text = trouble(
                    "clients.goes_on_writing",
                    client=started.workload.name,
                    rate=f"{started.rate:g}",
                )
                self._publish(events.Log(level="#", text=text, source="scripted"))
                self.start(started)

    def report(self) -> None:
        """What was acknowledged until now is what a crash is judged by."""
        for writer in self.writers.values():
            writer.report()

    def _writer(self, workload: Workload) -> Writer:
        writer = self.writers.get(workload.name)
        if writer is None or writer.finished or writer.workload != workload:
            if writer is not None:
                writer.stop()
                closing = asyncio.create_task(writer.close())
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)
            self._begun[workload.name] += 1
            writer = self.writers[workload.name] = Writer(
                workload,
                port=self.port,
                population=self._population,
                value_bytes=self._value_bytes,
                seed=self._seed,
                again=self._begun[workload.name] - 1 + self._made_again,
                publish=self._reported,
                ledger=self.witness.ledger,
            )
        return writer

    def _reported(self, event: events.Latency | events.Log) -> None:
        if isinstance(event, events.Latency) and event.done:
            self._running.pop(event.client, None)
        self._publish(event)

    # Going down

    async def close_writers(self) -> None:
        """End the writers' connections; what runs without an end is remembered for `write_on`."""
        for closing in list(self._closing):
            closing.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)
        for writer in self.writers.values():
            await writer.close()
        self.writers.clear()

    async def hang_up(self) -> None:
        """Close the control connection and the prompt's."""
        connections, self._control, self._prompt = (self._control, self._prompt), None, None
        for connection in connections:
            if connection is not None:
                await connection.close()


def _batches(changes: Iterable[tuple[int, bytes]]) -> Iterator[Sequence[tuple[int, bytes]]]:
    """So many at a time as are sent before their replies are read."""
    rest = iter(changes)
    while several := list(itertools.islice(rest, MADE_AT_ONCE)):
        yield several
