from __future__ import annotations

import asyncio
import itertools

import pytest

from engine.events import Latency, Log
from scenes.actions import Workload
from scenes.subscription import client
from scenes.workloads import Writer


def keys(workload: Workload, seed: int = 1, count: int = 50) -> list[tuple[str, str]]:
    writer = Writer(
        workload, port=1, population=100, value_bytes=5, seed=seed, publish=lambda event: None
    )
    times = [writer._next(number) for number in range(count)]
    return [(argv[1], argv[2]) for (argv,) in times]


def commands(workload: Workload, count: int = 200) -> list[list[list[str]]]:
    writer = Writer(
        workload, port=1, population=100, value_bytes=5, seed=1, publish=lambda event: None
    )
    return [writer._next(number) for number in range(count)]


def test_one_seed_writes_the_same_another_something_else() -> None:
    load = Workload(name="w", rate=1)
    assert keys(load, 1) == keys(load, 1) != keys(load, 2)
    assert keys(load, 1) != keys(Workload(name="other", rate=1), 1)


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        (Workload(name="w", rate=1, order="one", first_key=42), ["user:42"] * 3),
        (Workload(name="w", rate=1, order="sequential", first_key=9), ["user:9", "user:10"]),
        (
            Workload(name="w", rate=1, order="sequential", keys=2, prefix="g:"),
            ["g:0", "g:1", "g:0"],
        ),
    ],
)
def test_orders(load: Workload, expected: list[str]) -> None:
    assert [key for key, _ in keys(load)][: len(expected)] == expected
    assert all(len(value) == 5 for _, value in keys(load))


def test_random_keys_are_of_the_population() -> None:
    numbers = {int(key[5:]) for key, _ in keys(Workload(name="w", rate=1), count=2000)}
    assert numbers == set(range(100))


def test_a_transfer_moves_the_same_amount_between_two_accounts() -> None:
    load = Workload(
        name="transfers",
        rate=1,
        prefix="account:",
        commands=(("DECRBY", "{key}", "{amount}"), ("INCRBY", "{other}", "{amount}")),
    )
    for take, give in commands(load):
        assert (take[0], give[0]) == ("DECRBY", "INCRBY") and take[2] == give[2]
        assert take[1] != give[1] and 1 <= int(take[2]) <= 10
        assert all(argv[1].startswith("account:") for argv in (take, give))


def test_a_counter_fills_in_its_number() -> None:
    load = Workload(name="w", rate=1, commands=(("SADD", "tags", "{n}"),))
    assert commands(load, 2) == [[["SADD", "tags", "0"]], [["SADD", "tags", "1"]]]


class SilentServer:
    """Takes every command, answers OK, and notes which keys came."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            words = []
            for _ in range(int(line[1:])):
                size = int((await reader.readline())[1:])
                words.append((await reader.readexactly(size + 2))[:-2])
            if words[0] == b"SET":
                self.keys.append(words[1])
            writer.write(b"+OK\r\n")
        writer.close()


async def test_a_writer_far_behind_catches_up_without_a_key_twice() -> None:
    server, reports = SilentServer(), list[Latency]()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    load = Workload(name="w", rate=1, count=700, keys=700, order="sequential")
    done = asyncio.Event()

    def publish(event: Latency | Log) -> None:
        assert isinstance(event, Latency)
        reports.append(event)
        if event.done:
            done.set()

    port = listening.sockets[0].getsockname()[1]
    writer = Writer(load, port=port, population=1, value_bytes=3, seed=1, publish=publish)
    for rate in (50_000, 0, 100_000):  # what is due at once is more than one pipeline holds
        writer.start(rate) if rate else writer.stop()
        await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await done.wait()
    await writer.close()
    listening.close()
    assert server.keys == [b"user:%d" % n for n in range(700)]
    assert sum(report.count for report in reports) == 700
    assert [report.done for report in reports] == [False] * (len(reports) - 1) + [True]
    assert all(a.p50_usec <= a.p99_usec <= a.max_usec for a in reports)
    assert len(list(itertools.takewhile(lambda r: not r.done, reports))) == len(reports) - 1


def test_a_client_waits_for_a_busy_engine_as_long_as_it_takes() -> None:
    assert client(1).get_connection_kwargs()["socket_timeout"] is None


class Fickle(SilentServer):
    """Refuses the first command, hangs up on the second, answers the rest."""

    hung_up = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            for _ in range(int(line[1:])):
                size = int((await reader.readline())[1:])
                word = (await reader.readexactly(size + 2))[:-2]
                self.keys += [word] if word == b"SET" else []
            if len(self.keys) == 2 and not self.hung_up:
                self.hung_up = True
                break
            writer.write(b"-ERR no room\r\n" if len(self.keys) == 1 else b"+OK\r\n")
        writer.close()


async def test_a_writer_goes_on_after_a_refusal_and_a_lost_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scenes.workloads.AGAIN_SECONDS", 0.01)
    reports, done = list[Latency | Log](), asyncio.Event()

    def publish(event: Latency | Log) -> None:
        reports.append(event)
        if isinstance(event, Latency) and event.done:
            done.set()

    listening = await asyncio.start_server(Fickle().serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    load = Workload(name="w", rate=1, count=3)
    writer = Writer(load, port=port, population=1, value_bytes=3, seed=1, publish=publish)
    writer.start(1000)
    async with asyncio.timeout(60):
        await done.wait()
    await writer.close()
    listening.close()
    refused, end = reports
    assert isinstance(refused, Log) and refused.text.endswith("'w' was refused: no room")
    assert isinstance(end, Latency) and end.count == 3 and writer.asked_at == 0.0
