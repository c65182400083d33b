"""`make bench`: every benchmark, one table, with the date, the machine and the command."""

from __future__ import annotations

import datetime
import importlib
import os
import platform
import sys
from collections.abc import Sequence

from bench.row import Row, table
from bench.scale import VARIABLE, factor
from bench.servers import redis_version

BENCHES = (
    "screen_bench",
    "attached_bench",
    "probe_bench",
    "throughput_bench",
    "peer_bench",
    "fork_bench",
    "snapshot_bench",
    "loading_bench",
    "latency_bench",
)


def main(names: Sequence[str]) -> int:
    """Run the benchmarks named, all of them where none is.

    Returns 0 if every target was held, 1 if one was missed, 2 if asked for what is not there.
    """
    unknown = sorted(set(names) - set(BENCHES))
    if unknown:
        print(f"bench: there is no {', '.join(unknown)}; there are {', '.join(BENCHES)}")
        return 2
    try:
        scale = factor()
    except ValueError as error:
        print(f"bench: {error}")
        return 2
    rows: list[Row] = []
    for name in names or BENCHES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"bench.{name}").measure()
    print(heading(names, scale) + "\n")
    print(table(rows))
    return 1 if any(row.held is False for row in rows) else 0


def heading(names: Sequence[str], scale: float) -> str:
    """The line above the table: the date, the machine, the command."""
    command = f"python -m bench {' '.join(names)}" if names else "make bench"
    smaller = f"{VARIABLE}={scale:g} " if scale != 1 else ""
    return (
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}, {os.cpu_count()} cores, "
        f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}, "
        f"redis-server {redis_version()}, `{smaller}{command}`"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
