"""The Python servers that can be installed, beside this engine with the same client.

python -m bench.peer_bench
"""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

from bench.filling import command
from bench.row import Row, compared, table
from bench.scale import scaled
from bench.servers import OURS, free_port, running, stop
from bench.throughput_bench import Load, benchmark

ROUNDS = 5
_FAKEREDIS = """\
import sys
from fakeredis import TcpFakeServer
TcpFakeServer(("127.0.0.1", int(sys.argv[1]))).serve_forever()
"""
_RESP_SERVER = """\
import sys
from resp_server.core.server import Server
Server(int(sys.argv[1]), "127.0.0.1").start()
"""


def measure() -> list[Row]:
    """fakeredis with five redis-benchmark clients, resp-server with one raw connection."""
    return _fakeredis() + _resp_server()


def _fakeredis() -> list[Row]:
    what = "redis-benchmark -c 5"
    if reason := _missing("fakeredis") or _no_benchmark():
        return [Row.skipped(f"{what} beside fakeredis", reason)]
    requests = scaled(10_000, 2_000)

    def rate(test: str) -> Callable[[int], float]:
        return lambda port: benchmark(port, Load(test, 8, 1_000, 1, requests), clients=5)

    with running(OURS) as ours, _peer(_FAKEREDIS) as port:
        return [
            compared(f"{what}: {test.upper()}", "requests/s", *_turns(rate(test), ours.port, port),
                     "fakeredis TcpFakeServer", at_least=8)
            for test in ("set", "get")
        ]  # fmt: skip


def _resp_server() -> list[Row]:
    what = "one raw connection"
    if reason := _missing("resp_server"):
        return [Row.skipped(f"{what} beside resp-server", reason)]
    calls = scaled(5_000, 500)
    requests = {
        "SET": [command(b"SET", b"key:%d" % (n % 1_000), b"xxx") for n in range(calls)],
        "GET": [command(b"GET", b"key:%d" % (n % 1_000)) for n in range(calls)],
    }
    with running(OURS) as ours, _peer(_RESP_SERVER) as port:
        return [
            compared(
                f"{what}: {name}", "requests/s",
                *_turns(partial(raw_rate, requests=made), ours.port, port),
                "resp-server", at_least=1,
            )
            for name, made in requests.items()
        ]  # fmt: skip


def _turns(rate: Callable[[int], float], ours: int, theirs: int) -> tuple[list[float], list[float]]:
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for port, rates in zip((ours, theirs), found, strict=True):
            rates.append(rate(port))
    return found


def raw_rate(port: int, requests: list[bytes]) -> float:
    """Requests a second over one connection, each answered before the next is sent."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        for request in requests:
            connection.sendall(request)
            answer = connection.recv(4096)
            while not whole(answer):
                more = connection.recv(4096)
                if not more:
                    raise RuntimeError(f"port {port} closed the connection after {answer!r}")
                answer += more
            if answer[:1] == b"-" or answer[:3] == b"$-1":
                raise RuntimeError(f"port {port} answered {answer!r}")
        return len(requests) / (time.perf_counter() - began)


def whole(answer: bytes) -> bool:
    """Whether these bytes are a whole status or bulk reply."""
    head, ended, rest = answer.partition(b"\r\n")
    if not ended or head[:1] != b"$" or head == b"$-1":
        return bool(ended)
    return len(rest) >= int(head[1:]) + 2


@contextlib.contextmanager
def _peer(program: str) -> Iterator[int]:
    """Another Python server on a port of its own until the block ends."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(ConnectionError), _connected(port):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the peer server never listened:\n{program}")
            time.sleep(0.02)
        yield port
    finally:
        stop(process)


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port))


def _missing(module: str) -> str:
    if importlib.util.find_spec(module) is None:
        return f"{module} is not installed (pip install -e '.[bench]')"
    return ""


def _no_benchmark() -> str:
    return "" if shutil.which("redis-benchmark") else "redis-benchmark not installed"


if __name__ == "__main__":
    print(table(measure()))
