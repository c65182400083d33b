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
from scenes.lines_out import LinesOut
from scenes.live import Live
from scenes.loader import Lesson, load, own_files
from scenes.recording import RecordingWriter
from scenes.sayings import trouble
from scenes.stored import Header
from scenes.transcript import Transcript

PATIENCE = 120.0
"""Seconds for which a run waits for a busy engine."""
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
        start_at: str = "",
        command: Sequence[str] = (),
        on_event: Callable[[AnyEvent], None] = lambda event: None,
        on_effect: Callable[[Effect, Live], None] = lambda effect, live: None,
    ) -> None:
        self.failures: list[str] = []
        self.deserted = False
        self._on_effect = on_effect
        self.live = Live(
            lesson,
            seed=seed,
            arena_pages=arena_pages,
            autoplay=True,
            pace=pace,
            start_at=start_at,
            on_event=on_event,
            on_effect=self._effect,
            command=command,
        )

    def _effect(self, effect: Effect) -> None:
        match effect:
            case Checked(check, held, detail) if not held:
                self.failures.append(
                    trouble("headless.expectation_failed", check=check, detail=detail)
                )
            case Failed(reason) | Refused(reason):
                self.failures.append(reason)
            case _:
                pass
        self._on_effect(effect, self.live)

    async def play(self) -> None:
        """From the engine's start to its end; raises SceneError when it does not come up."""
        try:
            await self.live.start()
            await self._ended()
        finally:
            await self.live.stop()

    async def _ended(self) -> None:
        """Until the scene is over, its engine is gone, or nobody reads any more.

        Raises what went wrong in the playing itself.
        """
        live = self.live
        over = asyncio.create_task(live.ended.wait())
        try:
            while not over.done() and not self.deserted:
                await asyncio.wait([over], timeout=0.5)
                if live.bug is not None:
                    raise live.bug
                if live.busy_seconds > PATIENCE:
                    self.failures.append(
                        trouble(
                            "headless.engine_silent",
                            pid=str(live.session.pid),
                            seconds=f"{PATIENCE:g}",
                        )
                    )
                    return
                if live.session.failure and not over.done():
                    self.failures.append(live.session.failure)
                    return
        finally:
            over.cancel()

    def nobody_reads(self) -> None:
        """The reader of the output has gone away, and so does the run; called in any thread."""
        self.deserted = True


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
    verbose: bool = False,
    start_at: str = "",
    command: Sequence[str] = (),
) -> int:
    """Play `scene` to its end; 0 when every expectation held, else 1 with the reasons on `err`.

    It begins with the step `start_at`: what that needs of earlier ones is made up for, and checks
    that judge by them are skipped. With `json` the events are written, one a line; otherwise plain
    lines, `verbose` with every write. Stopped by a signal it returns 128 plus the signal's number,
    and leaves nothing behind.
    """
    out, err = out or sys.stdout, err or sys.stderr

    lesson = load(scene, language)
    lines = LinesOut(out, lambda: played.nobody_reads())
    transcript = Transcript(lesson, lines.write, verbose=verbose)
    played = Run(
        lesson,
        seed=seed,
        arena_pages=arena_pages,
        pace=pace,
        start_at=start_at,
        command=command,
        on_event=(lambda event: lines.write(encode(event).decode())) if json else transcript.event,
        on_effect=(lambda effect, live: None) if json else transcript.effect,
    )
    if not json:
        transcript.heading()
    code = _played(played, err)
    lines.close(abort=code > 1)
    return 1 if lines.deserted else code


def record(
    scene: str,
    path: str,
    *,
    date: str,
    seed: int | None = None,
    arena_pages: int | None = None,
    err: TextIO | None = None,
    language: str = "en",
    pace: float = 1.0,
    command: Sequence[str] = (),
) -> int:
    """Play `scene` and write its events to `path`; exit codes as `run`.

    Raises SceneError before anything is started when `path` cannot be written.
    """
    lesson = load(scene, language)
    writer = RecordingWriter(path, scene=lesson.scene, files=own_files(lesson))

    def on_event(event: AnyEvent) -> None:
        if event.seq == 1:
            writer.begin(header(event))
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

    with writer:
        played = Run(
            lesson,
            seed=seed,
            arena_pages=arena_pages,
            pace=pace,
            command=command,
            on_event=on_event,
        )
        return _played(played, err or sys.stderr)


def _played(played: Run, err: TextIO) -> int:
    stopped = 0

    async def play() -> None:
        nonlocal stopped
        task = asyncio.current_task()
        assert task is not None

        def stop(number: int) -> None:
            nonlocal stopped
            stopped = 128 + number
            played.live.ended.set()  # where a library swallows the cancellation
            task.cancel()

        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, stop, number)
        with contextlib.suppress(asyncio.CancelledError):
            await played.play()

    try:
        asyncio.run(play())
    except SceneError as error:
        played.failures.append(str(error))
    for failure in played.failures:
        print(failure, file=err)
    if stopped:
        return stopped
    return 1 if played.failures else 0
