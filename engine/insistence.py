"""Signals during a save that keeps everybody waiting: a second wish to end is obeyed at once.

The event loop's handlers can't run meanwhile, so for this stretch Python's own are in their place.
The first signal waits as ever: the loop hears of it, too, and acts when the save is over. A SIGINT
behind it ends the process; a second SIGTERM does not. Source: sigShutdownHandler() in server.c
(Redis 7.0.15).
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn

_NUMBERS = (signal.SIGTERM, signal.SIGINT)


@contextlib.contextmanager
def obeyed(leave: Callable[[], NoReturn], *, asked: bool) -> Iterator[None]:
    """While entered, a SIGINT calls `leave` if a signal came before it; `asked`: one has."""

    def on_signal(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked and number == signal.SIGINT:
            leave()
        asked = True

    with handled(on_signal):
        yield


@contextlib.contextmanager
def handled(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """While entered, SIGTERM and SIGINT are the handler's, which runs between two bytecodes.

    Does nothing outside the main thread, to which alone signals come.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in _NUMBERS}
    try:
        yield
    finally:
        for number, handler_before in before.items():
            signal.signal(number, handler_before)
