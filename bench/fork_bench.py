"""The fork of a keyspace of 1 KiB values, up to 1 GiB, beside redis-server's.

python -m bench.fork_bench
"""

from __future__ import annotations

from bench.filling import fill, strings
from bench.row import Row, compared, growth, table
from bench.saving import fork_usec
from bench.scale import scaled
from bench.servers import missing, pair

VALUE_BYTES = 1024
SIZES = (10_000, 100_000, 1 << 20)
"""The last is 1 GiB of values."""
ROUNDS = 9


def measure() -> list[Row]:
    """Both servers' latest_fork_usec, fork by fork in turn, as the keyspace grows."""
    if reason := missing():
        return [Row.skipped("fork of 1 GiB beside redis-server", reason)]
    rows = []
    sizes = [scaled(keys, 100) for keys in SIZES]
    ours: dict[int, list[float]] = {}
    filled = 0
    with pair() as servers:
        for keys in sizes:
            for server in servers:
                fill(server.port, strings(range(filled, keys), VALUE_BYTES))
            filled = keys
            usec: tuple[list[float], list[float]] = ([], [])
            for _ in range(ROUNDS):
                for server, found in zip(servers, usec, strict=True):
                    found.append(fork_usec(server))
            ours[keys] = usec[0]
            target = 1.3 if keys == sizes[-1] else None
            what = f"fork of {keys * VALUE_BYTES / (1 << 20):,.0f} MiB of 1 KiB values"
            rows.append(compared(what, "usec", *usec, at_most=target))
    return [*rows, growth("fork", "usec", ours)]


if __name__ == "__main__":
    print(table(measure()))
