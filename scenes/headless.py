"""A scene without a screen: the same player, its course as plain lines or as JSON events."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from engine.events import AnyEvent, EngineReady, encode
from scenes.effects import Checked, Effect, Failed, Refused
from scenes.errors import SceneError
from scenes.live import Live
from scenes.loader import Lesson, load
from scenes.recording import Header, RecordingWriter
from scenes.transcript import Transcript

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Run:
    """One headless run; `failures` are the expectations and commands that went wrong."""

    def __init__(
        self,
        lesson: Lesson,
        *,
        seed: int | None = None,
        arena_pages: int | None = None,
        pace: float = 1.0,
        command: Sequence[str] = (),
        on_event: Callable[[AnyEvent], None] = lambda event: None,
        on_effect: Callable[[Effect, Live], None] = lambda effect, live: None,
    ) -> None:
        self.failures: list[str] = []
        self._on_effect = on_effect
        self.live = Live(
            lesson,
            seed=seed,
            arena_pages=arena_pages,
            autoplay=True,
            pace=pace,
            on_event=on_event,
            on_effect=self._effect,
            command=command,
        )

    def _effect(self, effect: Effect) -> None:
        match effect:
            case Checked(check, held, detail) if not held:
                self.failures.append(f"expectation '{check}' failed: {detail}")
            case Failed(reason) | Refused(reason):
                self.failures.append(reason)
            case _:
                pass
        self._on_effect(effect, self.live)

    async def play(self, ready: Callable[[Live], None] = lambda live: None) -> None:
        """From the engine's start to its end; raises SceneError when it does not come up."""
        live = self.live
        try:
            await live.start()
            ready(live)
            await self._ended()
        finally:
            await live.stop()

    async def _ended(self) -> None:
        """Until the scene is over, or its engine is."""
        over = asyncio.create_task(self.live.ended.wait())
        try:
            while not over.done():
                await asyncio.wait([over], timeout=0.5)
                failure = self.live.session.failure
                if failure and not over.done():
                    self.failures.append(failure)
                    return
        finally:
            over.cancel()


def run(
    scene: str,
    *,
    json: bool = False,
    seed: int | None = None,
    arena_pages: int | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
    language: str = "en",
    pace: float = 1.0,
    command: Sequence[str] = (),
) -> int:
    """Play `scene` to its end; 0 when every expectation held, else 1 with the reasons on `err`.

    With `json` the events are written, one a line; otherwise plain lines. Stopped by a signal it
    returns 128 plus the signal's number, and leaves nothing behind.
    """
    out, err = out or sys.stdout, err or sys.stderr

    def write(line: str) -> None:
        print(line, file=out, flush=True)

    transcript = Transcript(write)
    if json:
        played = Run(
            load(scene, language),
            seed=seed,
            arena_pages=arena_pages,
            pace=pace,
            command=command,
            on_event=lambda event: write(encode(event).decode()),
        )
        return _played(played, err, lambda live: None)
    played = Run(
        load(scene, language),
        seed=seed,
        arena_pages=arena_pages,
        pace=pace,
        command=command,
        on_event=transcript.event,
        on_effect=transcript.effect,
    )
    return _played(played, err, transcript.heading)


def record(
    scene: str,
    path: str,
    *,
    date: str,
    seed: int | None = None,
    arena_pages: int | None = None,
    err: TextIO | None = None,
    pace: float = 1.0,
    command: Sequence[str] = (),
) -> int:
    """Play `scene` and write its events to `path`; exit codes as `run`."""
    lesson = load(scene)
    writer: RecordingWriter | None = None

    def on_event(event: AnyEvent) -> None:
        nonlocal writer
        if writer is None:
            writer = RecordingWriter(path, header(event))
        writer.append(event)

    def header(first: AnyEvent) -> Header:
        assert isinstance(first, EngineReady)
        return Header(
            scene=lesson.scene.number,
            page_size=first.page_size,
            kernel=first.kernel,
            date=date,
            seed=lesson.scene.seed if seed is None else seed,
            arena_pages=first.arena_pages,
        )

    played = Run(
        lesson, seed=seed, arena_pages=arena_pages, pace=pace, command=command, on_event=on_event
    )
    try:
        return _played(played, err or sys.stderr, lambda live: None)
    finally:
        if writer is not None:
            writer.close()


def _played(played: Run, err: TextIO, ready: Callable[[Live], None]) -> int:
    stopped = 0

    async def play() -> None:
        nonlocal stopped
        task = asyncio.current_task()
        assert task is not None

        def stop(number: int) -> None:
            nonlocal stopped
            stopped = 128 + number
            task.cancel()

        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, stop, number)
        with contextlib.suppress(asyncio.CancelledError):
            await played.play(ready)

    try:
        asyncio.run(play())
    except SceneError as error:
        played.failures.append(str(error))
    except BrokenPipeError:
        return 1  # nobody reads on; there is nobody to tell, either
    for failure in played.failures:
        print(failure, file=err)
    if stopped:
        return stopped
    return 1 if played.failures else 0
