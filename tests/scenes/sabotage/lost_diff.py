"""An engine whose rewriting child takes what pipe 1 brings, and drops it."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from engine import rewrite_pipes, serve

    real = rewrite_pipes.ChildPipes.drain

    def dropped(self):  # type: ignore[no-untyped-def]
        taken = real(self)
        self.diff.clear()
        return taken

    rewrite_pipes.ChildPipes.drain = dropped  # type: ignore[method-assign]
    sys.exit(serve.main(sys.argv[1:]))
