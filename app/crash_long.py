"""`make crash-long`: 200 times kill -9, 200 modelled power cuts and 100 real ones, counted."""

from __future__ import annotations

import sys

from app.crash_command import report
from scenes.lab import sample, servers


def main(arguments: list[str]) -> int:
    """`[SEED]`: 0 when every promise was kept, else 1."""
    seed = int(arguments[0]) if arguments else 1
    return report(sample.rows(servers.cowscope(), sample.WHOLE, seed), json=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
