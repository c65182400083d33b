"""Textual's driver for terminals, made to end when its terminal has gone.

A terminal that hangs up sends SIGHUP and SIGCONT (Linux, drivers/tty/tty_jobctrl.c), and from then
on every write fails with EIO. Textual 8 starts over at any SIGCONT, and its writing thread ends at
the first EIO: whoever writes next waits for ever as soon as the thread's queue is full.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from typing import IO, Any

from textual.drivers.linux_driver import LinuxDriver


class TerminalDriver(LinuxDriver):
    """Resumes only what was suspended, and leaves the app when nobody can read any more."""

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self._file: Any = Output(self._file, self._terminal_is_gone)
        self._loop = asyncio.get_running_loop()

    def _sigcont_application(self, *arguments: Any) -> None:
        if self._must_signal_resume:
            super()._sigcont_application(*arguments)

    def _terminal_is_gone(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the app has left already
            self._loop.call_soon_threadsafe(self._app.exit, 128 + signal.SIGHUP)


class Output:
    """A terminal's file that tells once when it can't be written, and takes the rest in silence."""

    def __init__(self, file: IO[str], on_gone: Callable[[], object]) -> None:
        self._file = file
        self._on_gone = on_gone
        self.is_gone = False

    def write(self, text: str) -> None:
        """Write, or note that the terminal is gone."""
        self._unless_gone(lambda: self._file.write(text))

    def flush(self) -> None:
        """Flush, or note that the terminal is gone."""
        self._unless_gone(self._file.flush)

    def fileno(self) -> int:
        """The descriptor."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._file.isatty()

    def _unless_gone(self, work: Callable[[], object]) -> None:
        if self.is_gone:
            return
        try:
            work()
        except OSError:
            self.is_gone = True
            self._on_gone()
