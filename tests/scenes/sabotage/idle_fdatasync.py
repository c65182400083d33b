"""An engine whose fdatasync of the AOF returns at once and has done nothing."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from engine import disk, serve

    disk.Disk.fdatasync = lambda self, fd: None  # type: ignore[method-assign]
    sys.exit(serve.main(sys.argv[1:]))
