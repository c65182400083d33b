"""A paced load: batches of SETs at a fixed rate, each batch's latency measured by the client."""

from __future__ import annotations

import random
import socket
import time
from dataclasses import dataclass

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


def paced_sets(port: int, *, rate: float, seconds: float, keys: int, seed: int = 1) -> Result:
    """SETs of 64 bytes at `rate` a second over ten connections, in batches of twenty."""
    generator = random.Random(seed)
    connections = []
    for _ in range(_CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connections.append(connection)
    batches = [
        b"".join(
            b"*3\r\n$3\r\nSET\r\n$10\r\nuser:%05d\r\n$64\r\n%064d\r\n"
            % (generator.randrange(keys), generator.randrange(10**9))
            for _ in range(_BATCH)
        )
        for _ in range(200)
    ]
    expected = _BATCH * len(b"+OK\r\n")
    interval = _BATCH / rate
    latencies: list[float] = []
    started = due = time.perf_counter()
    number = 0
    while due - started < seconds:
        wait = due - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        connection = connections[number % _CONNECTIONS]
        sent = time.perf_counter()
        connection.sendall(batches[number % len(batches)])
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
