"""A disk that is full for a while: a real file system with a balloon in it, or the engine's fault.

The balloon is a file that takes all the room but a little; it is ext4 then that answers ENOSPC.
Where no disk of one's own can be had, COWSCOPE FAULT full does, for the engine only.
"""

from __future__ import annotations

import contextlib
import os

from scenes.lab.chain import Chain

LEFT = 8192
"""Bytes that still fit, about."""
_BALLOON = "balloon"


async def fill(chain: Chain) -> None:
    """No more than a little fits from now on."""
    if not chain.ground.own_disk:
        await chain.call(b"COWSCOPE", b"FAULT", b"full", b"%d" % LEFT)
        return
    room = os.statvfs(chain.ground.place.data)
    path = chain.ground.place.data.parent / _BALLOON
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC)
    try:
        os.posix_fallocate(fd, 0, max(1, room.f_bavail * room.f_bsize - LEFT))
        # what is left by now is eaten up block by block: ext4 keeps some for its own books
        end, block = os.fstat(fd).st_size, bytes(room.f_bsize)
        with contextlib.suppress(OSError):
            while os.statvfs(path).f_bavail * room.f_bsize > LEFT:
                end += os.pwrite(fd, block, end)
    finally:
        os.close(fd)


async def make_room(chain: Chain) -> None:
    """There is room again."""
    if chain.ground.own_disk:
        os.unlink(chain.ground.place.data.parent / _BALLOON)
    elif chain.running.engine.alive:
        await chain.call(b"COWSCOPE", b"FAULT", b"full", b"off")
