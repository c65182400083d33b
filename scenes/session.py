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
import itertools
import re
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

import msgspec

from engine import events
from engine.events import AnyEvent, State
from engine.free_memory import default_arena_pages
from scenes import family, folder, log_contents, process, typed
from scenes.actions import Workload
from scenes.contents import contents_of
from scenes.effects import (
    Answered,
    Ask,
    Crash,
    Effect,
    Enter,
    Predict,
    RestartEngine,
    Send,
    StartWorkload,
    StopWorkload,
)
from scenes.errors import SceneError
from scenes.evidence import Evidence
from scenes.journal import Journal
from scenes.loader import Lesson
from scenes.prediction import KIND
from scenes.resp import Connection, Reply, ReplyError, in_words
from scenes.scene import Scene, actions_of
from scenes.stream import MAIN, Stream
from scenes.subscription import Subscription
from scenes.tearing import cut_off
from scenes.witness import Witness
from scenes.workloads import VALUE_BYTES, Writer, populate

LEAST_ARENA_PAGES = 128
_PREPARED_WITH = {"appendfsync": "always", "rdb-key-save-delay": "0"}
"""While the population is written, so that all of it is on disk and dumped when all begins."""
_OTHERWISE = {"appendfsync": "everysec", "rdb-key-save-delay": "0"}
"""What a scene means that does not say."""
_state = msgspec.json.Decoder(State)


