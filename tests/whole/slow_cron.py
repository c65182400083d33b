"""An engine whose cron is slow, as on a busy machine: what a child says and asks comes at once."""

from __future__ import annotations

import sys
import time

SECONDS = 0.2

if __name__ == "__main__":
    from engine import children, serve

    real = children.Children.reap

    def late(self):  # type: ignore[no-untyped-def]
        if self.running is not None:
            time.sleep(SECONDS)
        real(self)

    children.Children.reap = late  # type: ignore[method-assign]
    sys.exit(serve.main(sys.argv[1:]))
