"""The session's own clients against a real engine: the prompt and the writers."""

from __future__ import annotations

import asyncio
import sys

import pytest

from engine import events
from scenes.actions import Workload
from scenes.effects import StartWorkload, StopWorkload
from scenes.errors import SceneError
from scenes.resp import ReplyError
from tests.scenes.watching import Watched, of

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)


async def test_replies_keep_what_redis_cli_tells_apart(watched: Watched) -> None:
    line = watched.session.execute_line
    assert await line("SET a 'b c'") == "OK"
    assert await line("GET a") == b"b c"
    assert await line("GET nothing") is None
    assert await line("MGET a nothing") == [b"b c", None]
    assert isinstance(await line("NONSENSE"), ReplyError)
    assert await line("") is None
    assert await line(r'SET a "\x00\xff值"') == "OK"
    assert await line("GET a") == b"\x00\xff" + "值".encode()
    with pytest.raises(SceneError, match="quotes of 'SET a 'b' do not balance"):
        await line("SET a 'b")


async def test_what_takes_the_prompt_over_is_refused_and_the_prompt_goes_on(
    watched: Watched,
) -> None:
    line = watched.session.execute_line
    async with asyncio.timeout(60):
        for text in ("SUBSCRIBE c", "MONITOR", "BLPOP nothing 0", "HELLO 3", "CLIENT REPLY OFF"):
            with pytest.raises(SceneError, match=f"redis-cli -p {watched.session.port}$"):
                await line(text)
            assert await line("PING") == "PONG"


async def test_a_counted_workload_writes_just_so_many(watched: Watched) -> None:
    load = Workload(name="w", rate=400, count=60, order="sequential")
    await watched.session.perform(StartWorkload(load, 400))
    done = await watched.until(lambda e: isinstance(e, events.Latency) and e.done)
    told = [event for event in watched.events if isinstance(event, events.Latency)]
    assert sum(event.count for event in told) == 60  # on a slow machine of several intervals
    assert isinstance(done, events.Latency) and told[0].p99_usec > 0
    await watched.session.execute(["COWSCOPE", "STATE"])
    state = await watched.until(lambda e: isinstance(e, events.State) and e.seq > 2)
    written = [e for e in watched.events if isinstance(e, events.Command) and e.seq < state.seq]
    assert sum(event.merged for event in written) == 60
    assert isinstance(state, events.State) and state.dirty == 60
    assert {key for event in written for _, key in event.pages} == {f"user:{n}" for n in range(60)}


async def test_a_stopped_workload_goes_on_where_it_was(watched: Watched) -> None:
    load = Workload(name="w", rate=200, count=40, order="sequential")
    await watched.session.perform(StartWorkload(load, 200))
    await watched.until(of(events.Command))
    await watched.session.perform(StopWorkload("w"))
    await watched.session.perform(StartWorkload(load, 400))
    await watched.until(lambda e: isinstance(e, events.Latency) and e.done)
    assert watched.session._clients.writers["w"].written == 40


async def test_a_writer_in_anothers_place_writes_other_values(watched: Watched) -> None:
    """A value of both would say after a crash that a lost write is there."""
    written: list[set[bytes]] = []
    for rate in (400, 401):  # another rate is another workload: a slider was moved
        load = Workload(name="w", rate=rate, count=60, order="one")
        watched.session._clients.witness.ledger.begin_anew()
        watched.events.clear()
        await watched.session.perform(StartWorkload(load, rate))
        await watched.until(lambda e: isinstance(e, events.Latency) and e.done)
        written.append({write.value for write in watched.session._clients.witness.ledger._writes})
    assert len(written[0]) == len(written[1]) == 60
    assert not written[0] & written[1]


async def test_transactions_are_sent_whole(watched: Watched) -> None:
    transfers = Workload(
        name="transfers",
        rate=2000,
        count=60,
        prefix="account:",
        keys=5,
        commands=(("DECRBY", "{key}", "{amount}"), ("INCRBY", "{other}", "{amount}")),
        transaction=True,
    )
    await watched.session.perform(StartWorkload(transfers, 2000))
    await watched.until(lambda e: isinstance(e, events.Latency) and e.done)
    balances = await watched.session.execute(["MGET", *(f"account:{n}" for n in range(5))])
    assert isinstance(balances, list)
    found = [int(balance) for balance in balances if isinstance(balance, bytes)]
    assert sum(found) == 0 and any(found)
