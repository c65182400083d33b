"""An engine whose arena is mapped MAP_SHARED: fork shares it, and no write ever copies."""

from __future__ import annotations

import mmap
import sys
from typing import Any

_real = mmap.mmap


def _shared(fd: int, length: int, *args: Any, **options: Any) -> mmap.mmap:
    flags = options.get("flags", mmap.MAP_SHARED)
    if flags & mmap.MAP_PRIVATE:
        options["flags"] = flags & ~mmap.MAP_PRIVATE | mmap.MAP_SHARED
    return _real(fd, length, *args, **options)


class _Mmap:
    """The module `mmap` as the arena sees it."""

    mmap = staticmethod(_shared)

    def __getattr__(self, name: str) -> Any:
        return getattr(mmap, name)


if __name__ == "__main__":
    from engine import arena, serve

    arena.mmap = _Mmap()  # type: ignore[assignment]
    sys.exit(serve.main(sys.argv[1:]))
