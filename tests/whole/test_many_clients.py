"""Many, slow, silent and greedy clients: memory stays bounded, and nobody else has to wait.

All the while somebody sends PINGs, each after the answer to the one before; memory is the highest
that the kernel has seen of the process (VmHWM, proc_pid_status(5)).
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.whole.running import Engine, engine

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the live engine needs Linux"
)

MIB = 1 << 20
IDLE, BUSY = 1000, 200
PATIENCE = 10.0
"""Seconds that a PING may wait on a machine with much else to do; most wait for milliseconds."""
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip(f"only {hard} files may be open here (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    folder = tmp_path_factory.mktemp("many")
    with engine(folder, "--appendonly", "yes", "--arena-pages", "65536") as started:
        yield started
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Pinged:
    """How long somebody else had to wait."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    async def ping(self, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while True:
                sent = time.monotonic()
                writer.write(b"PING\r\n")
                assert await reader.readexactly(7) == b"+PONG\r\n"
                self.waits.append(time.monotonic() - sent)
                await asyncio.sleep(0.002)
        finally:
            writer.close()


def peak(running: Engine) -> int:
    """The most memory that the engine has had since `forget_peak`, in bytes."""
    text = Path(f"/proc/{running.process.pid}/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0]) * 1024


def forget_peak(running: Engine) -> None:
    Path(f"/proc/{running.process.pid}/clear_refs").write_text("5")


def under_watch(running: Engine, work: Coroutine[None, None, None]) -> int:
    """Do `work` while somebody PINGs; by how many bytes memory grew at most."""

    async def both() -> None:
        pinged = Pinged()
        pinging = asyncio.create_task(pinged.ping(running.port))
        await asyncio.sleep(0.05)
        try:
            async with asyncio.timeout(60):
                await work
        finally:
            pinging.cancel()
            (end,) = await asyncio.gather(pinging, return_exceptions=True)
        assert isinstance(end, asyncio.CancelledError), end
        assert len(pinged.waits) >= 3, "nobody answered the PINGs"
        assert max(pinged.waits) < PATIENCE, sorted(pinged.waits)[-5:]

    forget_peak(running)
    before = peak(running)
    asyncio.run(both())
    assert "Bug:" not in running.log.read_text()
    return peak(running) - before


@asynccontextmanager
async def connections(running: Engine, count: int) -> AsyncIterator[list[Connection]]:
    made: list[Connection] = []
    try:
        while len(made) < count:
            made.append(await asyncio.open_connection("127.0.0.1", running.port))
        yield made
    finally:
        for _, writer in made:
            writer.close()


def test_a_thousand_idle_and_two_hundred_busy_connections(running: Engine) -> None:
    rounds, batch = 10, 20

    async def be_busy(number: int, reader: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        for turn in range(rounds):
            to.write(b"".join(b"SET busy:%d:%d %d\r\n" % (number, n, turn) for n in range(batch)))
            assert await reader.readexactly(5 * batch) == b"+OK\r\n" * batch

    async def work() -> None:
        async with connections(running, IDLE) as idle, connections(running, BUSY) as busy:
            await asyncio.gather(*(be_busy(n, *each) for n, each in enumerate(busy)))
            for reader, writer in idle[::100]:  # they are still there
                writer.write(b"PING\r\n")
                assert await reader.readexactly(7) == b"+PONG\r\n"

    assert under_watch(running, work()) < 100 * MIB
    with running.client() as client:
        assert len(client.keys("busy:*")) == BUSY * batch


@pytest.mark.parametrize(("size", "asked"), [(MIB, 2000), (4000, 100_000)])
def test_who_does_not_read_what_they_asked_for(running: Engine, size: int, asked: int) -> None:
    """Some 2 GB, or 400 MB in small pieces, of replies that are not read."""
    with running.client() as client:
        client.set("big", b"x" * size)

    async def work() -> None:
        async with connections(running, 1) as [(reader, writer)]:
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(b"GET big\r\n" * asked)
            await asyncio.sleep(1)
            writer.transport.resume_reading()  # type: ignore[attr-defined]
            for _ in range(20):  # and who reads at last gets it
                assert await reader.readexactly(len(b"$%d\r\n" % size)) == b"$%d\r\n" % size
                assert (await reader.readexactly(size + 2))[-3:] == b"x\r\n"

    assert under_watch(running, work()) < 64 * MIB


def test_a_bulk_announced_and_never_sent(running: Engine) -> None:
    """Fifty times 512 MB would be 25 GB."""

    async def work() -> None:
        async with connections(running, 50) as greedy:
            for _, writer in greedy:
                writer.write(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\n" + b"x" * 1000)
                await writer.drain()
            await asyncio.sleep(0.3)

    assert under_watch(running, work()) < 16 * MIB
    with running.client() as client:
        assert client.exists("k") == 0


def test_a_pipeline_of_a_hundred_thousand_commands(running: Engine) -> None:
    count = 100_000

    async def work() -> None:
        async with connections(running, 1) as [(reader, writer)]:
            writer.write(b"INCR pipelined\r\n" * count)
            answers = b""
            while answers.count(b"\n") < count:
                answers += await reader.read(MIB)
            assert answers == b"".join(b":%d\r\n" % (n + 1) for n in range(count))

    assert under_watch(running, work()) < 64 * MIB
