"""redis-benchmark against this engine and redis-server in turn: 50 clients, AOF everysec.

python -m bench.throughput_bench
"""

from __future__ import annotations

import csv
import io
import subprocess
from dataclasses import dataclass

from bench.filling import fill, strings
from bench.row import Row, compared, table
from bench.scale import scaled
from bench.servers import Running, missing, pair

ROUNDS = 5
SIZES = (10_000, 100_000, 1_000_000)
_BENCHMARK_KEY = b"key:%012d"
"""How redis-benchmark names its keys."""


@dataclass(frozen=True, slots=True)
class Load:
    """One redis-benchmark test and the least ratio to redis-server's rate."""

    test: str
    at_least: float
    keys: int = 100_000
    pipeline: int = 1
    requests: int = 100_000

    @property
    def title(self) -> str:
        """How the table names it."""
        pipelined = f", -P {self.pipeline}" if self.pipeline > 1 else ""
        return f"redis-benchmark -c 50{pipelined}: {self.test.upper()}, {self.keys:,} keys"


def loads() -> list[Load]:
    """All that are run, in order of the keyspace's size: it grows by them."""
    sizes = [scaled(keys) for keys in SIZES]
    requests = scaled(60_000, 10_000)
    found = [Load(test, 0.55, sizes[1], 1, requests) for test in _OTHERS]
    for keys in sizes:
        found += [Load(test, 0.7, keys, 1, requests) for test in ("set", "get")]
    many = scaled(200_000, 40_000)
    return [*found, Load("set", 0.5, sizes[2], 16, many), Load("get", 0.4, sizes[2], 16, many)]


_OTHERS = ("incr", "lpush", "sadd", "hset", "zadd")


def measure() -> list[Row]:
    """Ratios of the medians of interleaved runs."""
    if reason := missing():
        return [Row.skipped("redis-benchmark beside redis-server", reason)]
    rows = []
    filled = 0
    with pair({"appendonly": "yes", "appendfsync": "everysec"}) as servers:
        for load in loads():
            if load.test in _OTHERS:
                for server in servers:
                    server.client.flushall()
            elif load.keys > filled:
                for server in servers:
                    if not filled:
                        server.client.flushall()
                    fill(server.port, strings(range(filled, load.keys), 3, _BENCHMARK_KEY))
                filled = load.keys
            rates = interleaved(servers, load)
            rows.append(compared(load.title, "requests/s", *rates, at_least=load.at_least))
    return rows


def interleaved(servers: tuple[Running, Running], load: Load) -> tuple[list[float], list[float]]:
    """Each server's rates, one run after the other in turn."""
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for server, found in zip(servers, rates, strict=True):
            found.append(benchmark(server.port, load))
    return rates


def benchmark(port: int, load: Load, clients: int = 50) -> float:
    """One run's requests a second."""
    command = ["redis-benchmark", "-h", "127.0.0.1", "-p", str(port), "--csv", "-t", load.test]
    for option, value in (
        ("-c", clients), ("-n", load.requests), ("-r", load.keys), ("-P", load.pipeline)
    ):  # fmt: skip
        command += [option, str(value)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return rate_in(done.stdout, load.test) if not done.returncode else _failed(done.stderr)


def rate_in(output: str, test: str) -> float:
    """The rate in redis-benchmark's --csv answer; RuntimeError where the test is not in it."""
    for line in csv.DictReader(io.StringIO(output)):
        if line["test"].lower() == test:
            return float(line["rps"])
    return _failed(f"no line for {test} in {output!r}")


def _failed(why: str) -> float:
    raise RuntimeError(f"redis-benchmark gave no rate: {why.strip()}")


if __name__ == "__main__":
    print(table(measure()))
