"""A paced load: batches of SETs at a fixed rate, each batch's latency measured by the client."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.filling import command

_BATCH = 20
_CONNECTIONS = 10


@dataclass(frozen=True)
class Result:
    """What a load saw."""

    seconds: float
    requests: int
    p50_usec: float
    p99_usec: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def paced_sets(
    port: int,
    *,
    rate: float,
    seconds: float,
    keys: int,
    seed: int = 1,
    name: bytes = b"user:%05d",
    value_bytes: int = 64,
    batches: int = 200,
    going: Callable[[], bool] | None = None,
) -> Result:
    """SETs at `rate` a second over ten connections, in batches of twenty.

    They are made before the first goes out and are repeated after `batches`. It ends after
    `seconds`, or with `going` asked before each batch answering no.
    """
    generator = random.Random(seed)
    connections = []
    for _ in range(_CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connections.append(connection)
    made = [
        b"".join(
            command(
                b"SET",
                name % generator.randrange(keys),
                b"%0*d" % (value_bytes, generator.randrange(10**9)),
            )
            for _ in range(_BATCH)
        )
        for _ in range(batches)
    ]
    expected = _BATCH * len(b"+OK\r\n")
    interval = _BATCH / rate
    latencies: list[float] = []
    started = due = time.perf_counter()
    number = 0
    while due - started < seconds and (going is None or going()):
        wait = due - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        connection = connections[number % _CONNECTIONS]
        sent = time.perf_counter()
        connection.sendall(made[number % len(made)])
        got = 0
        while got < expected:
            got += len(connection.recv(4096))
        # Counted from when the batch was due: a stall delays what comes after it, too.
        latencies.append(time.perf_counter() - min(due, sent))
        number += 1
        due = started + number * interval
    elapsed = time.perf_counter() - started
    for connection in connections:
        connection.close()
    latencies.sort()
    return Result(
        elapsed,
        number * _BATCH,
        latencies[len(latencies) // 2] * 1e6,
        latencies[int(len(latencies) * 0.99)] * 1e6,
    )
