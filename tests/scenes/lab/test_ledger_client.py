"""The process that keeps the ledger, against a server that answers as it is told."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal

from scenes.lab import numbered
from scenes.lab.ledger_client import LedgerClient


class Answering:
    """Acknowledges `good` writes, then answers `last`, or hangs up where there is none."""

    def __init__(self, good: int, last: bytes = b"") -> None:
        self.good = good
        self.last = last
        self.heard = b""

    async def __aenter__(self) -> Answering:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            self.heard += data
            self.good -= 1
            if self.good < 0 and not self.last:
                break
            writer.write(b"+OK\r\n" if self.good >= 0 else self.last)
        writer.close()


async def test_acknowledged_until_the_connections_break() -> None:
    async with Answering(good=40) as server:
        client = await LedgerClient.start()
        await client.write(server.port, first=100, connections=3, rate=0, tell_after=20)
        await client.reached()
        ledger = await client.report()
        await client.close()
    assert len(ledger.acked) == 40
    assert len(ledger.unanswered) == 3
    assert ledger.sent == set(range(100, 143))
    assert numbered.found_in(server.heard) == ledger.sent
    for line in range(3):
        entries = ledger.of_connection(line)
        assert all(a.answered <= b.sent for a, b in itertools.pairwise(entries))


async def test_a_refusal_is_no_acknowledgement_and_stop_leaves_nothing_in_flight() -> None:
    async with Answering(good=10, last=b"-MISCONF no\r\n") as server:
        client = await LedgerClient.start()
        await client.write(server.port, first=0, connections=2, rate=0, tell_after=10)
        await client.reached()
        await client.stop()
        ledger = await client.report()
        await client.close()
    assert len(ledger.acked) == 10
    assert not ledger.unanswered
    assert ledger.refused == ledger.sent - ledger.acked


async def test_the_keeper_ends_with_whoever_started_it() -> None:
    client = await LedgerClient.start()
    assert client._process.stdin is not None
    client._process.stdin.close()  # as the kernel does for a killed one
    assert await asyncio.wait_for(client._process.wait(), 10) == 0


async def test_it_has_a_session_of_its_own() -> None:
    client = await LedgerClient.start()
    assert os.getsid(client._process.pid) == client._process.pid != os.getsid(0)
    client._process.send_signal(signal.SIGTERM)
    await client.close()
