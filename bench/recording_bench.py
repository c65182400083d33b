"""A recording of 1,000,000 events: how soon it opens, how soon any moment of it is on show.

It is the recording of scene 04 that ships, again and again: each time another run of the engine
after a crash, its numbers and times going on. A seek is what a click on the replay's timeline
costs but for the drawing: the view of that moment and the step's words with its figures.
"""

from __future__ import annotations

import gc
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time

import psutil
from msgspec.structs import replace

from app.assets import recording
from app.replay_driver import ReplayDriver
from bench.row import Row, median
from bench.scale import scaled
from engine import events
from engine.events import AnyEvent
from scenes.history import History
from scenes.loader import load
from scenes.recording import RecordingWriter, opened, read

_EVENTS = 1_000_000
_PLACES = 50
_MIB = 1 << 20
_OPENS_WITHIN, _SEEKS_WITHIN = 2.0, 0.1
_GROWS_AT_MOST = 48.0
"""MiB from a tenth of the events to all of them: there are caches to fill, and no more."""


def measure() -> list[Row]:
    """Rows for the table."""
    wanted = scaled(_EVENTS, 20_000)
    shipped = read(str(recording("04")))
    lesson = load("04")
    with tempfile.TemporaryDirectory(prefix="cowscope-bench-") as folder:
        path = str(Path(folder) / "long.cowscope")
        started = perf_counter()
        with RecordingWriter(path, shipped.header, lesson.scene) as writer:
            for event in repeated(list(shipped.events), wanted):
                writer.append(event)
        written = (perf_counter() - started) / wanted * 1e6
        before = _resident()
        opening = _timed(lambda: opened(path))
        driver = ReplayDriver(lesson, opened(path).events, autoplay=True, clock=lambda: 0.0)
        index = (_resident() - before) / _MIB
        seeks, worked = zip(*_seeks(driver, len(driver.recorded)), strict=True)
        early, late = _played(ReplayDriver(lesson, opened(path).events, autoplay=True))
        size = os.path.getsize(path) / _MIB
    live_early, live_late = _lived(list(shipped.events), wanted)
    what = f"a recording of {wanted:,} events"
    return [
        Row(f"{what}: to write one event", written, "µs"),
        Row(f"{what}: its file", size, "MiB"),
        Row(f"{what}: to open it", opening, "s", at_most=_OPENS_WITHIN),
        Row(f"{what}: memory when it is open", index, "MiB"),
        Row(f"{what}: a seek, the worst of {_PLACES}", max(seeks), "s", at_most=_SEEKS_WITHIN),
        Row(f"{what}: the same in processor time", max(worked), "s", at_most=_SEEKS_WITHIN),
        Row(f"{what}: a seek, the median", median(seeks), "s", at_most=_SEEKS_WITHIN),
        Row("autoplay of it: memory grown from a tenth to its end", late - early, "MiB",
            at_most=_GROWS_AT_MOST),
        Row("the live history of as many: grown likewise", live_late - live_early, "MiB",
            at_most=_GROWS_AT_MOST),
    ]  # fmt: skip


def repeated(stream: list[AnyEvent], wanted: int) -> Iterator[AnyEvent]:
    """So many events: the stream, a crash, the stream as the next run ..."""
    seq, shift = 0, 0.0
    lasted = stream[-1].at - stream[0].at + 1.0
    for run in range(1, wanted // len(stream) + 2):
        crash = events.Crash(kind="kill", acked=0, written=0, fsynced=0, at=stream[-1].at + 0.5)
        for event in (*stream, crash):
            if seq == wanted:
                return
            seq += 1
            yield replace(event, seq=seq, run=run, at=event.at + shift)
        shift += lasted


def _seeks(driver: ReplayDriver, length: int) -> Iterator[tuple[float, float]]:
    """Seconds by the wall's clock and of the processor: they differ where others work, too."""
    chosen = random.Random(4)
    driver.show_to(length - 1)
    _look(driver)  # what is on show when somebody seeks: the topics are imported with its words
    for _ in range(_PLACES):
        driver.seek(chosen.randrange(length))
        worked = process_time()
        yield _timed(lambda: _look(driver)), process_time() - worked


def _look(driver: ReplayDriver) -> None:
    driver.text("gauge.text")
    assert driver.view.seq == driver.cursor + 1


def _played(driver: ReplayDriver) -> tuple[float, float]:
    """MiB resident after a tenth of an autoplay that draws every hundredth event, and after it."""
    length = len(driver.recorded)
    early = 0.0
    for index in range(0, length, 100):
        driver.show_to(index)
        assert driver.view.seq == index + 1
        driver.text("gauge.text")
        if not early and index >= length // 10:
            early = _resident() / _MIB
    return early, _resident() / _MIB


def _lived(stream: list[AnyEvent], wanted: int) -> tuple[float, float]:
    """The same for a history that grows, with its evidence."""
    from scenes.evidence import Evidence

    history, evidence, early = History(load("04").scene.cards), Evidence(), 0.0
    history.gathered = lambda: evidence
    for number, event in enumerate(repeated(stream, wanted)):
        history.append(event)
        evidence.add(event)
        if number == wanted // 10:
            early = _resident() / _MIB
    return early, _resident() / _MIB


def _timed(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def _resident() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)
