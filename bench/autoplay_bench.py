"""An hour of autoplay: the memory, descriptors and threads of the screen and its engine are level.

Scene 04 plays on a real pseudo-terminal, by itself, and begins again whenever it is over, as the
key 0 does: with a fresh engine in a fresh folder. BENCH_SCALE makes it shorter: 0.083 is five
minutes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.row import Row, median
from bench.scale import scaled
from bench.screen_bench import SCENE_SIZE, Terminal

SCENE = "04"
_SECONDS = 3600
_LEAST_SECONDS = 60
_WARM_UP = 20.0
_EVERY = 5.0
_TOLD_EVERY = 60.0


@dataclass(frozen=True)
class Sample:
    """The processes at one moment; memory in bytes."""

    at: float
    """Seconds since the first sample."""
    screen: int
    engines: int
    """Resident memory of all that the screen started, children of snapshots included."""
    descriptors: int
    threads: int
    processes: int
    """All below the screen."""


def measure() -> list[Row]:
    """Rows for the table: the end beside the beginning."""
    seconds = float(scaled(_SECONDS, _LEAST_SECONDS))
    with tempfile.TemporaryDirectory(prefix="autoplay") as folder:
        plays = Path(folder) / "plays"
        terminal = Terminal(("bench.autoplay_bench", SCENE, str(plays)), SCENE_SIZE)
        try:
            terminal.drain(_WARM_UP)
            samples = _watched(terminal, seconds)
            played = int(plays.read_text()) if plays.exists() else 0
        finally:
            terminal.close()
    return rows(samples, played)


def _watched(terminal: Terminal, seconds: float) -> list[Sample]:
    process = psutil.Process(terminal.pid)
    started = time.monotonic()
    samples: list[Sample] = []
    told = -_TOLD_EVERY
    while (at := time.monotonic() - started) < seconds:
        sample = _sample(process, at)
        samples.append(sample)
        if at - told >= _TOLD_EVERY:
            told = at
            print(_line(sample), file=sys.stderr, flush=True)
        terminal.drain(_EVERY)
    return samples


def _sample(process: psutil.Process, at: float) -> Sample:
    """Raises RuntimeError once the screen has gone."""
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            raise RuntimeError(f"the screen ended after {at:,.0f} s")
        below = process.children(recursive=True)
        return Sample(
            at,
            process.memory_info().rss,
            sum(_resident(one) for one in below),
            process.num_fds(),
            process.num_threads(),
            len(below),
        )
    except psutil.NoSuchProcess as error:
        raise RuntimeError(f"the screen ended after {at:,.0f} s") from error


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _line(sample: Sample) -> str:
    return (
        f"  minute {sample.at / 60:4.0f}: screen {sample.screen / 2**20:7.1f} MiB, "
        f"engine and children {sample.engines / 2**20:7.1f} MiB, "
        f"{sample.descriptors} descriptors, {sample.threads} threads, "
        f"{sample.processes} processes below"
    )


def rows(samples: Sequence[Sample], played: int) -> list[Row]:
    """The last fifth of the samples beside the second one."""
    if len(samples) < 10:
        raise RuntimeError(f"only {len(samples)} samples were taken")
    if not played:
        raise RuntimeError("the scene was not over once: nothing was begun again")
    fifth = len(samples) // 5
    early, late = samples[fifth : 2 * fifth], samples[-fifth:]

    def beside(
        what: str,
        unit: str,
        of: Callable[[Sample], float],
        most: float,
        note: str,
        where: Callable[[Sample], bool] = lambda _: True,
    ) -> Row:
        return Row(
            f"autoplay: {what}, median of the last fifth beside that of the second",
            median([of(one) for one in late if where(one)]), unit,
            median([of(one) for one in early if where(one)]), "early on", at_most=most, note=note,
        )  # fmt: skip

    mib = float(1 << 20)
    fewest_processes = min(one.processes for one in samples)

    def alone(one: Sample) -> bool:  # a child's memory, shared with its parent, would count twice
        return one.processes == fewest_processes

    fewest, *_, most = sorted(one.descriptors for one in samples)
    did = f"({samples[-1].at / 60:,.0f} min, scene {SCENE} played {played} times)"
    return [
        beside("resident memory of the screen", "MiB", lambda one: one.screen / mib, 1.05, did),
        beside("resident memory of the engine while no child lives", "MiB",
               lambda one: one.engines / mib, 1.05, "", alone),
        Row(
            "autoplay: open descriptors of the screen, most in the last fifth beside the second",
            max(one.descriptors for one in late), "",
            max(one.descriptors for one in early), "early on", at_most=1.1,
            note=f"(within a scene it moves, from {fewest} to {most} in all samples: the most of "
                 "many samples is level where nothing leaks, but for a tenth that chance may add)",
        ),
        beside("threads of the screen", "", lambda one: one.threads, 1.0, ""),
    ]  # fmt: skip


# The child: what is measured ----------------------------------------------------------------------


def child(scene: str, plays: Path) -> None:
    """The scene on autoplay, over and over; `plays` is kept at how often it was over."""
    from app.application import CowscopeApp
    from app.live_driver import LiveDriver
    from scenes.effects import Effect, Finished
    from scenes.loader import load

    class Told(LiveDriver):
        over = False

        def _effect(self, effect: Effect) -> None:
            super()._effect(effect)
            self.over |= isinstance(effect, Finished)

    driver = Told(load(scene, "en"), autoplay=True)
    played = 0

    class Again(CowscopeApp):
        async def on_mount(self) -> None:
            await super().on_mount()
            self.set_interval(1.0, self._again)

        def _again(self) -> None:
            nonlocal played
            if driver.over:
                driver.over = False
                played += 1
                plays.write_text(str(played))
                driver.restart()

    Again(driver).run()


if __name__ == "__main__":
    child(sys.argv[1], Path(sys.argv[2]))
