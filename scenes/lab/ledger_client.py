"""The lab's end of the process that keeps the ledger."""

from __future__ import annotations

import asyncio
import contextlib
import sys

import msgspec

from scenes.errors import SceneError
from scenes.lab.ledger import Answer, Ledger, Order
from scenes.lab.wording import judged

KEEPER = (sys.executable, "-P", "-m", "scenes.lab.ledger_keeper")
ANSWER_SECONDS = 20.0
_LONGEST_ANSWER = 1 << 26


class LedgerClient:
    """Starts the keeper, gives it orders, and gets the ledger when the crash is over."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls) -> LedgerClient:
        """A keeper in a session of its own: what kills the server's group leaves it alone."""
        process = await asyncio.create_subprocess_exec(
            *KEEPER,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=_LONGEST_ANSWER,
        )
        return cls(process)

    async def write(
        self, port: int, *, first: int, connections: int, rate: float, tell_after: int = 0
    ) -> None:
        """Begin to write; returns when every connection is open."""
        self._order(Order("write", port, connections, rate, first, tell_after))
        await self._answer("connected")

    async def reached(self) -> None:
        """Returns when `tell_after` writes were acknowledged."""
        await self._answer("reached")

    async def stop(self) -> None:
        """Send no more; returns when nothing is in flight."""
        self._order(Order("stop"))
        await self._answer("stopped")

    async def report(self) -> Ledger:
        """The ledger, once the connections have broken."""
        self._order(Order("report"))
        return Ledger((await self._answer("ledger")).entries)

    async def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), 2.0)
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def _order(self, order: Order) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")

    async def _answer(self, what: str) -> Answer:
        """The next answer of this kind; one that nobody waited for any more is passed over."""
        assert self._process.stdout is not None
        while True:
            async with asyncio.timeout(ANSWER_SECONDS):
                line = await self._process.stdout.readline()
            if not line:
                raise SceneError(judged("trouble.ledger"))
            answer = msgspec.json.decode(line, type=Answer)
            if answer.what == what:
                return answer
