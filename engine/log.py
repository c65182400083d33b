"""The engine's log, line by line as Redis 7.0 writes it: `pid:role date level text`.

A line is one write(2) on a descriptor opened with O_APPEND (the log file is opened anew for every
line, so that it may be rotated), so lines of parent and child never mix. Nothing is buffered, and
no lock is taken that a thread of the parent could hold while it forks: not Python's, and not the C
library's, which localtime(3), gmtime(3) and strftime(3) share. The date is computed here, from an
offset to UTC that only the parent asks for.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from engine.events import LogLevel

LEVELS = {"debug": ".", "verbose": "-", "notice": "*", "warning": "#"}
"""The names of `loglevel`, from the least to the most important, and the characters for them."""
FROM_HANDLER = "signal-handler"
"""In place of a level's character: the line that Redis writes from within a signal handler."""
_RANK = {character: rank for rank, character in enumerate(LEVELS.values())}
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
"""In English in every locale, as in Redis (whose locale is C)."""
_EPOCH = datetime(1970, 1, 1)
_OFFSET_LASTS = 600.0
"""Seconds after which the offset to UTC is asked for again: daylight saving may have begun."""
_KEPT = 100


class Logger:
    """Writes the log to a file, or to the standard output where `logfile` is empty."""

    def __init__(self, logfile: str = "", loglevel: str = "notice") -> None:
        self.logfile = logfile
        self.loglevel = loglevel
        self.on_line: Callable[[LogLevel, str], object] | None = None
        """Hears (level character, text) of this process' lines, on the thread that logs them."""
        self._pid = os.getpid()
        self._lines: deque[tuple[float, str, str]] = deque(maxlen=_KEPT)
        self._offset = 0
        self._offset_until = 0.0

    def log(self, level: str, text: str) -> None:
        """Log a line; `level` is its character. Lines below `loglevel` are dropped.

        A log that can't be written stops nothing, as in Redis.
        """
        if level == FROM_HANDLER:
            self._log_from_handler(text)
            return
        if _RANK[level] < _RANK[LEVELS[self.loglevel]]:
            return
        pid, now = os.getpid(), time.time()
        if pid == self._pid and now >= self._offset_until:
            self._offset = time.localtime(now).tm_gmtoff
            self._offset_until = now + _OFFSET_LASTS
        role = "M" if pid == self._pid else "C"
        line = f"{pid}:{role} {_date(now + self._offset)} {level} {text}\n"
        with contextlib.suppress(OSError):
            self._write(line.encode("utf-8", "backslashreplace"))
        if pid == self._pid:
            self.heard(level, text)

    def _log_from_handler(self, text: str) -> None:
        """`pid:signal-handler (unix seconds) text`, at every loglevel (serverLogFromHandler())."""
        pid = os.getpid()
        line = f"{pid}:{FROM_HANDLER} ({int(time.time())}) {text}\n"
        with contextlib.suppress(OSError):
            self._write(line.encode())
        if pid == self._pid:
            self.heard(LEVELS["warning"], text)

    def heard(self, level: str, text: str) -> None:
        """Keep a line and tell it on; a child's lines come this way, for it wrote them itself."""
        if _RANK[level] >= _RANK[LEVELS[self.loglevel]]:
            self._lines.append((time.monotonic(), level, text))
            if self.on_line is not None:
                self.on_line(cast("LogLevel", level), text)  # one of them, or it had no rank

    def debug(self, text: str) -> None:
        """Log what only a developer wants to know."""
        self.log(".", text)

    def verbose(self, text: str) -> None:
        """Log what is seldom needed."""
        self.log("-", text)

    def notice(self, text: str) -> None:
        """Log what an operator wants to know."""
        self.log("*", text)

    def warning(self, text: str) -> None:
        """Log what an operator must know."""
        self.log("#", text)

    def ring(self) -> list[tuple[float, str, str]]:
        """(CLOCK_MONOTONIC seconds, level character, text) of the last 100 lines, oldest first."""
        return list(self._lines)

    def _write(self, line: bytes) -> None:
        if not self.logfile:
            os.write(1, line)
            return
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        file = os.open(self.logfile, flags, 0o644)
        try:
            os.write(file, line)
        finally:
            os.close(file)


def _date(seconds: float) -> str:
    """`21 Nov 2026 07:04:09.559`, of Unix seconds that are local already."""
    at = _EPOCH + timedelta(seconds=seconds)
    clock = f"{at.hour:02}:{at.minute:02}:{at.second:02}.{at.microsecond // 1000:03}"
    return f"{at.day:02} {_MONTHS[at.month - 1]} {at.year} {clock}"
