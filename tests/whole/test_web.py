"""The screen in a real browser: keys, the prompt, Chinese, a picture, and nothing left behind."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import psutil
import pytest
import redis

from tests.whole.chromium import CHROMIUM, WITHIN, Browser
from tests.whole.running import free_port

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


class Web:
    """A `cowscope web 04` with two seats."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
        self.cache = folder / "cache" / "cowscope"
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "app.cli", "web", "04"),
                *("--seats", "2", "--port", str(port)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        assert self.process.stdout is not None
        found = re.search(r"http://\S+", self.process.stdout.readline())
        assert found is not None
        self.address = found[0]
        self.origin = f"http://127.0.0.1:{port}"

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def engines(self) -> list[int]:
        """Where engines listen; a snapshot child has its parent's command line, and is none."""
        words = [one.cmdline() for one in self.descendants()]
        return sorted({int(w[w.index("--port") + 1]) for w in words if "engine" in w})

    def engine_port(self) -> int:
        """Where the one engine listens."""
        (port,) = self.engines()
        return port

    def stop(self) -> None:
        left = self.descendants()
        self.process.terminate()
        assert self.process.wait(WITHIN) == 0
        wait_until(lambda: not any(lives(one) for one in left))


def lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    served = Web(tmp_path)
    try:
        yield served
    finally:
        if served.process.poll() is None:
            served.stop()
        assert served.process.stdout is not None
        served.process.stdout.close()


async def test_a_scene_plays_in_a_tab_and_is_gone_with_it(web: Web, tmp_path: Path) -> None:
    async with Browser(tmp_path) as browser:
        tab = await browser.tab()
        await tab.open(web.address)
        await tab.wait_for("redis-cli -p ")
        await tab.press(" ")
        await tab.wait_for("First rung, second rung")

        await tab.press(":")
        await tab.type("SET guest 写时复制")
        await tab.wait_for("写时复制")
        await tab.press("Enter")
        await tab.wait_for("OK")
        with redis.Redis(port=web.engine_port(), decode_responses=True) as client:
            assert client.get("guest") == "写时复制"

        assert (await tab.picture()).startswith(b"\x89PNG")
        assert {address.split("/")[2] for address in tab.asked} == {web.origin.split("/")[2]}

        processes = web.descendants()
        assert len(processes) >= 2
        await tab.close()
        await asyncio.to_thread(wait_until, lambda: not any(lives(one) for one in processes))
        assert not list(web.cache.glob("session-*"))


async def test_no_more_tabs_than_seats(web: Web, tmp_path: Path) -> None:
    async with Browser(tmp_path) as browser:
        tabs = [await browser.tab() for _ in range(3)]
        for tab in tabs[:2]:
            await tab.open(web.address)
            await tab.wait_for("redis-cli -p ")
        await tabs[2].open(web.address)
        async with asyncio.timeout(WITHIN):
            while "2 seats are taken" not in await tabs[2].text():
                await asyncio.sleep(0.05)
        assert len(web.engines()) == 2


async def test_a_killed_server_leaves_nothing(web: Web, tmp_path: Path) -> None:
    async with Browser(tmp_path) as browser:
        tab = await browser.tab()
        await tab.open(web.address)
        await tab.wait_for("redis-cli -p ")
        processes = web.descendants()
        os.kill(web.process.pid, signal.SIGKILL)
        web.process.wait()
        await asyncio.to_thread(wait_until, lambda: not any(lives(one) for one in processes))


async def test_strangers_stay_outside(web: Web) -> None:
    async with aiohttp.ClientSession() as client:

        async def status(path: str, **headers: str) -> int:
            async with client.get(web.origin + path, headers=headers) as response:
                return response.status

        inside = web.address.removeprefix(web.origin)
        assert await status(inside) == 200
        assert await status("/") == 403
        assert await status("/wrong/") == 403
        assert await status("/static/textual.js") == 403
        assert await status(inside + "static/textual.js") == 200
        assert await status(inside + "static/") == 404
        assert await status(inside + "static/..%2fgate.py") in (403, 404)
        assert await status(inside, Host="rebound.example") == 403
        assert await status(inside, Origin="http://elsewhere.example") == 403
        for origin in ("http://elsewhere.example", None):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await client.ws_connect(f"{web.address}ws", origin=origin)
            assert refused.value.status == 403
    assert not web.descendants()


def test_what_is_no_http_is_refused_and_prints_nothing(web: Web) -> None:
    port = int(web.origin.rpartition(":")[2])
    for rubbish in (
        b"GET /\x80 HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\r\n\r\n",
        b"*1\r\n$4\r\nPING\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=WITHIN) as stranger:
            stranger.sendall(rubbish)
            assert stranger.recv(100).startswith(b"HTTP/1.0 400 ")
    web.stop()
    assert web.process.stdout is not None
    assert "Traceback" not in web.process.stdout.read()
