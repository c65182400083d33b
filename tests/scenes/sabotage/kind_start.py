"""An engine that means well: with the AOF on and none there, it loads the dump and says nothing."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from engine import serve
    from engine.recovery import Recovery

    real = Recovery.load_aof

    def kindly(self, aof):  # type: ignore[no-untyped-def]
        if not self.folder().read().files:
            self.load_dump()
        real(self, aof)

    Recovery.load_aof = kindly  # type: ignore[method-assign]
    sys.exit(serve.main(sys.argv[1:]))