_LOGGED = re.compile(r"^\d+:[MCSX] .{24} [.*#-] ")
"""What a line of the log begins with: pid and role, time, level."""
_KEY_DELAY = "rdb-key-save-delay"


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
        scene = lesson.scene
        self.name = name
        self.lesson = lesson
        self.seed = scene.seed if seed is None else seed
        self.arena_pages = scene.arena_pages if arena_pages is None else arena_pages
        if self.arena_pages < LEAST_ARENA_PAGES:
            raise SceneError(
                f"an arena of {self.arena_pages} pages is too small for scene {scene.number}: it"
                f" needs at least {LEAST_ARENA_PAGES}"
            )
        most = max(default_arena_pages(), scene.arena_pages)
        if self.arena_pages > most:
            raise SceneError(
                f"an arena of {self.arena_pages:,} pages is too large for this machine: half of"
                f" its free memory is {most:,} pages"
            )
        self.population = scene.populate * self.arena_pages // scene.arena_pages
        self.keep = keep
        self.failure = ""
        """Why the engine is gone, when it went by itself: one clear line."""
        self.ended = ""
        """The same in a few words."""
        self.word = ""
        """What a writer does that a learner may not expect; whoever says it empties it."""
        self.folder: folder.Folder | None = None
        self.engine: process.EngineProcess | None = None
        self._command = command
        self._stream = Stream(self._handed_on(on_event), name, numbers)
        self._own_directives = dict(directives or {})
        self._keeps_ledger = loses_power(scene)
        self._offsets = (0, 0, 0)
        self._witness = Witness()
        self._aof_file = ""
        """The AOF's last file, by its name."""
        self._refused_to_start = False
        """As a scene wanted it: there is no engine until a restart."""
        self._census: events.Census | None = None
        """Of the last crash."""
        self._crash_source: events.Source = "measured"
        self._control: Connection | None = None
        self._prompt: Connection | None = None
        self._subscription: Subscription | None = None
        self._writers: dict[str, Writer] = {}
        self._running: dict[str, StartWorkload] = {}
        """What was started and neither stopped nor done."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._leaving = False
        self.journal = Journal()
        """What changed data in the first engine, in the order in which it did."""
        self._changed: dict[str, str] = {}
        """Directives that a step has changed by a restart."""

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

    async def start(self) -> None:
        """Bring everything up, population included; raises SceneError in one clear line."""
        await self.prepare()
        await self.begin()

    async def prepare(self) -> None:
        """Start the engine and write the population; raises SceneError in one clear line."""
        self.folder = folder.fresh()
        await self._start_engine({**self._directives(), **_PREPARED_WITH})
        await self._prepare()
        await self._subscribe()

    async def begin(self) -> None:
        """Begin the stream with the whole state."""
        self._stream.begin(await self._ask_state(), run=1)

    async def close(self) -> None:
        """Stop everything that was started, and remove what it wrote."""
        self._leaving = True
        await self._disconnect()
        if self.engine is not None:
            await self.engine.stop()
        if self.folder is not None:
            self.folder.release() if self.keep else self.folder.remove()

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
        return self.engine is not None and self.engine.alive

    @property
    def asked_at(self) -> float:
        """CLOCK_MONOTONIC seconds of the oldest command without an answer; 0: none waits."""
        asking = (self._control, self._prompt, *self._writers.values())
        return min((one.asked_at for one in asking if one and one.asked_at), default=0.0)

    def evidence(self) -> Evidence:
        """An empty evidence that knows this session's population and folder."""
        path = str(self.folder.path) if self.folder else ""
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
            case StartWorkload(workload, rate):
                self._running[workload.name] = effect
                self._writer(workload).start(rate)
            case StopWorkload(name):
                self._running.pop(name, None)
                if name in self._writers:
                    await self._writers[name].stopped()
            case Enter(stage):
                title = next(s.title for s in self.lesson.scene.stages if s.id == stage)
                number = self.lesson.scene.number
                text = self.lesson.words.text(title)
                self._stream.own(
                    events.Step(scene=number, step=stage, title=text, source="scripted")
                )
            case Ask(name, choices, right):
                texts = [self.lesson.words.text(choice) for choice in choices]
                # The choices are the author's; which one is right, this run has measured, or a
                # model has reckoned from what it has measured.
                known = "modelled" if self._is_modelled(name) else "measured"
                self._stream.own(
                    events.Question(
                        id=name,
                        choices=texts,
                        right=right,
                        source="scripted" if right < 0 else known,  # type: ignore[arg-type]
                    )
                )
            case Answered(name, choice):
                self._stream.own(events.Answer(id=name, choice=choice, source="scripted"))
            case Predict(name, choices, right):
                asked = events.Question(id=name, choices=list(choices), right=right)
                source: events.Source = "scripted" if right < 0 else self._crash_source
                self._stream.own(msgspec.structs.replace(asked, source=source))
            case Crash() | RestartEngine():
                await self.crash(effect)
                await self.come_back(effect)
            case _:
                pass  # words for the screen

    def _is_modelled(self, question: str) -> bool:
        asked = (stage.question for stage in self.lesson.scene.stages)
        return any(one.modelled for one in asked if one is not None and one.id == question)

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
            if not effect.refused or not str(reply).startswith(effect.refused):
                raise SceneError(f"'{line}' was answered with: {reply}")
        elif effect.refused:
            said = in_words(reply)
            raise SceneError(f"'{line}' was to be refused with {effect.refused}, it got: {said}")

    async def execute(self, argv: Sequence[str | bytes]) -> Reply:
        """Send a command; error replies come back as ReplyError objects.

        The answer of COWSCOPE STATE joins the stream as an event, too.
        """
        if self._control is None:
            raise SceneError(self.failure or "the engine does not run")
        words = [word.encode() if isinstance(word, str) else word for word in argv]
        reply = await self._witness.call(self._control, words)
        if isinstance(reply, bytes) and [w.upper() for w in words] == [b"COWSCOPE", b"STATE"]:
            self._stream.state(_state.decode(reply))
        return reply

    async def ask_for_life(self) -> None:
        """PING, where nothing is on its way: a busy engine is known by the answer it owes."""
        if self._control is not None and not self.asked_at:
            with contextlib.suppress(SceneError):
                await self._control.call([b"PING"])

    async def execute_line(self, text: str) -> Reply:
        """Send what a learner typed, over a connection of the prompt's own (SELECT, MULTI stay).

        Raises SceneError for what would take the connection over, and when it is lost.
        """
        argv = typed.arguments(text)
        if not argv:
            return None
        if said := typed.refusal(argv, self.port):
            raise SceneError(said)
        if not self.alive:
            raise SceneError(self.failure or "the engine does not run")
        if self._prompt is None:
            self._prompt = await Connection.open(self.port)
        try:
            return await self._witness.call_at_prompt(self._prompt, argv)
        except SceneError:
            if argv[0].upper() == b"SHUTDOWN":  # the end of the connection is its answer
                return "the engine has shut down"
            raise

    async def make_again(self, changes: Iterable[tuple[int, bytes]]) -> int:
        """Execute changes of another session's journal, at full speed; how many there were.

        Raises SceneError when the engine refuses one.
        """
        pipe = await Connection.open(self.port)
        count = db = 0
        try:
            for several in batches(changes):
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
                        raise SceneError(f"a recorded command was refused now: {reply}")
                count += len(several)
        finally:
            await pipe.close()
        return count

    # Crash and restart

    async def crash(self, effect: Crash | RestartEngine) -> None:
        """End the engine as the effect says; raises SceneError if there is none."""
        match effect:
            case RestartEngine(directives):
                changed = self._own_arena(directives)
                if not self._refused_to_start:
                    await self._shut_down()
                self._changed.update(changed)
            case Crash("power"):
                await self.cut_power()
            case Crash(cut=cut) if cut:
                await self._killed()
                assert self.folder is not None
                dirname = self._directives().get("appenddirname", "appendonlydir")
                cut_off(self.folder.path, dirname, self._aof_file, cut)
                self._crashed(f"kill -9, scripted cut of {cut} bytes", "scripted")
            case _:
                await self.kill()

    def _own_arena(self, directives: Mapping[str, str]) -> dict[str, str]:
        """An arena of "x1" is the session's own; one that is too large raises SceneError."""
        changed, pages = dict(directives), directives.get("arena-pages", "")
        if pages.startswith("x"):
            changed["arena-pages"] = str(self.arena_pages * int(pages[1:]))
        most = default_arena_pages()
        if pages and int(changed["arena-pages"]) > max(most, self.arena_pages):
            raise SceneError(
                f"this step wants an arena of {int(changed['arena-pages']):,} pages: half of this"
                f" machine's free memory is {most:,} pages"
            )
        return changed

    async def come_back(self, effect: Crash | RestartEngine) -> None:
        """Start on what is left; what wrote without an end goes on.

        Raises SceneError where it does not start, or does although it should refuse to.
        """
        try:
            await self.restart()
        except SceneError as err:
            if not effect.refused or effect.refused not in str(err):
                raise
            self.failure, self._refused_to_start = "", True
            if effect.keep:
                self._refusal(effect.keep, str(err))
            return
        self._refused_to_start = False
        if effect.refused:
            said = effect.refused
            raise SceneError(f"the engine was to refuse to start with '{said}', it started")
        await self.write_on()

    def _refusal(self, name: str, said: str) -> None:
        """What the engine said when it did not start, as the `reply` that a step keeps."""
        assert self.folder is not None
        text = _LOGGED.sub("", said.partition("its last words: ")[2] or said)
        text = text.replace(f"{self.folder.path}/", "")
        self._stream.own(events.Reply(name=name, argv=["start"], text=text, failed=True))

    async def kill(self) -> None:
        """kill -9 to the engine and its children; the stream gets the `crash` it cannot report."""
        await self._killed()
        self._crashed(KIND["kill"])

    async def cut_power(self) -> None:
        """Kill the group, then leave in the folder what the disk's model says (worst case)."""
        from engine.ledger_records import LedgerError
        from engine.power_cut import cut

        if self.folder is None or not self._keeps_ledger:
            raise SceneError("no ledger of the disk is kept in this scene: its power can't be cut")
        await self._killed()
        try:
            await asyncio.to_thread(cut, str(self.folder.path), str(self.folder.ledger))
        except (LedgerError, OSError) as err:
            raise SceneError(f"the power cut could not be modelled: {err}") from err
        self._crashed(KIND["power"], "modelled")

    async def _killed(self) -> None:
        if self.engine is None or not self.engine.alive:
            raise SceneError("there is no engine to kill")
        self._leaving = True
        self.engine.kill_group()
        self._witness.died()
        await self.engine.process.wait()
        if self._subscription is not None:
            await self._subscription.read_out()
        for writer in self._writers.values():
            writer.report()  # what was acknowledged until then is what a crash is judged by
        await self._disconnect()

    async def _shut_down(self) -> None:
        """SIGTERM, as an operator does it; the stream gets the end that the engine cannot tell."""
        if self.engine is None or not self.engine.alive:
            raise SceneError("there is no engine to restart")
        self._leaving = True
        await self.engine.stop()
        await self._disconnect()
        self._crashed("SIGTERM")

    def abandon(self) -> None:
        """kill -9 to an engine that does not answer: whoever waits for it is let go."""
        if self.engine is not None:
            self.engine.kill_group()

    async def restart(self) -> None:
        """Start an engine on what is left, on the same port where possible."""
        await self.start_again()
        await self.begin_again()

    async def start_again(self) -> None:
        """Have an engine on what is left; its stream has not begun yet."""
        self._leaving, self.failure = False, ""
        run = self._stream.run + 1
        try:
            await self._start_engine({**self._directives(), "cowscope-run": str(run)})
            # before anybody writes again, or is told of the reading
            self._census = await self._counted()
            await self._subscribe()
        except SceneError as err:
            self.failure = str(err)
            raise

    async def begin_again(self) -> None:
        """Begin the new engine's stream with its state, and with what came back."""
        before = self._offsets
        try:
            state = await self._ask_state()
        except SceneError as err:
            self.failure = str(err)
            raise
        self._stream.begin(state, self._stream.run + 1)
        self._stream.own(self._recovered(state, before[0]))
        if self._census is not None:
            self._stream.own(self._census)

    async def _counted(self) -> events.Census | None:
        """The census of what this session wrote before the crash; None where it is refused."""
        try:
            return await self._witness.count(self.port, self._crash_source)
        except SceneError as err:
            self.word = str(err)
            return None

    async def write_on(self) -> None:
        """What wrote without an end goes on; a count ended with the engine that it was for."""
        running, self._running = list(self._running.values()), {}
        for started in running:
            if not started.workload.count:
                text = (
                    f"the client '{started.workload.name}' goes on writing,"
                    f" {started.rate:g} commands a second"
                )
                self._reported(events.Log(level="#", text=text, source="scripted"))
                await self.perform(started)

    def _recovered(self, state: State, acked: int) -> events.Recovered:
        """What the engine loaded, and how many bytes of the AOF came back."""
        loaded = state.recovery or events.Recovered(
            source_file="", keys=state.keys, truncated_bytes=0, survived=0, lost=0, usec=0
        )
        # With the log switched off nobody has looked at it: it lies there as it was.
        survived = min(acked, state.aof_appended) if state.aof_enabled else acked
        return msgspec.structs.replace(loaded, survived=survived, lost=acked - survived, seq=0)

    def _crashed(self, kind: str, source: events.Source = "measured") -> None:
        self._stream.end()
        acked, written, fsynced = self._offsets
        self._crash_source = source
        self._stream.own(
            events.Crash(kind=kind, acked=acked, written=written, fsynced=fsynced, source=source)
        )

    async def _mourn(self, engine: process.EngineProcess) -> None:
        """Wait for an end that nobody here asked for, and report it."""
        await engine.process.wait()
        if self._leaving or self.engine is not engine:
            return
        self.failure = f"the engine is gone: {engine.ending()}"
        self.ended = engine.end()
        self._stream.own(events.Log(level="#", text=self.failure))
        self._crashed(engine.end())
        for writer in self._writers.values():
            writer.stop()
        await self._hang_up()

    # Coming up

    def _scaled(self) -> dict[str, str]:
        """The scene's directives: with more keys each delays less, so that a walk takes as long."""
        engine = {**self.lesson.scene.engine, **self._own_directives}
        delay = int(engine.get(_KEY_DELAY, "0"))
        if delay > 0 and self.population > self.lesson.scene.populate:
            engine[_KEY_DELAY] = str(max(delay * self.lesson.scene.populate // self.population, 1))
        return engine

    def _directives(self) -> dict[str, str]:
        return {
            **self._scaled(),
            "arena-pages": str(self.arena_pages),
            "enable-debug-command": "local",
            **({"cowscope-disk-ledger": self._ledger} if self._keeps_ledger else {}),
            **self._changed,
        }

    @property
    def _ledger(self) -> str:
        assert self.folder is not None
        return str(self.folder.ledger)

    async def _start_engine(self, directives: dict[str, str]) -> None:
        assert self.folder is not None
        port = self.engine.port if self.engine else None
        self.engine = await process.start(self.folder.path, directives, self._command, port)
        self._control = await Connection.open(self.engine.port)
        self._spawn(self._mourn(self.engine))

    async def _prepare(self) -> None:
        scene = self.lesson.scene
        await populate(
            self.port,
            keys=self.population,
            prefix=scene.prefix,
            value_bytes=scene.value_bytes or VALUE_BYTES,
            command=scene.populate_with,
            seed=self.seed,
        )
        await self.perform(Send(("SAVE",)))
        meant = {**_OTHERWISE, **self._scaled()}
        for name in _PREPARED_WITH:
            await self.perform(Send(("CONFIG", "SET", name, meant[name])))

    async def _subscribe(self) -> None:
        first = self._stream.run == 1  # later engines begin with what a crash has left
        self._subscription = Subscription(
            self.port, self._arrived, self.journal.take if first else None
        )
        await self._subscription.start()

    def _arrived(self, event: AnyEvent) -> None:
        path = name = ""
        if isinstance(event, events.RdbSaved | events.Walk) and self.folder is not None:
            # Within the session's folder a name is enough; recordings travel without the rest.
            path, name = event.path, event.path.removeprefix(f"{self.folder.path}/")
            event = msgspec.structs.replace(event, path=name)
        if self._stream.engine(event):
            self._spawn(self._resync())
        if path and self.lesson.scene.add_up:
            self._stream.own(contents_of(path, name))
        if isinstance(event, events.Rewrite) and self.lesson.scene.add_up and self.folder:
            for found in log_contents.after(event, self.folder.path):
                self._stream.own(found)
        if isinstance(event, events.Command):
            connections = (self._control, self._prompt)
            own = {*self._writers, *(one.address for one in connections if one is not None)}
            self._witness.note(event, own)
        if isinstance(event, events.Fork):
            self._spawn(family.watch((event.child, event.pid), self._stream.own))

    async def _resync(self) -> None:
        with contextlib.suppress(SceneError):
            self._stream.resynced(await self._ask_state())

    async def _ask_state(self) -> State:
        assert self._control is not None
        reply = await self._control.call([b"COWSCOPE", b"STATE"])
        if not isinstance(reply, bytes):
            raise SceneError(f"COWSCOPE STATE was answered with: {reply}")
        return _state.decode(reply)

    def _handed_on(self, on_event: Callable[[AnyEvent], None]) -> Callable[[AnyEvent], None]:
        def handed(event: AnyEvent) -> None:
            self._offsets = _offsets_after(self._offsets, event)
            if isinstance(event, State):
                self._aof_file = event.aof_file
            elif isinstance(event, events.AofAppend):
                self._aof_file = event.file
            on_event(event)

        return handed

    def _writer(self, workload: Workload) -> Writer:
        writer = self._writers.get(workload.name)
        if writer is None or writer.finished or writer.workload != workload:
            if writer is not None:
                writer.stop()
                self._spawn(writer.close())
            writer = self._writers[workload.name] = Writer(
                workload,
                port=self.port,
                population=self.population,
                value_bytes=self.lesson.scene.value_bytes or VALUE_BYTES,
                seed=self.seed,
                publish=self._reported,
                ledger=self._witness.ledger,
            )
        return writer

    def _reported(self, event: events.Latency | events.Log) -> None:
        if isinstance(event, events.Latency) and event.done:
            self._running.pop(event.client, None)
        elif isinstance(event, events.Log):
            self.word = event.text
        self._stream.own(event)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Going down

    async def _disconnect(self) -> None:
        """End tasks and connections of the engine that was."""
        current = asyncio.current_task()
        tasks = [task for task in self._tasks if task is not current]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in self._writers.values():
            await writer.close()
        self._writers.clear()
        if self._subscription is not None:
            await self._subscription.close()
            self._subscription = None
        await self._hang_up()

    async def _hang_up(self) -> None:
        connections, self._control, self._prompt = (self._control, self._prompt), None, None
        for connection in connections:
            if connection is not None:
                await connection.close()


def batches(changes: Iterable[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    """So many at a time as are sent before their replies are read."""
    rest = iter(changes)
    while several := list(itertools.islice(rest, 500)):
        yield several


def loses_power(scene: Scene) -> bool:
    """Whether a scene may cut the power: then its disk keeps a ledger."""
    actions = [action for stage in scene.stages for action in actions_of(stage)]
    offered = any("P" in stage.keys for stage in scene.stages)
    return offered or any(action.crash == "power" for action in actions)


def _offsets_after(offsets: tuple[int, int, int], event: AnyEvent) -> tuple[int, int, int]:
    """(appended, written, fsynced) after one more event: what a crash report says."""
    appended, written, fsynced = offsets
    match event:
        case State():
            return event.aof_appended, event.aof_written, event.aof_fsynced
        case events.AofAppend():
            return event.end, written, fsynced
        case events.AofWrite():
            return max(appended, event.end), event.end, fsynced
        case events.AofFsync():
            return appended, written, event.end
        case events.Rewrite(stage="switched"):
            return event.bytes, event.bytes, 0
        case events.Rewrite() if event.file:
            return 0, 0, 0
        case _:
            return offsets


def cannot_prove_dirty(path: str) -> str:
    """Why the kernel's count of a file's dirty pages proves nothing in this folder, if so."""
    from engine.cachestat import proves_dirty

    return "" if proves_dirty(path) else f"cachestat shows no dirty pages in {path}"
