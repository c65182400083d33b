"""`make bench`: every benchmark, one table, with the date, the machine and the command.

`python -m bench NAME ...` runs those, `soak` and `autoplay` among them, which take an hour each;
BENCH_SCALE=0.01 before it tries them out in small.
"""

from __future__ import annotations

import datetime
import importlib
import os
import platform
import subprocess
import sys
from collections.abc import Sequence

import redis

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
    "recording_bench",
)
LONG = ("soak_bench", "autoplay_bench")
"""Run only where they are named: an hour each."""
FAILURES = (RuntimeError, OSError, redis.RedisError, subprocess.SubprocessError)


def main(names: Sequence[str]) -> int:
    """Run the benchmarks named, all of them where none is.

    Returns 0 if every target was held, 1 if one was missed or could not be measured, 2 if there
    is no such benchmark or scale.
    """
    there = (*BENCHES, *LONG)
    names = [f"{name}_bench" if f"{name}_bench" in there else name for name in names]
    unknown = sorted(set(names) - set(there))
    if unknown:
        print(f"bench: there is no {', '.join(unknown)}; there are {', '.join(there)}")
        return 2
    try:
        scale = factor()
    except ValueError as error:
        print(f"bench: {error}")
        return 2
    rows: list[Row] = []
    failed = False
    for name in names or BENCHES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            rows += importlib.import_module(f"bench.{name}").measure()
        except FAILURES as error:  # one that fails costs the others nothing
            rows.append(Row.skipped(name, str(error)))
            failed = True
    print(heading(names, scale) + "\n")
    print(table(rows))
    return 1 if failed or any(row.held is False for row in rows) else 0


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
