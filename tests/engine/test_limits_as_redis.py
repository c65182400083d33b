"""What limits do to clients that are slow, silent or too many, here and in a redis-server."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine.redis_reference import REFERENCE_VERSION, RedisServer, Wire, redis_version
from tests.whole.running import Engine
from tests.whole.running import engine as running_engine

needs_redis = pytest.mark.skipif(
    not redis_version().startswith(REFERENCE_VERSION),
    reason=f"no redis-server {REFERENCE_VERSION}x to compare with",
)
MIB = 1 << 20


@dataclass
class Peer:
    """One of the two: its socket and its log."""

    path: str
    log: Path

    def set(self, name: str, value: str) -> bytes:
        """CONFIG SET."""
        with contextlib.closing(Wire(self.path)) as wire:
            return wire.call(b"CONFIG", b"SET", name.encode(), value.encode())

    def said(self, text: str) -> str:
        """The line of the log that holds a text: its text, of `name=value` only the names."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for line in self.log.read_text().splitlines():
                if text in line:
                    return re.sub(r"(\w[\w-]*)=\S*", r"\1", line.split(" ", 6)[6])
            time.sleep(0.02)
        raise AssertionError(f"{text!r} is not in {self.log.read_text()}")


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    options = ("--unixsocket", "engine.sock", "--arena-pages", "65536")
    with running_engine(tmp_path_factory.mktemp("ours"), *options) as running:
        yield running


@pytest.fixture(params=["here", pytest.param("redis", marks=needs_redis)])
def peer(request: pytest.FixtureRequest, ours: Engine, tmp_path: Path) -> Iterator[Peer]:
    if request.param == "here":
        found = Peer(str(ours.folder / "engine.sock"), ours.log)
        yield found
        for name, value in (
            ("client-output-buffer-limit", "normal 0 0 0 pubsub 32mb 8mb 60"),
            ("client-query-buffer-limit", "1gb"),
            ("timeout", "0"),
            ("maxclients", "1000"),
        ):
            assert found.set(name, value) == b"+OK\r\n"
        return
    server = RedisServer(tmp_path, "--logfile", str(tmp_path / "log"))
    try:
        yield Peer(server.path, tmp_path / "log")
    finally:
        server.stop()


