"""An engine whose fdatasync of the AOF has done nothing when it returns."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from engine import serve
    from engine.aof_file import AppendOnlyFile

    class Forgetful:
        """The disk, as the AOF alone sees it."""

        def __init__(self, disk):  # type: ignore[no-untyped-def]
            self._disk = disk

        def __getattr__(self, name):  # type: ignore[no-untyped-def]
            return getattr(self._disk, name)

        def fdatasync(self, fd):  # type: ignore[no-untyped-def]
            pass

    real = AppendOnlyFile.__init__

    def init(self, disk, *args, **options):  # type: ignore[no-untyped-def]
        real(self, Forgetful(disk), *args, **options)

    AppendOnlyFile.__init__ = init  # type: ignore[method-assign]
    sys.exit(serve.main(sys.argv[1:]))
