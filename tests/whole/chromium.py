"""A real headless Chromium, driven by its DevTools protocol over one websocket.

Source: https://chromedevtools.github.io/devtools-protocol/ (domains Page, Input, Network, Runtime).
"""

from __future__ import annotations

import asyncio
import base64
import codecs
import itertools
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WITHIN = 90.0
"""Seconds for which a test waits before it gives up."""
_QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-port=0", "--remote-debugging-address=127.0.0.1",
    "--window-size=1600,900", "--hide-scrollbars",
)  # fmt: skip
_CODES = {"Enter": 13, "Escape": 27, " ": 32, "Backspace": 8}


class Tab:
    """One page. `received` is all that its websocket brought, `asked` every address it fetched."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.received = ""
        self.asked: list[str] = []
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._news = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            told = message.json()
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told.get("result", {}))
            elif told["method"] == "Network.webSocketFrameReceived":
                frame = told["params"]["response"]
                if frame["opcode"] == 2:
                    self.received += self._decode(base64.b64decode(frame["payloadData"]))
            elif told["method"] == "Network.requestWillBeSent":
                self.asked.append(told["params"]["request"]["url"])
            elif told["method"] == "Network.webSocketCreated":
                self.asked.append(told["params"]["url"])
            self._news.set()

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the protocol, and its result."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        return await asyncio.wait_for(answer, WITHIN)

    async def open(self, address: str) -> None:
        """Go to an address."""
        for domain in ("Network", "Page", "Runtime"):
            await self.call(f"{domain}.enable")
        await self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        await self.call("Page.navigate", url=address)

    async def wait_for(self, wanted: str | Callable[[str], bool]) -> None:
        """Until what was received has `wanted`, or makes it true."""
        holds = wanted if callable(wanted) else lambda text: wanted in text
        async with asyncio.timeout(WITHIN):
            while not holds(self.received):
                self._news.clear()
                await self._news.wait()

    async def text(self) -> str:
        """What the page itself says, beside its terminal."""
        result = await self.call("Runtime.evaluate", expression="document.body.innerText")
        return str(result["result"].get("value", ""))

    async def press(self, *keys: str) -> None:
        """Press keys, by the names that pages know them by."""
        for key in keys:
            code = _CODES.get(key, ord(key.upper()[0]))
            text = "\r" if key == "Enter" else key if len(key) == 1 else ""
            common = {"key": key, "windowsVirtualKeyCode": code, "nativeVirtualKeyCode": code}
            await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
            await self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    async def type(self, text: str) -> None:
        """Type text: what no key has, such as Chinese, comes as from an input method."""
        for character in text:
            if character.isascii():
                await self.press(character)
            else:
                await self.call("Input.insertText", text=character)

    async def picture(self) -> bytes:
        """The page as a PNG."""
        shot = await self.call("Page.captureScreenshot", format="png")
        return base64.b64decode(shot["data"])

    async def close(self) -> None:
        """Close the tab as a learner does."""
        await self.call("Page.close")
        await self.hang_up()

    async def hang_up(self) -> None:
        """Leave the page to itself."""
        await self._socket.close()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)


class Browser:
    """A Chromium with a fresh profile in `folder`; an async context manager."""

    def __init__(self, folder: Path) -> None:
        assert CHROMIUM is not None
        self._profile = folder / "profile"
        self._tabs: list[Tab] = []
        self._process = subprocess.Popen(
            [CHROMIUM, *_QUIET, f"--user-data-dir={self._profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    async def __aenter__(self) -> Browser:
        self._session = aiohttp.ClientSession()
        try:
            async with asyncio.timeout(WITHIN):
                port = self._profile / "DevToolsActivePort"
                while not port.exists() or "\n" not in port.read_text():
                    await asyncio.sleep(0.05)
        except BaseException:
            await self.__aexit__()
            raise
        self._base = f"http://127.0.0.1:{port.read_text().splitlines()[0]}"
        return self

    async def tab(self) -> Tab:
        """A new, empty tab."""
        async with self._session.put(f"{self._base}/json/new?about:blank") as response:
            told = await response.json(content_type=None)
        tab = Tab(await self._session.ws_connect(told["webSocketDebuggerUrl"], max_msg_size=0))
        self._tabs.append(tab)
        return tab

    async def __aexit__(self, *_: object) -> None:
        for tab in self._tabs:
            await tab.hang_up()
        await self._session.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
