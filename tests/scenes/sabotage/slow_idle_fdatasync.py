"""An engine whose fdatasync takes its time, so that it looks real, and has done nothing."""

from __future__ import annotations

import sys
import time

if __name__ == "__main__":
    from engine import faulty_disk, serve

    faulty_disk.FaultyDisk.fdatasync = lambda self, fd: time.sleep(0.001)  # type: ignore[method-assign]
    sys.exit(serve.main(sys.argv[1:]))
