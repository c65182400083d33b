"""The AOF's rewrite as Redis 3.0 to 6.2 did it: one file, a forked child, three pipes.

Theory of operation
-------------------
The new file has to hold what the child saw at the fork and everything written since. What comes
after the fork goes to two places: to aof_buf, for the old file, and to the rewrite buffer, for the
new one. From there

    1. pipe 1 carries it to the child whenever the pipe has room; the child collects it in memory
    2. when the child has written the whole keyspace, and synced it, it asks by pipe 2 to stop
       sending. Not at 80 % of anything, as is often told: no version has such a number
    3. the parent stops and agrees by pipe 3; what comes from now on stays in the buffer
    4. the child appends the diff that it has collected, syncs, and leaves the file
    5. the parent appends the residual, and the new file takes the old one's name and descriptor

Until 5 the old file is whole, so that a child that fails costs nothing but its time. The price: the
diff lies in memory twice and goes to the disk twice; Redis 7's multi-part AOF has neither.

The machine does no I/O; what may come when stands in MOVES.
Unlike Redis, the residual is synced before the rename: the rename could else reach the disk
without it, and what the old file had kept safe would be gone.
Source: Redis 6.2.14, aof.c (rewriteAppendOnlyFileBackground, aofChildWriteDiffData,
aofChildPipeReadable, backgroundRewriteDoneHandler).
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from engine.aof_intentions import IllegalMoveError
from engine.manifest import Manifest
from engine.rewrite_buffer import RewriteBuffer

IDLE, STARTING, SENDING, KEEPING, INSTALLING = (
    "idle",
    "starting",
    "sending",
    "keeping",
    "installing",
)

MOVES: dict[str, frozenset[str]] = {
    # stage     what may come while the machine is in it
    IDLE: frozenset({"begin", "adopt"}),
    STARTING: frozenset({"forked", "failed"}),
    SENDING: frozenset({"append", "sent", "asked", "child_failed", "child_ended"}),
    KEEPING: frozenset({"append", "child_failed", "child_ended"}),
    INSTALLING: frozenset({"finished", "failed"}),
}


class OpenPipes(msgspec.Struct, frozen=True):
    """Make the three pipes."""


class Fork(msgspec.Struct, frozen=True):
    """Fork the child; answer with `forked`. From then on `append` what is written."""


class WriteResidual(msgspec.Struct, frozen=True):
    """Append what is left in the buffer to the child's file, and sync it."""


class RenameOver(msgspec.Struct, frozen=True):
    """Give the child's file the name of the AOF."""


class Switch(msgspec.Struct, frozen=True):
    """Append to the new file from now on; what aof_buf holds is in it already."""


class CloseOld(msgspec.Struct, frozen=True):
    """Close the old file in the background: it has no name any more, so this deletes it."""


Step: TypeAlias = OpenPipes | Fork | WriteResidual | RenameOver | Switch | CloseOld


class PipesRewrite:
    """The machine."""

    def __init__(self, *, rdb_base: bool = True) -> None:
        self.rdb_base = rdb_base
        """aof-use-rdb-preamble: the new file begins with a dump."""
        self.collects = True  # there is no history
        self.stage = IDLE
        self.turning_on = False
        self.buffer = RewriteBuffer()
        self.sent_bytes = 0
        """By pipe 1, in this rewrite or the last."""
        self._logging = False

    # Inputs

    def adopt(self, manifest: Manifest) -> None:
        """There is but one file, always of the same name."""
        self._enter("adopt")

    def begin(self, *, turning_on: bool = False, logging: bool = True) -> list[Step]:
        """A rewrite is wanted. `logging`: the AOF is on; `turning_on`: it is to be."""
        self._enter("begin")
        self.stage = STARTING
        self.turning_on = turning_on
        self._logging = logging or turning_on
        self.sent_bytes = 0
        return [OpenPipes(), Fork()]

    def forked(self) -> None:
        """The child is at work."""
        self._enter("forked")
        self.stage = SENDING

    def append(self, data: bytes) -> bool:
        """A command was written: whether there is something to send that was not before."""
        self._enter("append")
        self.buffer.append(data)
        return self.stage == SENDING

    def sent(self, count: int) -> bool:
        """Pipe 1 took so many bytes of the buffer's head: whether more is to be sent."""
        self._enter("sent")
        self.buffer.take(count)
        self.sent_bytes += count
        return bool(self.buffer)

    def asked(self) -> None:
        """The child asks to stop: nothing may be sent any more. Agree by pipe 3."""
        self._enter("asked")
        self.stage = KEEPING

    def child_failed(self) -> None:
        """The child has left no file; the old one goes on."""
        self._enter("child_failed")
        self._end()

    def child_ended(self) -> list[Step]:
        """The child has left a finished file."""
        self._enter("child_ended")
        self.stage = INSTALLING
        if self._logging:
            return [WriteResidual(), RenameOver(), Switch(), CloseOld()]
        return [RenameOver(), CloseOld()]

    def failed(self) -> None:
        """A step could not be done, none of which undoes anything: the old file goes on."""
        self._enter("failed")
        self._end()

    def finished(self) -> None:
        """All steps are done."""
        self._enter("finished")
        self._end()

    # Inside

    def _end(self) -> None:
        self.stage = IDLE
        self.buffer.clear()

    def _enter(self, move: str) -> None:
        if move not in MOVES[self.stage]:
            raise IllegalMoveError(f"{move} while {self.stage}")
