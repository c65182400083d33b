"""An engine that acknowledges under always before it has written: the turn's end comes late."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from engine import aof_policy, serve

    flush = aof_policy.AofPolicy.flush

    def late(self, now, force=False):  # type: ignore[no-untyped-def]
        """Nine times of ten the turn ends without a write."""
        self.turns = getattr(self, "turns", 0) + 1
        return flush(self, now, force) if force or self.turns % 10 == 0 else []

    aof_policy.AofPolicy.flush = late  # type: ignore[method-assign]
    serve.main(sys.argv[1:])
