"""An engine whose rewrite with pipes forgets what was written meanwhile."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from engine import serve
    from engine.pipes_steps import PipesSteps

    PipesSteps._appended = lambda self, data: None  # type: ignore[method-assign]
    sys.exit(serve.main(sys.argv[1:]))
