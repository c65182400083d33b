"""POST and Host: as first words: the connection ends, and the log says so once a minute."""

from __future__ import annotations

from engine.cross_protocol import LOG_EVERY
from tests.engine.commands.offline import OfflineServer


def test_the_log_is_not_flooded() -> None:
    server = OfflineServer()
    times = iter((1000, 1000 + LOG_EVERY, 1001 + LOG_EVERY))
    server.unix_seconds = lambda: next(times)  # type: ignore[method-assign]
    lines = []
    for _ in range(3):
        client = server.connect()
        assert client.line("Host: a") == b""
        assert client.client.closing
        lines.append(len(server.logged))
    assert lines == [1, 1, 2]
    assert server.logged[0].startswith("Possible SECURITY ATTACK detected. It looks like somebody ")
    assert server.logged[0].endswith("instance. Connection aborted.")


def test_nothing_behind_it_is_executed() -> None:
    server = OfflineServer()
    client = server.connect()
    client.sends(b"POST / HTTP/1.1\r\nSET a 1\r\n")
    client.sends(b"SET a 1\r\n")
    assert server.connect().line("GET a") == b"$-1\r\n"
    assert client.received() == b""
