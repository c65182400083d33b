"""The session: starts an engine for a scene, supervises it, and writes the one stream of events.

1. a fresh folder, an engine on a free port, the scene's population, one SAVE
2. subscribe to the engine's events, then ask for its whole state: nothing falls in between
3. from then on every event goes through `Stream`, among them the session's own: steps,
   questions, answers, latencies, processes, and a crash (a killed engine publishes nothing)
4. at the end no process and no file is left
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType

import msgspec

from engine import events
from engine.events import AnyEvent
from scenes import family, folder, log_contents, process, typed
from scenes.announced import announced
from scenes.beginnings import Beginning, Files
from scenes.branching import Again, Branch
from scenes.clients import Clients, decode_state
from scenes.contents import contents_of
from scenes.directives import Directives
from scenes.effects import Crash, Effect, RestartEngine, Send, StartWorkload, StopWorkload
from scenes.errors import SceneError
from scenes.evidence import Evidence
from scenes.journal import Journal
from scenes.loader import Lesson
from scenes.offsets import Offsets
from scenes.places import where
from scenes.resp import Reply, ReplyError, in_words
from scenes.restarts import Restarts
from scenes.sayings import trouble
from scenes.stream import MAIN, Stream
from scenes.supervised import Supervised
from scenes.workloads import VALUE_BYTES, populate

REDACTED = "(redacted)"
"""What stands for a secret in the events: that is not set again."""
STATES_AT_MOST = 10
"""So often a state is asked for anew when events have overtaken it."""


class Session:
    """One scene's engine, from its start to its end; an async context manager.

    `on_event` gets every event of the stream, in order, on the event loop.
    """

    def __init__(
        self,
        lesson: Lesson,
        *,
        on_event: Callable[[AnyEvent], None],
        seed: int | None = None,
        arena_pages: int | None = None,
        keep: bool = False,
        command: Sequence[str] = (),
        name: str = MAIN,
        directives: Mapping[str, str] | None = None,
        numbers: Iterator[int] | None = None,
    ) -> None:
        """`keep` leaves the folder behind; `command` starts another engine than the own one.
        Of several engines each has a `name`, `directives` of its own, and a share in `numbers`."""
        self.name = name
        self.lesson = lesson
        self.seed = lesson.scene.seed if seed is None else seed
        self.keep = keep
        self.word = ""
        """What a writer does that a learner may not expect; whoever says it empties it."""
        self.beginnings: dict[int, Beginning] = {1: Beginning(Journal())}
        """By runs: what each began on, and what changed data in it, in its order."""
        self._on_event = on_event
        self._directives = Directives(lesson.scene, arena_pages=arena_pages, own=directives)
        self._stream = Stream(self._handed_on, name, numbers)
        self._offsets = Offsets()
        self._clients = Clients(
            population=self.population,
            value_bytes=lesson.scene.value_bytes or VALUE_BYTES,
            seed=self.seed,
            publish=self._reported,
        )
        self._engine = Supervised(self._clients, on_gone=self._gone, command=command)
        self.restarts = Restarts(
            self._engine,
            self._directives,
            self._stream,
            self._offsets,
            keep=self._keep_what_is_left,
            hear=self._hear_next,
            say=self._say,
        )

    # Life

    async def __aenter__(self) -> Session:
        try:
            await self.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def start(self, branch: Branch | None = None) -> None:
        """Bring everything up, population included; raises SceneError in one clear line.

        With a `branch`, as it was at its moment.
        """
        again = branch.engines[self.name] if branch is not None else None
        await self.prepare(again)
        await self.begin()
        if again is not None:
            await self.catch_up(again)

    async def prepare(self, again: Again | None = None) -> None:
        """Start the engine and write the population; raises SceneError in one clear line.

        Instead of the population, the files that a run to be made again began on.
        """
        home = self._engine.folder = folder.fresh()
        before = again.beginning if again is not None else None
        if before is not None:
            self._directives.change(before.changed)
        if before is not None and before.files is not None:
            self.beginnings[1] = Beginning(Journal(), before.files, before.changed)
            await asyncio.to_thread(before.files.lay_out, home.path)
            await self._engine.start(self._directives.now(home.ledger))
        else:
            await self._engine.start(self._directives.prepared(home.ledger))
            await self._populate()
        await self._engine.subscribe(self._arrived, self.beginnings[1].journal.take)

    async def catch_up(self, again: Again) -> None:
        """Make a run's changes again, and set its directives; raises SceneError."""
        await self.make_again(again.changes)
        config = (await self._clients.ask_state()).config
        for name, value in again.config.items():
            if value not in (config.get(name), REDACTED):
                await self.execute(["CONFIG", "SET", name, value])
        await self.execute(["COWSCOPE", "STATE"])  # all of it is on the timeline now

    async def begin(self) -> None:
        """Begin the stream with the whole state."""
        self._stream.begin(await self._clients.ask_state(), run=1)

    async def close(self) -> None:
        """Stop everything that was started, and remove what it wrote."""
        await self._engine.close(keep=self.keep)

    async def _populate(self) -> None:
        scene = self.lesson.scene
        try:
            await populate(
                self.port,
                keys=self.population,
                prefix=scene.prefix,
                value_bytes=scene.value_bytes or VALUE_BYTES,
                command=scene.populate_with,
                seed=self.seed,
            )
        except SceneError as err:
            place = where(self.lesson.folder / "scene.toml", "populate")
            raise SceneError(f"{place}: {err}") from err
        await self.perform(Send(("SAVE",)))
        for name, value in self._directives.once_prepared().items():
            await self.perform(Send(("CONFIG", "SET", name, value)))

    # What is asked of it

    @property
    def engine(self) -> process.EngineProcess | None:
        """The engine's process, once there is one."""
        return self._engine.process

    @property
    def port(self) -> int:
        """Where redis-cli can join."""
        return self.engine.port if self.engine else 0

    @property
    def pid(self) -> int:
        """The engine's; 0 before there is one."""
        return self.engine.pid if self.engine else 0

    @property
    def alive(self) -> bool:
        return self._engine.alive

    @property
    def failure(self) -> str:
        """Why the engine is gone, when it went by itself: one clear line."""
        return self._engine.failure

    @property
    def ended(self) -> str:
        """The same in a few words."""
        return self._engine.ended

    @property
    def arena_pages(self) -> int:
        return self._directives.arena_pages

    @property
    def population(self) -> int:
        """Keys that the scene begins with."""
        return self._directives.population

    @property
    def asked_at(self) -> float:
        """CLOCK_MONOTONIC seconds of the oldest command without an answer; 0: none waits."""
        return self._clients.asked_at

    def evidence(self) -> Evidence:
        """An empty evidence that knows this session's population and folder."""
        path = str(self._engine.folder.path) if self._engine.folder else ""
        return Evidence(
            populate=self.population,
            folder=path,
            topics=self.lesson.scene.topics,
            cannot_prove_dirty=lambda: cannot_prove_dirty(path),
        )

    # What a player wants done

    async def perform(self, effect: Effect) -> None:
        """Do what an effect of the player asks; raises SceneError when the engine refuses it."""
        match effect:
            case Send():
                await self._send(effect)
            case StartWorkload():
                self._clients.start(effect)
            case StopWorkload(name):
                await self._clients.stop(name)
            case Crash() | RestartEngine():
                await self.restarts.perform(effect)
            case _:
                told = announced(effect, self.lesson, self.restarts.crash_source)
                if told is not None:  # else it is words for the screen
                    self._stream.own(told)

    async def _send(self, effect: Send) -> None:
        """Send a scene's command; an error that the scene does not want is a SceneError."""
        line = " ".join(effect.argv)
        reply = await self.execute(effect.argv)
        if effect.keep:
            self._stream.own(
                events.Reply(
                    name=effect.keep,
                    argv=list(effect.argv),
                    text=in_words(reply),
                    failed=isinstance(reply, ReplyError),
                )
            )
        if isinstance(reply, ReplyError):
            if effect.needless and str(reply).startswith(effect.needless):
                return
            if not effect.refused or not str(reply).startswith(effect.refused):
                raise SceneError(trouble("session.answered_with", line=str(line), reply=str(reply)))
        elif effect.refused:
            said = in_words(reply)
            raise SceneError(
                trouble("session.not_refused", line=line, due_refusal=effect.refused, reply=said)
            )

    async def execute(self, argv: Sequence[str | bytes]) -> Reply:
        """Send a command; error replies come back as ReplyError objects.

        The answer of COWSCOPE STATE joins the stream as an event, too.
        """
        if not self._clients.connected:
            raise SceneError(self.failure or trouble("session.engine_down"))
        words = [word.encode() if isinstance(word, str) else word for word in argv]
        reply = await self._clients.execute(words)
        if isinstance(reply, bytes) and [w.upper() for w in words] == [b"COWSCOPE", b"STATE"]:
            state = decode_state(reply)
            for _ in range(STATES_AT_MOST):
                if not self._stream.is_past(state):
                    break
                state = await self._clients.ask_state()
            self._stream.state(state)
        return reply

    async def execute_line(self, text: str) -> Reply:
        """Send what a learner typed, over a connection of the prompt's own.

        Raises SceneError for what would take the connection over, and when it is lost.
        """
        argv = typed.arguments(text)
        if not argv:
            return None
        if said := typed.refusal(argv, self.port):
            raise SceneError(said)
        if not self.alive:
            raise SceneError(self.failure or trouble("session.engine_down"))
        return await self._clients.at_prompt(argv)

    async def make_again(self, changes: Iterable[tuple[int, bytes]]) -> int:
        """Execute changes of another session's journal; how many there were. Raises SceneError."""
        return await self._clients.make_again(changes)

    async def _keep_what_is_left(self) -> None:
        """What the next run begins on, as it lies there before an engine reads it."""
        files = await asyncio.to_thread(Files.of, self._engine.home.path)
        self.beginnings[self._stream.run + 1] = Beginning(
            Journal(), files, self._directives.changed, too_large=files is None
        )

    async def _hear_next(self) -> None:
        journal = self.beginnings[self._stream.run + 1].journal
        await self._engine.subscribe(self._arrived, journal.take)

    async def ask_for_life(self) -> None:
        """PING, where nothing is on its way: a busy engine is known by the answer it owes."""
        await self._clients.ask_for_life()

    def abandon(self) -> None:
        """kill -9 to an engine that does not answer: whoever waits for it is let go."""
        self._engine.abandon()

    # What comes in

    def _arrived(self, event: AnyEvent) -> None:
        path = name = ""
        home = self._engine.folder
        if isinstance(event, events.RdbSaved | events.Walk) and home is not None:
            # Within the session's folder a name is enough; recordings travel without the rest.
            path, name = event.path, event.path.removeprefix(f"{home.path}/")
            event = msgspec.structs.replace(event, path=name)
        if self._stream.engine(event):
            self._engine.spawn(self._resync())
        if path and self.lesson.scene.add_up:
            self._stream.own(contents_of(path, name))
        if isinstance(event, events.Rewrite) and self.lesson.scene.add_up and home is not None:
            for found in log_contents.after(event, home.path):
                self._stream.own(found)
        if isinstance(event, events.Command):
            self._clients.note(event)
        if isinstance(event, events.Fork):
            self._engine.spawn(family.watch((event.child, event.pid), self._stream.own))

    async def _resync(self) -> None:
        with contextlib.suppress(SceneError):
            self._stream.resynced(await self._clients.ask_state())

    def _handed_on(self, event: AnyEvent) -> None:
        self._offsets.add(event)
        self._on_event(event)

    def _reported(self, event: events.Latency | events.Log) -> None:
        if isinstance(event, events.Log):
            self._say(event.text)
        self._stream.own(event)

    def _say(self, word: str) -> None:
        self.word = word

    def _gone(self, how: str) -> None:
        """The engine has ended, and nobody here asked for it."""
        self._stream.own(events.Log(level="#", text=self.failure))
        self.restarts.told(how)


def cannot_prove_dirty(path: str) -> str:
    """Why the kernel's count of a file's dirty pages proves nothing in this folder, if so."""
    from engine.cachestat import proves_dirty

    return "" if proves_dirty(path) else trouble("session.no_dirty_pages", path=path)
