"""The census: what it asks a server, and how its figures travel."""

from __future__ import annotations

from typing import cast

import pytest

from engine import events
from scenes import census
from scenes.acknowledged import Acknowledged
from scenes.errors import SceneError
from scenes.resp import Connection, Reply, ReplyError


class FakeConnection:
    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[list[bytes]] = []

    async def call(self, argv: list[bytes]) -> Reply:
        self.asked.append(argv)
        return self.replies.pop(0)


async def read(fake: FakeConnection, ledger: Acknowledged) -> dict[object, bytes | None]:
    return dict(await census.read(cast(Connection, fake), ledger.slots()))


def ledger(*commands: tuple[bytes, ...]) -> Acknowledged:
    made = Acknowledged()
    for at, argv in enumerate(commands):
        made.answered(made.sent(argv, 2.0 * at + 1), "OK", 2.0 * at + 2)
    return made


async def test_strings_fields_and_members_are_asked_for_together() -> None:
    fake = FakeConnection([b"1", None], [b"2"], [1, 0])
    wrote = ledger(
        (b"SET", b"a", b"1"), (b"SET", b"b", b"1"), (b"HSET", b"h", b"f", b"2"),
        (b"SADD", b"s", b"x", b"y"),
    )  # fmt: skip
    found = await read(fake, wrote)
    assert fake.asked == [
        [b"MGET", b"a", b"b"], [b"HMGET", b"h", b"f"], [b"SMISMEMBER", b"s", b"x", b"y"],
    ]  # fmt: skip
    count = wrote.count(found)  # type: ignore[arg-type]
    assert [w.slot[1:] for w in count.lost] == [(b"b", b""), (b"s", b"y")]
    assert len(count.survived) == 3


async def test_a_key_of_another_kind_holds_nothing_of_ours_and_a_refusal_is_an_error() -> None:
    wrote = ledger((b"HSET", b"h", b"f", b"2"))
    found = await read(FakeConnection(ReplyError("WRONGTYPE Operation against")), wrote)
    assert found == {("field", b"h", b"f"): None}
    with pytest.raises(SceneError, match="could not read the keys"):
        await read(FakeConnection(ReplyError("NOAUTH who are you")), wrote)


def test_names_are_cut_and_counted() -> None:
    wrote = ledger(*((b"SET", b"k%d" % n, b"v" * 100) for n in range(census.NAMES + 5)))
    event = census.as_event(wrote.count({}), 12, "modelled")
    assert event.lost == event.acknowledged == census.NAMES + 5 and event.survived == 0
    assert len(event.lost_names) == census.NAMES and event.source == "modelled"
    assert event.lost_names[0][0] == "k0" and len(event.lost_names[0][1]) <= census.CELLS
    assert events.decode(events.encode(event)) == event
