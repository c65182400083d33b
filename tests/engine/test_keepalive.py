"""What tcp-keepalive sets on a socket."""

from __future__ import annotations

import socket

import pytest

from engine.keepalive import keep_alive


@pytest.mark.parametrize(("seconds", "between"), [(300, 100), (2, 1)])
def test_probes_are_a_third_of_the_time_apart(seconds: int, between: int) -> None:
    with socket.socket() as connection:
        keep_alive(connection, seconds)
        options = [
            connection.getsockopt(level, option)
            for level, option in (
                (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
                (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
                (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
                (socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
            )
        ]
    assert options == [1, seconds, between, 3]


def test_zero_leaves_it_off() -> None:
    with socket.socket() as connection:
        keep_alive(connection, 0)
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0
