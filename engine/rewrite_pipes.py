"""The three pipes between a server and the child that rewrites its AOF (Redis 3.0 to 6.2).

1  data    parent -> child   what was written since the fork; neither end ever waits
2  ask     child -> parent   "!": stop sending
3  agree   parent -> child   "!": nothing more will come
"""

from __future__ import annotations

import contextlib
import os
import select
import time

STOP = b"!"
READ_SIZE = 64 << 10
DRAIN_SECONDS = 1.0
"""So long, at most, the child waits for more before it asks."""
QUIET_POLLS = 20
"""Or until so many polls of 1 ms in a row brought nothing."""
AGREE_SECONDS = 5.0
"""So long it waits for the answer (a comment in Redis 5 says 10 s, its code 5)."""


class RewritePipes:
    """Both sides, until the fork parts them."""

    def __init__(self) -> None:
        """Raises OSError where there are no descriptors left."""
        ends: list[int] = []
        try:
            for _ in range(3):
                ends += os.pipe()
        except OSError:
            for fd in ends:
                os.close(fd)
            raise
        self._data_read, self.data_write = ends[0], ends[1]
        self.ask_read, self._ask_write = ends[2], ends[3]
        self._agree_read, self._agree_write = ends[4], ends[5]
        for fd in (self._data_read, self.data_write, self.ask_read):
            os.set_blocking(fd, False)
        self._parents = {self.data_write, self.ask_read, self._agree_write}

    @property
    def child_fds(self) -> tuple[int, int, int]:
        """What the child must not close."""
        return self._data_read, self._ask_write, self._agree_read

    # -- the parent ----------------------------------------------------------------------------

    def close_childs(self) -> None:
        """Close the child's ends."""
        for fd in self.child_fds:
            os.close(fd)

    def send(self, data: bytes) -> int:
        """Bytes of `data` that pipe 1 took; 0 when it is full. Raises OSError: nobody reads."""
        try:
            return os.write(self.data_write, data)
        except BlockingIOError:
            return 0

    def was_asked(self) -> bool:
        """Whether the child asks to stop; False also when it is gone."""
        with contextlib.suppress(BlockingIOError):
            return os.read(self.ask_read, 1) == STOP
        return False

    def agree(self) -> None:
        """Nothing more will come; raises OSError."""
        os.write(self._agree_write, STOP)

    def close(self) -> None:
        """Close the parent's ends."""
        for fd in self._parents:
            os.close(fd)
        self._parents = set()


class ChildPipes:
    """The child's side: it collects the diff in memory."""

    def __init__(self, pipes: RewritePipes) -> None:
        self._data, self._ask, self._agree = pipes.child_fds
        self.diff = bytearray()

    def drain(self) -> int:
        """Take what pipe 1 holds, without waiting; how many bytes."""
        before = len(self.diff)
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._data, READ_SIZE):
                self.diff += data
        return len(self.diff) - before

    def drain_until_quiet(self) -> None:
        """Take more for a while: the less is left to the parent, the shorter it will be busy."""
        poll = select.poll()
        poll.register(self._data, select.POLLIN)
        deadline = time.monotonic() + DRAIN_SECONDS
        quiet = 0
        while quiet < QUIET_POLLS and time.monotonic() < deadline:
            quiet = 0 if poll.poll(1) and self.drain() else quiet + 1

    def stop(self) -> bool:
        """Ask, wait for the parent's answer, take the rest; False when it does not answer."""
        os.write(self._ask, STOP)
        poll = select.poll()
        poll.register(self._agree, select.POLLIN)
        if not poll.poll(AGREE_SECONDS * 1000) or os.read(self._agree, 1) != STOP:
            return False
        self.drain()
        return True