@contextlib.contextmanager
def connected(peer: Peer) -> Iterator[socket.socket]:
    """A connection that was greeted and is not read since."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(peer.path)
        connection.sendall(b"PING\r\n")
        assert connection.recv(7) == b"+PONG\r\n"
        yield connection


def is_closed(connection: socket.socket) -> bool:
    """Whether the server hangs up, once everything before that has been read."""
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(MIB):
            pass
    return True


def filled(peer: Peer, size: int) -> Wire:
    """A client, after it has SET `big`."""
    wire = Wire(peer.path)
    assert wire.call(b"SET", b"big", b"x" * size) == b"+OK\r\n"
    return wire


ASAP = "scheduled to be closed ASAP for overcoming of output buffer limits."


def test_a_large_reply_is_cut_off(peer: Peer) -> None:
    filled(peer, 3 * MIB).close()
    peer.set("client-output-buffer-limit", "normal 2mb 0 0")
    with connected(peer) as connection:
        connection.sendall(b"PING\r\nGET big\r\nPING\r\n")
        assert connection.recv(100) == b""
    assert re.sub(" lib-name lib-ver", "", peer.said(ASAP)) == (
        "Client id addr laddr fd name age idle flags db sub psub ssub multi qbuf qbuf-free "
        f"argv-mem multi-mem rbs rbp obl oll omem tot-mem events cmd user redir resp {ASAP}"
    )


def test_a_reader_in_time_is_left_alone(peer: Peer) -> None:
    wire = filled(peer, 3 * MIB)
    peer.set("client-output-buffer-limit", "normal 0 1mb 60")
    assert len(wire.call(b"GET", b"big")) == 3 * MIB + 12
    assert wire.call(b"PING") == b"+PONG\r\n"
    wire.close()


def test_the_soft_limit_waits_for_its_seconds(peer: Peer) -> None:
    filled(peer, 3 * MIB).close()
    peer.set("client-output-buffer-limit", "normal 0 1mb 1")
    with connected(peer) as connection:
        started = time.monotonic()
        connection.sendall(b"GET big\r\n")
        peer.said(" closed for overcoming of output buffer limits.")
        assert 0.9 < time.monotonic() - started < 4
        assert is_closed(connection)


@pytest.mark.parametrize("asks", [b"SUBSCRIBE news\r\n", b"MONITOR\r\n"])
def test_who_listens_and_does_not_read_is_cut_off(peer: Peer, asks: bytes) -> None:
    peer.set("client-output-buffer-limit", "normal 1mb 0 0 pubsub 1mb 0 0")
    publisher = Wire(peer.path)
    with connected(peer) as connection:
        connection.sendall(asks)
        assert connection.recv(5)
        sent = 0
        while sent < 100:
            sent += 1
            publisher.call(b"PUBLISH", b"news", b"x" * 100_000)
            if publisher.call(b"CLIENT", b"LIST").count(b"id=") == 1:
                break
        assert 9 < sent < 60
        assert is_closed(connection)
    publisher.close()


def test_a_request_too_large_is_cut_off(peer: Peer) -> None:
    peer.set("client-query-buffer-limit", "1mb")
    with connected(peer) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(b"*2\r\n$4\r\nECHO\r\n$3000000\r\n" + b"x" * 3_000_002)
        assert is_closed(connection)
    assert '(qbuf initial bytes: "xxxx' in peer.said("that reached max query buffer length: id=")
    many = [b"MSET", *[b"y" * 500_000] * 4]  # what is complete is in the buffer no more
    wire = Wire(peer.path)
    assert wire.call(*many) == b"+OK\r\n"
    wire.close()


def test_the_silent_are_closed_but_not_who_waits(peer: Peer) -> None:
    with contextlib.ExitStack() as stack:
        silent, subscribed, monitoring, waiting = (
            stack.enter_context(connected(peer)) for _ in range(4)
        )
        subscribed.sendall(b"SUBSCRIBE c\r\n")
        monitoring.sendall(b"MONITOR\r\n")
        waiting.sendall(b"BLPOP nothing 0\r\n")
        peer.set("timeout", "1")
        assert is_closed(silent)
        wire = stack.enter_context(contextlib.closing(Wire(peer.path)))
        left = wire.call(b"CLIENT", b"LIST")
        assert left.count(b"id=") == 4
        assert left.count(b"cmd=blpop") == 1


def test_one_too_many_is_told_so(peer: Peer) -> None:
    assert peer.set("maxclients", "2") == b"+OK\r\n"
    with connected(peer), connected(peer), socket.socket(socket.AF_UNIX) as third:
        third.settimeout(10)
        third.connect(peer.path)
        assert third.recv(100) == b"-ERR max number of clients reached\r\n"
        assert third.recv(100) == b""


def test_a_pipeline_that_nobody_reads_fills_no_memory(ours: Engine) -> None:
    """300 times a MiB, asked for in one write: a part of it is held at a time, and all comes."""
    peer = Peer(str(ours.folder / "engine.sock"), ours.log)
    filled(peer, MIB).close()
    before = resident(ours)
    with connected(peer) as connection:
        connection.sendall(b"GET big\r\n" * 300)
        with contextlib.closing(Wire(peer.path)) as other:
            for _ in range(20):
                assert other.call(b"PING") == b"+PONG\r\n"
        assert resident(ours) - before < 100 * MIB
        expected = 300 * (MIB + 12)
        while expected:
            expected -= len(connection.recv(MIB))
        connection.sendall(b"PING\r\n")
        assert connection.recv(10) == b"+PONG\r\n"


def resident(running: Engine) -> int:
    """Bytes of memory that the engine has."""
    return int(Path(f"/proc/{running.process.pid}/statm").read_text().split()[1]) * 4096
