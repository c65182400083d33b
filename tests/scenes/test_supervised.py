"""Engines under supervision: what does not start, goes by itself, or loses its owner."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from engine import events
from scenes import process
from scenes.errors import SceneError
from tests.scenes.watching import Watched, of

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)


async def test_an_engine_killed_from_outside_is_reported(watched: Watched) -> None:
    assert watched.session.engine is not None
    os.kill(watched.session.engine.pid, signal.SIGKILL)
    crash = await watched.until(of(events.Crash))
    assert isinstance(crash, events.Crash) and crash.kind.startswith("killed by signal 9")
    assert watched.session.failure.startswith("the engine is gone: killed by signal 9")
    assert "\n" not in watched.session.failure
    with pytest.raises(SceneError, match="the engine is gone"):
        await watched.session.execute(["PING"])


async def test_an_engine_that_does_not_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    broken = Watched(command=(sys.executable, "-c", "print('first'); exit('out of luck')"))
    with pytest.raises(SceneError, match="did not start: exit code 1; its last words: out of luck"):
        await broken.session.__aenter__()
    assert not any((tmp_path / "cowscope").iterdir())


async def test_a_port_taken_meanwhile_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    taken, free = server.sockets[0].getsockname()[1], process.free_port
    ports = iter([taken, free()])
    monkeypatch.setattr(process, "free_port", lambda: next(ports))
    watched = Watched()
    async with server, watched.session:
        assert watched.session.port != taken


OWNER = """
import asyncio, sys
from scenes.effects import Send
from scenes.loader import load
from scenes.session import Session

async def main():
    async with Session(load("04"), on_event=lambda event: None, arena_pages=256) as session:
        await session.perform(Send(("COWSCOPE", "HOLD")))
        await session.perform(Send(("BGSAVE",)))
        print(session.engine.pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_the_engine_and_its_child_go_with_a_killed_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    engine = psutil.Process(int(await owner.stdout.readline()))
    family = [engine, *engine.children()]
    assert len(family) == 2
    owner.kill()
    await owner.wait()
    gone, alive = await asyncio.to_thread(psutil.wait_procs, family, 10)
    for process_left in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process_left.kill()
    assert not alive and len(gone) == 2
    following = Watched()
    async with following.session:
        assert len(list((tmp_path / "cowscope").glob("session-*"))) == 1, (
            "the dead session's folder stays"
        )
