"""An engine on a machine that refuses no fork, as one with overcommit_memory=1 does to root."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from engine import fork_denial, serve

    fork_denial._crowd = lambda: None
    fork_denial._limit = lambda: lambda: None

    sys.exit(serve.main(sys.argv[1:]))
