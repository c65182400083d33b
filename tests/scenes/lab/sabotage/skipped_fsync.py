"""An engine whose fdatasync, that of the AOF, has done nothing when it returns."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from engine import serve
    from engine.disk import Disk
    from engine.ledger_disk import LedgerDisk

    Disk.fdatasync = LedgerDisk.fdatasync = lambda self, fd: None  # type: ignore[method-assign]
    sys.exit(serve.main(sys.argv[1:]))
