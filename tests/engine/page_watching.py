"""What the tests of the probes share: a real arena, a real child, and the fixture /proc."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.arena import Arena

FIXTURE = str(Path(__file__).parent / "fixtures" / "proc")
needs_proc = pytest.mark.skipif(
    not os.path.exists("/proc/self/pagemap"), reason="needs Linux' /proc/PID/pagemap"
)


def filled(pages: int, spare: int = 8) -> Arena:
    """An arena of which the first `pages` pages hold a value each, and `spare` ones none."""
    arena = Arena(pages + spare, one_value_a_page=True)
    for _ in range(pages):
        touch_new(arena)
    return arena


def touch_new(arena: Arena) -> int:
    """Put a value on a page that held none; the page."""
    offset = arena.alloc(arena.page_size, 0)
    arena.store(offset, b"v" * arena.page_size)
    return arena.page_of(offset)


def write(arena: Arena, *pages: int) -> None:
    """Write one byte on each of these pages."""
    for page in pages:
        arena.store(arena.offset_of(page), b"w")


class Child:
    """A forked process that does what it is asked to, each time it is asked, until it is let go."""

    def __init__(self, act: Callable[[], object] = bool) -> None:
        wait, self._let_go = os.pipe()
        self._done, done = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self._let_go)
                while os.read(wait, 1):
                    act()
                    os.write(done, b".")
            finally:
                os._exit(0)
        os.close(wait)
        os.close(done)

    def act(self) -> None:
        """Have it act, and wait until it has."""
        os.write(self._let_go, b".")
        assert os.read(self._done, 1) == b"."

    def let_go(self) -> None:
        """Let it end, and wait until it is a zombie; nobody has reaped it then."""
        if self._let_go >= 0:
            os.close(self._let_go)
            os.close(self._done)
            self._let_go = -1
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)

    def reap(self) -> None:
        """Let it end and take its status."""
        self.let_go()
        if self.pid:
            os.waitpid(self.pid, 0)
            self.pid = 0


@contextmanager
def sharing_child(act: Callable[[], object] = bool) -> Iterator[Child]:
    """A child that shares all memory of this process as it is now."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads at fork: see engine.forking
        child = Child(act)
    try:
        yield child
    finally:
        child.reap()
