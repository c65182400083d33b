"""`make bench`: every benchmark, one table, with the date, the machine and the command."""

from __future__ import annotations

import datetime
import importlib
import os
import platform
import sys
from collections.abc import Sequence

from bench.row import Row, table

BENCHES = ("screen_bench", "attached_bench", "probe_bench", "snapshot_bench")


def main(names: Sequence[str]) -> int:
    """Run the benchmarks named, all of them where none is; 1 if a target was missed."""
    unknown = sorted(set(names) - set(BENCHES))
    if unknown:
        print(f"bench: there is no {', '.join(unknown)}; there are {', '.join(BENCHES)}")
        return 2
    rows: list[Row] = []
    for name in names or BENCHES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"bench.{name}").measure()
    print(
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}, {os.cpu_count()} cores, "
        f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}, "
        "`make bench`\n"
    )
    print(table(rows))
    return 1 if any(row.held is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
