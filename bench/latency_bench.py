"""What clients feel of a BGSAVE: the p99 of paced SETs while it runs and before it.

python -m bench.latency_bench
"""

from __future__ import annotations

import socket
from collections.abc import Callable

from bench.filling import command, fill, strings
from bench.load import paced_sets
from bench.row import Row, median, table
from bench.saving import await_end
from bench.scale import scaled
from bench.servers import Running, missing, pair

KEYS = 1_000_000
VALUE_BYTES = 100
ROUNDS = 7
_RATE = 10_000
_BEFORE = 2.0
_LONGEST = 300.0
"""Seconds of load."""

_NAME = b"key:%07d"


def measure() -> list[Row]:
    """The median round's p99 during, over that of the median round before."""
    if reason := missing():
        return [Row.skipped("p99 during a BGSAVE", reason)]
    keys = scaled(KEYS, 1_000)
    with pair() as servers:
        for server in servers:
            fill(server.port, strings(range(keys), VALUE_BYTES, _NAME))
        before: list[list[float]] = [[], []]
        during: list[list[float]] = [[], []]
        for number in range(ROUNDS):
            for index, server in enumerate(servers):
                before[index].append(_p99(server, keys, number, _BEFORE))
                during[index].append(_p99_during_save(server, keys, number))
    ratios = [median(during[index]) / median(before[index]) for index in (0, 1)]
    return [
        Row(
            f"p99 of {_RATE:,} SET/s during a BGSAVE of {keys:,} keys", median(during[0]), "usec",
            median(before[0]), "before it", at_most=3.0,
            note=f"(redis-server: {ratios[1]:.2f})",
        )
    ]  # fmt: skip


def _p99(
    server: Running, keys: int, seed: int, seconds: float, going: Callable[[], bool] | None = None
) -> float:
    return paced_sets(
        server.port, rate=_RATE, seconds=seconds, keys=keys, seed=seed, name=_NAME,
        value_bytes=VALUE_BYTES, batches=2_000, going=going,
    ).p99_usec  # fmt: skip


def _p99_during_save(server: Running, keys: int, seed: int) -> float:
    """BGSAVE goes out just before the first batch, unanswered, so that the fork's stall counts."""
    dump = server.folder / "dump.rdb"
    dump.unlink(missing_ok=True)
    sent = False
    with socket.create_connection(("127.0.0.1", server.port)) as control:

        def saving() -> bool:
            nonlocal sent
            if not sent:
                control.sendall(command(b"BGSAVE"))
                sent = True
            return not dump.exists()

        p99 = _p99(server, keys, seed, _LONGEST, saving)
        if not (answer := control.recv(256)).startswith(b"+Background saving started"):
            raise RuntimeError(f"{server.what} answered BGSAVE with {answer!r}")
    await_end(server)
    return p99


if __name__ == "__main__":
    print(table(measure()))
