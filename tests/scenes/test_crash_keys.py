"""The crash keys and the disk's faults played live: predicted, crashed for real, counted."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import monotonic

import pytest

from engine import events
from scenes.fold import reduce
from scenes.live import Live
from scenes.loader import load
from scenes.prediction import PREDICTION, predict
from scenes.process import STOP_SECONDS
from scenes.view import View

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)


async def until(wanted: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not wanted():
            await asyncio.sleep(0.02)


@pytest.fixture
async def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Live]:
    """Scene 04 has come to the step `crash`: from there on nobody syncs, nobody writes yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    live = Live(load("04"), arena_pages=256, start_at="crash")
    await live.start()
    await until(lambda: live.history.now.step == "crash" and live.history.now.tail.policy == "no")
    yield live
    await live.stop()
    assert not any((tmp_path / "cowscope").iterdir())


async def test_a_power_cut_is_predicted_made_and_counted(live: Live) -> None:
    live.key("w")
    await until(lambda: live.history.now.tail.unsafe >= 10)
    live.key("P")  # with nobody to predict: the scripted choice
    await until(lambda: (made := live.history.now.prediction) and made.right >= 0)
    view = live.history.now
    made, crash = view.prediction, view.crash
    assert made is not None and crash is not None and crash.census is not None
    assert (crash.kind, crash.source) == ("power cut", "modelled")
    assert crash.census.acknowledged > crash.census.lost >= 10, "those of the steps before are kept"
    assert crash.rungs[1].commands >= crash.census.lost
    assert made.chosen == made.right == 1 and "no fsync" in made.choices[1]
    assert any("started" in line.text or "loaded" in line.text for line in view.log)

    # The same is folded again from the events alone: so it is replayed, and stepped back to.
    again = View()
    for event in live.history:
        again = reduce(again, event, live.lesson.scene.cards)
    assert again.crash == crash and again.prediction == made
    asked = (e for e in live.history if isinstance(e, events.Question | events.Answer))
    told = [event for event in asked if event.id.startswith(PREDICTION)]  # not the step's own
    assert [type(e) for e in told] == [events.Question, events.Answer, events.Question]
    assert [e.right for e in told if isinstance(e, events.Question)] == [-1, 1]


async def test_a_kill_proves_whoever_predicted_a_loss_wrong(live: Live) -> None:
    live.key("w")
    await until(lambda: live.history.now.tail.unsafe >= 5)
    live.crash("K", predict("kill", live.history.now), 1)
    await until(lambda: (made := live.history.now.prediction) and made.right >= 0)
    made, crash = live.history.now.prediction, live.history.now.crash
    assert made is not None and crash is not None and crash.census is not None
    assert (made.chosen, made.right) == (1, 0) and crash.source == "measured"
    assert crash.census.lost == 0 and crash.census.survived >= 5


async def test_f_makes_the_disk_slow_then_full_and_the_screen_knows(live: Live) -> None:
    live.key("F")
    await until(lambda: dict(live.history.now.faults) == {"fsync-delay": "1500"})
    live.key("F")
    await until(lambda: list(live.history.now.faults) == ["full"])
    live.key("w")
    await until(lambda: "refused: MISCONF" in live.notice)


async def test_a_kill_does_not_wait_for_an_engine_that_hangs(live: Live) -> None:
    live.key("w")
    await until(lambda: live.history.now.tail.unsafe >= 5)
    before = live.session.pid
    os.kill(before, signal.SIGSTOP)
    live.key("f")  # waits for an answer that does not come
    await until(lambda: live.busy_seconds)
    live.crash("K", predict("kill", live.history.now), 0)
    await until(lambda: (made := live.history.now.prediction) and made.right >= 0)
    crash = live.history.now.crash
    assert crash is not None and crash.kind == "kill -9" and crash.census is not None
    assert crash.census.lost == 0 and crash.census.survived >= 5
    assert live.session.pid != before and live.history.now.run == 2


async def test_who_leaves_does_not_wait_for_an_engine_that_hangs(live: Live) -> None:
    os.kill(live.session.pid, signal.SIGSTOP)
    await until(lambda: live.busy_seconds)  # though no key asks it for anything
    began = monotonic()
    await live.stop()
    assert monotonic() - began < STOP_SECONDS
