"""Session, player and history joined: keys act, a restart is fresh, a crash is told."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import monotonic

import pytest

from scenes.conditions import text_of
from scenes.effects import Effect, Refused, Send
from scenes.live import BUSY_SECONDS, NOTICE_SECONDS, Live
from scenes.loader import load
from scenes.refusals import GONE
from scenes.refusals import played as phrase

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)


class Played:
    def __init__(self) -> None:
        self.effects: list[Effect] = []
        self.live = Live(load("04"), arena_pages=256, on_effect=self.effects.append, pace=4.0)

    async def until(self, wanted: Callable[[], object]) -> None:
        async with asyncio.timeout(60):
            while not wanted():
                await asyncio.sleep(0.02)

    async def step(self, name: str) -> None:
        """Wait until step `name` is over and may be left."""
        await self.until(lambda: self.live.history.now.step == name)
        await self.until(lambda: self.live.player.phase in ("proving", "resting"))


@pytest.fixture
async def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Played]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    played = Played()
    await played.live.start()
    yield played
    await played.live.stop()
    assert not any((tmp_path / "cowscope").iterdir())


async def test_the_opening_plays_and_the_first_key_starts_beat_1(played: Played) -> None:
    live = played.live
    await played.step("spreading")
    await played.until(lambda: live.history.now.counts[3] > 0)
    live.key("next")
    await played.step("tail")
    assert live.player.beat == 1
    steps = [mark.label for mark in live.history.marks if mark.kind == "step"]
    assert steps == ["trickle", "emerald", "first-fork", "spreading", "tail"]
    child = live.history.now.child
    assert child is not None and not child.alive  # beat 1 let it go


async def test_what_the_engine_refuses_becomes_the_notice(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = played.live
    live.key("b")  # not offered yet: refused without asking the engine
    await played.until(lambda: any(isinstance(effect, Refused) for effect in played.effects))
    assert not live.notice
    live._do([Send(("GET",))])
    await played.until(lambda: live.notice)
    assert live.notice.startswith("'GET' was answered with: ERR wrong number of arguments")
    live.key("next")
    assert not live.notice, "the next key leaves the refusal behind"
    live._do([Send(("GET",))])
    await played.until(lambda: live.notice)
    monkeypatch.setattr("scenes.live.monotonic", lambda: monotonic() + NOTICE_SECONDS)
    assert not live.notice, "and so does time"


async def test_a_busy_engine_is_told_and_all_goes_on_when_it_answers(played: Played) -> None:
    live = played.live
    live.key("next")
    await played.step("tail")
    engine = live.session.engine
    assert engine is not None
    os.kill(engine.pid, signal.SIGSTOP)
    try:
        await played.until(lambda: live.busy_seconds > BUSY_SECONDS)
    finally:
        os.kill(engine.pid, signal.SIGCONT)
    written = live.history.now.commands
    await played.until(lambda: not live.busy_seconds)
    await played.until(lambda: live.history.now.commands > written + 20)
    live.key("next")
    await played.step("everysec")
    assert not live.player.failed and not live.notice


async def test_a_restart_begins_with_a_fresh_engine(played: Played) -> None:
    live = played.live
    await played.step("trickle")
    before = live.session.engine
    live.key("restart")
    await played.until(lambda: live.session.engine is not before and len(live.history) > 5)
    await played.step("trickle")
    assert live.history.now.seq == len(live.history)
    assert live.history.now.run == 1 and live.history.now.engine.alive
    assert before is not None and not before.alive


async def test_a_restart_does_not_wait_for_an_engine_that_hangs(played: Played) -> None:
    live = played.live
    await played.step("trickle")
    before = live.session.engine
    assert before is not None
    os.kill(before.pid, signal.SIGSTOP)
    live._do([Send(("PING",))])  # the performer waits for its answer
    await played.until(lambda: live.busy_seconds)
    live.key("restart")
    await played.until(lambda: live.session.engine is not before and len(live.history) > 5)
    assert not before.alive and live.history.now.engine.alive and not live.notice


async def test_a_killed_engine_is_in_the_history_and_in_the_notice(played: Played) -> None:
    live = played.live
    await played.step("trickle")
    assert live.session.engine is not None
    os.kill(live.session.engine.pid, signal.SIGKILL)
    await played.until(lambda: not live.history.now.engine.alive)
    crash = live.history.now.crash
    assert crash is not None
    assert live.notice.startswith("the engine is gone: killed by signal 9")
    length = len(live.history)
    for key in ("next", "w", "next"):
        live.key(key)
    await played.until(lambda: played.effects.count(Refused(phrase(GONE))) == 3)
    assert live.history.now.step == "trickle" and len(live.history) == length
    tail = live.history.now.tail
    assert tail.appended == tail.written == crash.written


async def test_steps_need_no_child_that_the_learner_has_kept(played: Played) -> None:
    """h lets the child go, or somebody kills it: the words follow, and the scene goes on."""
    live = played.live
    live.key("next")
    for step in ("tail", "everysec"):
        await played.step(step)
        live.key("next")
    await played.step("fork")
    first = live.history.now.child
    assert first is not None
    live.key("h")
    await played.until(lambda: live.history.now.child and not live.history.now.child.alive)
    live.key("next")
    await played.step("copies")
    second = live.history.now.child
    assert second is not None and second.pid != first.pid and second.hold == "held"
    os.kill(second.pid, signal.SIGKILL)  # from another terminal
    await played.until(lambda: live.history.now.child and not live.history.now.child.alive)
    assert said(live) == "gone.child"
    live.key("next")
    await played.until(lambda: live.player.phase == "asking")
    assert said(live) == "hot.text"
    live.key("answer-1")
    await played.step("hot")
    assert live.player.right == 0 and not live.player.failed
    await live.session.execute_line("FLUSHALL")  # as in Redis, it kills the child
    await played.until(lambda: said(live) == "gone.child")
    live.key("next")
    needs = "step 'new' needs a held child, and 2 left at once"
    await played.until(lambda: live.notice.startswith(needs))
    assert live.player.failed


def said(live: Live) -> str:
    assert live.player.stage is not None
    return text_of(live.lesson.scene, live.player.stage, live.history.now)
