"""Whoever has the token may send anything: it ends the session, and nobody is shown a traceback."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.http_exceptions import BadStatusLine
from aiohttp.test_utils import unused_port

from app.web.gate import Gate, origins_of
from app.web.messages import LONGEST
from app.web.server import WebServer, is_told

PROGRAM = """
import sys
sys.stdout.write("__GANGLION__\\n")
sys.stdout.flush()
while head := sys.stdin.buffer.read(5):
    sent = head[:1] + sys.stdin.buffer.read(int.from_bytes(head[1:], "big"))
    sys.stdout.buffer.write(b"D" + len(sent).to_bytes(4, "big") + sent)
    sys.stdout.flush()
    if b'"quit"' in sent:
        break
"""
"""A program behind a seat: it sends back what it is sent."""


DEAF = "import time; print('__GANGLION__', flush=True); time.sleep(100)"
"""One that does not leave when it is asked to."""


@asynccontextmanager
async def served(program: str = PROGRAM) -> AsyncIterator[tuple[WebServer, str]]:
    port = unused_port()
    gate = Gate(origins_of(port), "token")
    server = WebServer([sys.executable, "-c", program], port=port, seats=1, gate=gate)
    runner = web.AppRunner(await server._make_app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield server, f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


BAD = [
    "not json",
    "",
    "{}",
    "[]",
    "null",
    '"stdin"',
    '["stdin"]',
    '["stdin", 7]',
    '["stdin", "\\ud800"]',
    '["stdin", "a", "b"]',
    '["resize", null]',
    '["resize", {"width": 80}]',
    '["resize", {"width": "80", "height": "24"}]',
    '["resize", {"width": 1e300, "height": NaN}]',
    '["ping"]',
    '["format", "c:"]',
    '[{"a": 1}, 2]',
    "[" * 100_000,
    b"binary",
    b"",
    "x" * (LONGEST + 1),
]


@pytest.mark.parametrize("sent", BAD, ids=lambda sent: repr(sent)[:30])
async def test_what_no_page_sends_ends_the_session_in_silence(
    sent: str | bytes, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with served() as (server, origin), aiohttp.ClientSession() as client:
        tab = await client.ws_connect(f"{origin}/token/ws", origin=origin)
        await (tab.send_str(sent) if isinstance(sent, str) else tab.send_bytes(sent))
        answer = await tab.receive(timeout=60)
        assert answer.type == aiohttp.WSMsgType.CLOSE
        assert answer.data in (aiohttp.WSCloseCode.UNSUPPORTED_DATA, 1009)
        async with asyncio.timeout(20):
            while server.taken:
                await asyncio.sleep(0.01)
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


async def test_what_the_page_sends_reaches_the_program() -> None:
    async with served() as (_, origin), aiohttp.ClientSession() as client:
        tab = await client.ws_connect(f"{origin}/token/ws", origin=origin)

        async def came(message: list[object]) -> bytes | str:
            await tab.send_str(json.dumps(message))
            answer: bytes | str = (await tab.receive(timeout=60)).data
            return answer

        assert await came(["stdin", "SET k 值"]) == "DSET k 值".encode()
        assert await came(["ping", "17"]) == '["pong", "17"]'
        for width, height, asked in ((80, 24, (80, 24)), (-5, 10**30, (20, 500))):
            told = await came(["resize", {"width": width, "height": height}])
            assert isinstance(told, bytes) and told[:1] == b"M"
            size = json.loads(told[1:])
            assert (size["width"], size["height"]) == asked
        for name in ("focus", "blur"):
            told = await came([name])
            assert isinstance(told, bytes) and json.loads(told[1:]) == {"type": name}


@pytest.mark.parametrize("tab_goes_first", [True, False])
async def test_a_program_that_does_not_leave_is_ended(
    tab_goes_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.seat.LEAVE_SECONDS", 0.3)
    async with asyncio.timeout(20):
        async with served(DEAF) as (server, origin), aiohttp.ClientSession() as client:
            tab = await client.ws_connect(f"{origin}/token/ws", origin=origin)
            if tab_goes_first:
                await tab.close()
        assert not server.taken and not server._leaving


def logged(error: Exception) -> logging.LogRecord:
    trace = (type(error), error, None)
    return logging.LogRecord("aiohttp.server", logging.ERROR, "", 1, "Error", (), trace)


def test_an_error_of_our_own_is_one_line() -> None:
    record = logged(ValueError("of some\nkind"))
    assert is_told(record) and record.exc_info is None
    assert "\n" not in record.getMessage() and "of some kind" in record.getMessage()
    assert not is_told(logged(ConnectionResetError()))
    assert not is_told(logged(BadStatusLine("x")))
