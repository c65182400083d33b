"""When what a client has not read is too much; the clock stands still, the peer never reads."""

from __future__ import annotations

from typing import Any

import pytest

from engine import dispatch, output_limits
from tests.engine.commands.offline import Connection, OfflineServer


class DeafPeer:
    """A transport that keeps all it is given."""

    def __init__(self) -> None:
        self.kept = 0
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.kept += len(data)

    def get_write_buffer_size(self) -> int:
        return self.kept

    def get_extra_info(self, _name: str) -> Any:
        return None

    def abort(self) -> None:
        self.aborted = True


@pytest.fixture
def client() -> Connection:
    server = OfflineServer()
    server.turn_time = 100.0
    client = server.connect()
    client.client.transport = DeafPeer()  # type: ignore[assignment]
    return client


def limit(client: Connection, text: str) -> None:
    client.call("CONFIG", "SET", "client-output-buffer-limit", text)


def answer(client: Connection, size: int) -> bool:
    """Send a reply of so many bytes; whether that cut the client off."""
    client.client.reply(b"x" * size)
    client.client.send()
    return bool(client.client.closing)


def test_the_hard_limit_cuts_off_before_anything_is_sent(client: Connection) -> None:
    limit(client, "normal 100000 0 0")
    assert not answer(client, 90_000)
    assert answer(client, 30_000)
    assert client.client.transport.kept == 90_000  # type: ignore[union-attr]
    assert client.client.transport.aborted  # type: ignore[union-attr]
    (line,) = client.server.logged
    assert line.startswith("Client id=1 addr=127.0.0.1:5000 ")
    assert line.endswith(" scheduled to be closed ASAP for overcoming of output buffer limits.")


def test_the_soft_limit_gives_time(client: Connection) -> None:
    limit(client, "normal 0 50000 3")
    assert not answer(client, 70_000)
    client.server.turn_time = 103.0
    assert not answer(client, 1)
    client.server.turn_time = 103.5
    assert answer(client, 1)


def test_reading_in_time_begins_the_soft_limit_anew(client: Connection) -> None:
    limit(client, "normal 0 50000 3")
    assert not answer(client, 70_000)
    client.client.transport.kept = 20_000  # type: ignore[union-attr]
    client.server.turn_time = 103.5
    assert not answer(client, 1)
    assert not answer(client, 60_000)
    client.server.turn_time = 106.0
    assert not answer(client, 1)


def test_the_cron_finds_who_is_sent_nothing_more(client: Connection) -> None:
    limit(client, "normal 0 50000 3")
    assert not answer(client, 70_000)
    output_limits.check(client.server)  # type: ignore[arg-type]
    assert not client.client.closing
    client.server.turn_time = 103.5
    output_limits.check(client.server)  # type: ignore[arg-type]
    assert client.client.closing
    assert client.server.logged[0].endswith(" closed for overcoming of output buffer limits.")


def test_a_subscriber_has_limits_of_its_own(client: Connection) -> None:
    limit(client, "normal 1 0 0 pubsub 100000 0 0")
    client.line("SUBSCRIBE c")
    assert not answer(client, 90_000)
    assert answer(client, 30_000)


def test_a_pipeline_ends_where_it_goes_too_far(client: Connection) -> None:
    limit(client, "normal 100000 0 0")
    client.call("SET", "big", b"x" * 30_000)
    client.client.replies.clear()
    run(client, [*([b"GET", b"big"] for _ in range(4)), [b"SET", b"late", b"1"]])
    assert client.client.closing
    assert client.server.connect().line("EXISTS late") == b":0\r\n"


def test_without_a_limit_a_pipeline_waits_for_its_reader(client: Connection) -> None:
    client.call("SET", "big", b"x" * (1 << 20))
    run(client, [[b"GET", b"big"] for _ in range(40)])
    asked_for = sum(map(len, client.client.replies))
    assert output_limits.AT_ONCE < asked_for < output_limits.AT_ONCE + (2 << 20)
    assert len(client.client.postponed) == 40 - asked_for // (1 << 20)


def run(client: Connection, commands: list[list[bytes]]) -> None:
    work = [(argv, b"") for argv in commands]
    dispatch.run(client.server, [(client.client, work)])  # type: ignore[arg-type]
