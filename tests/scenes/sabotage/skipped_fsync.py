"""An engine that says it has synced its log, takes as long as that takes, and has not done it."""

from __future__ import annotations

import os
import sys
import time

if __name__ == "__main__":
    from engine import ledger_disk, serve

    synced = ledger_disk.LedgerDisk.fdatasync

    def skipped(self: ledger_disk.LedgerDisk, fd: int) -> None:
        """Its manifest an engine needs to start again, so that one is synced."""
        if os.readlink(f"/proc/self/fd/{fd}").endswith(".incr.aof"):
            self._below._suffer()  # type: ignore[attr-defined]  # a slow disk is slow all the same
            time.sleep(0.02)
        else:
            synced(self, fd)

    ledger_disk.LedgerDisk.fdatasync = skipped  # type: ignore[method-assign]
    sys.exit(serve.main(sys.argv[1:]))
