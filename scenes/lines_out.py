"""Lines on their way out, written by a thread of their own: a slow reader stalls nobody.

`cowscope run 04 | less` stops reading when a page is full; the scene's clock does not stop for it.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TextIO

PATIENCE = 1.0
"""Seconds that an aborted run waits for a reader that does not read."""


class LinesOut:
    """Writes lines to `out` in order; `on_deserted` is called, in the thread, when nobody reads."""

    def __init__(self, out: TextIO, on_deserted: Callable[[], object] = lambda: None) -> None:
        self.deserted = False
        """The reader has closed its end."""
        self._on_deserted = on_deserted
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._put = _writer(out)
        self._thread = threading.Thread(target=self._write, name="lines_out", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Have one line written; returns at once."""
        self._lines.put(line)

    def close(self, *, abort: bool = False) -> None:
        """Wait until everything is written; not for long if the run was aborted."""
        self._lines.put(None)
        self._thread.join(PATIENCE if abort else None)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            if self.deserted:
                continue
            try:
                self._put(line + "\n")
            except (OSError, ValueError):
                self.deserted = True
                self._on_deserted()


def _writer(out: TextIO) -> Callable[[str], object]:
    """Bare write(2) where there is a descriptor: no lock is held while a reader makes us wait."""
    try:
        out.flush()
        fd = out.fileno()
    except (OSError, io.UnsupportedOperation, AttributeError):
        return out.write
    encoding = out.encoding or "utf-8"

    def write(text: str) -> None:
        data = text.encode(encoding, "replace")
        while data:
            data = data[os.write(fd, data) :]

    return write
