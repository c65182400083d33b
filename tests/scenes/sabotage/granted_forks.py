"""An engine where no fork can be refused: as root, where overcommit_memory grants everything."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from engine import fork_denial, serve

    fork_denial._crowd = lambda: None
    fork_denial._limit = lambda: lambda: None

    sys.exit(serve.main(sys.argv[1:]))
