"""An engine that skips the fdatasync of its log: nothing reaches the disk, and it says it has."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    from engine import ledger_disk, serve

    real = ledger_disk.LedgerDisk.fdatasync

    def skipped(self, fd):  # type: ignore[no-untyped-def]
        if ".incr." not in os.readlink(f"/proc/self/fd/{fd}"):  # the manifest is synced
            real(self, fd)

    ledger_disk.LedgerDisk.fdatasync = skipped  # type: ignore[method-assign]
    sys.exit(serve.main(sys.argv[1:]))
