"""An engine whose fdatasync of the AOF returns at once and has done nothing."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from engine import faulty_disk, serve

    faulty_disk.FaultyDisk.fdatasync = lambda self, fd: None  # type: ignore[method-assign]
    sys.exit(serve.main(sys.argv[1:]))
