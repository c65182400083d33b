"""An engine that gives a dump, or an AOF's base, its name before fsync: 10 s before."""

from __future__ import annotations

import os
import sys
import threading

if __name__ == "__main__":
    from engine import serve
    from engine.disk import Disk
    from engine.faulty_disk import FaultyDisk
    from engine.ledger_disk import LedgerDisk

    def late(real):  # type: ignore[no-untyped-def]
        def fsync(self, fd):  # type: ignore[no-untyped-def]
            timer = threading.Timer(10, real, (self, os.dup(fd)))
            timer.daemon = True
            timer.start()

        return fsync

    for disk in (Disk, FaultyDisk, LedgerDisk):
        disk.fsync = late(disk.fsync)  # type: ignore[method-assign]
    sys.exit(serve.main(sys.argv[1:]))
