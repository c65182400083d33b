"""The garbage collector, held back while many events are made at once.

Each of some ten thousand new objects counts towards a collection of everything that the program
has, which would take longer than the work itself. What is made here forms no cycles; and what was
loaded at the start stays until the end, so that no collection need look at it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_back() -> Iterator[None]:
    """No collection in here, where there would be one after it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def leave_out_loaded() -> None:
    """Of what there is by now no collection is made any more: a full one takes 20 ms of a seek.

    For a program that has just started, once: what is garbage already, and a cycle, stays.
    """
    gc.freeze()
