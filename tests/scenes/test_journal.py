"""What the journal has makes the same data again, whichever client had sent it and however fast."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from engine import events
from engine.aof_format import encode
from engine.events import AnyEvent
from engine.journal import Journal as Sent
from scenes import journal as module
from scenes.errors import SceneError
from scenes.journal import Journal
from scenes.loader import load
from scenes.resp import Connection
from scenes.session import Session

DEADLINE = 60.0
SMALL = load("04")
SMALL = msgspec.structs.replace(
    SMALL, scene=msgspec.structs.replace(SMALL.scene, populate=50, arena_pages=256)
)


class Listener:
    resp = 2

    def __init__(self) -> None:
        self.waiting = 0
        self.heard: list[bytes] = []

    def unsent(self) -> int:
        return self.waiting

    def push(self, data: bytes) -> None:
        self.heard.append(data.split(b"\r\n", 6)[6][:-2])


def test_changes_come_back_up_to_any_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE", 100)
    listener, kept = Listener(), Journal()
    sent = Sent(lambda: [listener], 0)
    expected = []
    for number in range(1, 41):
        argv = [b"SET", b"k%d" % number, b"x\r\n%d" % number]
        sent.note(number, number % 3, [argv, [b"PING"]])
        expected.append((number, [(number % 3, encode(argv)), (number % 3, encode([b"PING"]))]))
        if number % 7 == 0:
            sent.flush(number)
    sent.flush(40)
    for message in listener.heard:
        kept.take(message)
    for upto in (0, 1, 6, 7, 39, 40):
        wanted = [one for number, changes in expected if number <= upto for one in changes]
        assert list(kept.until(upto)) == wanted
    with pytest.raises(SceneError, match="command 41 has not arrived"):
        next(kept.until(41))


def test_what_a_slow_listener_missed_is_known() -> None:
    listener, kept = Listener(), Journal()
    sent = Sent(lambda: [listener], 0)
    for number, unsent in ((1, 0), (2, 1 << 30), (3, 0)):
        listener.waiting = unsent
        sent.note(number, 0, [[b"INCR", b"k"]])
        sent.flush(number)
    for message in listener.heard:
        kept.take(message)
    assert len(list(kept.until(1))) == 1
    with pytest.raises(SceneError, match="after the first 1 came too fast"):
        next(kept.until(3))


async def digest(session: Session) -> tuple[object, object]:
    return await session.execute(["DBSIZE"]), await session.execute(["DEBUG", "DIGEST"])


async def test_the_same_data_is_made_again_in_a_fresh_engine() -> None:
    seen: list[AnyEvent] = []
    async with asyncio.timeout(DEADLINE), Session(SMALL, on_event=seen.append) as first:
        other = await Connection.open(first.port)  # another client, as redis-cli would be one
        long = b"x" * 5000
        for argv in (
            [b"SET", b"long", long],
            [b"SADD", b"s", *(b"m%d" % n for n in range(40))],
            [b"SPOP", b"s", b"7"],
            [b"SELECT", b"3"],
            [b"RPUSH", b"l", b"\r\n\x00", b"b"],
            [b"MULTI"],
            [b"INCRBYFLOAT", b"f", b"0.5"],
            [b"LPOP", b"l"],
            [b"EXEC"],
            [b"SET", b"soon", b"gone", b"EX", b"1000"],
            [b"SELECT", b"0"],
            [b"DEL", b"user:3", b"none"],
        ):
            await other.call(argv)
        many = b"".join(encode([b"INCR", b"n%d" % (n % 50)]) for n in range(3000))
        await other.pipeline(many, 3000)  # faster than events tell one by one
        meant = await digest(first)
        await first.execute(["COWSCOPE", "STATE"])
        await other.call([b"FLUSHALL"])
        await other.call([b"SET", b"later", b"1"])
        await other.close()
        while not any(isinstance(one, events.Command) and "later" in one.argv for one in seen):
            await asyncio.sleep(0.01)
        commands = [one for one in seen if isinstance(one, events.Command)]
        assert sum(one.merged for one in commands) == commands[-1].number
        before = next(one for one in commands if one.argv[0] == "FLUSHALL").number - 1
        assert any(one.merged > 1 and one.number <= before for one in commands)
        states = [one for one in seen if isinstance(one, events.State)]
        assert states[-1].last_command == before
        changes = list(first.beginnings[1].journal.until(before))
        assert not any(b"AUTH" in data for _, data in changes)
        async with Session(SMALL, on_event=lambda event: None) as second:
            assert await digest(second) != meant
            assert await second.make_again(changes) == len(changes)
            assert await digest(second) == meant
            with pytest.raises(SceneError, match="refused now: WRONGTYPE"):
                await second.make_again([(0, encode([b"LPUSH", b"long", b"x"]))])
