"""Writes that come too fast to be told one by one: counted now, put into words when they are sent.

At 20,000 writes a second the screen can show none of them singly, and describing each would cost
more than executing it. A burst keeps what cannot be recomputed (counts, pages, offsets) and the
last commands as bytes; text is made once a flush.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from engine.aof_text import resp_text
from engine.events import AofAppend, AofWrite, Command, Event
from engine.redaction import redacted

MAX_ARGUMENT = 64
MAX_ARGUMENTS = 8
MAX_PAIRS = 4096
"""(page, key) pairs in one event; what is more is counted."""
MAX_ENDS = 128
"""Offsets of single commands that a merged append still gives: as many as a ribbon shows."""
_LAST = 4
"""Commands whose bytes a merged append still shows."""
_TEXT_CELLS = 120


class Burst:
    """One run of merged commands, one of appends, one of writes."""

    def __init__(self) -> None:
        self.empty = True
        self._clear()

    def _clear(self) -> None:
        self.empty = True
        self._commands = self._dirty = self._nanoseconds = self._number = 0
        self._client = ""
        self._argv: Sequence[bytes] = ()
        self._pages: dict[int, bytes] = {}
        self._file = ""
        self._append_start = self._append_end = self._appends = 0
        self._last: deque[bytes] = deque(maxlen=_LAST)
        self._ends: deque[int] = deque(maxlen=MAX_ENDS)
        self._write_start = self._write_end = self._writes = self._write_usec = 0

    def command(
        self, client: str, argv: Sequence[bytes], changes: int, nanoseconds: int, number: int = 0
    ) -> dict[int, bytes]:
        """A write command; the caller adds its (page, key) pairs to the dictionary returned."""
        self.empty = False
        self._commands += 1
        self._dirty += changes
        self._nanoseconds += nanoseconds
        self._client, self._argv, self._number = client, argv, number
        return self._pages

    def is_of(self, file: str) -> bool:
        """Whether offsets of `file` can join those that are here already."""
        return not self._file or self._file == file

    def append(self, file: str, start: int, end: int, data: bytes) -> None:
        """Bytes entered aof_buf."""
        self.empty = False
        if not self._appends:
            self._append_start = start
        self._file, self._append_end = file, end
        self._appends += 1
        self._last.append(data)
        self._ends.append(end)

    def write(self, file: str, start: int, end: int, usec: int) -> None:
        """write(2) returned."""
        self.empty = False
        if not self._writes:
            self._write_start = start
        self._file, self._write_end = file, end
        self._writes += 1
        self._write_usec += usec

    def end(self, at: float) -> list[Event]:
        """The run, which ended at `at`, as events: commands, appends, writes; then it is empty."""
        events: list[Event] = []
        if self._commands:
            pairs = [(page, text_of(key)) for page, key in list(self._pages.items())[:MAX_PAIRS]]
            events.append(
                Command(
                    at=at,
                    client=self._client,
                    argv=printable(self._argv),
                    usec=self._nanoseconds // 1000,
                    dirty=self._dirty,
                    pages=pairs,
                    pages_more=max(0, len(self._pages) - MAX_PAIRS),
                    merged=self._commands,
                    number=self._number,
                )
            )
        if self._appends:
            events.append(
                AofAppend(
                    at=at,
                    file=self._file,
                    start=self._append_start,
                    end=self._append_end,
                    text=" ".join(resp_text(data, _TEXT_CELLS) for data in self._last),
                    merged=self._appends,
                    ends=list(self._ends) if self._appends > 1 else [],
                )
            )
        if self._writes:
            events.append(
                AofWrite(
                    at=at,
                    file=self._file,
                    start=self._write_start,
                    end=self._write_end,
                    usec=self._write_usec,
                    merged=self._writes,
                )
            )
        self._clear()
        return events


def printable(argv: Sequence[bytes]) -> list[str]:
    """A command's words for a screen: few, short, and never a password."""
    words = [text_of(word) for word in redacted(argv[:MAX_ARGUMENTS])]
    if len(argv) > MAX_ARGUMENTS:
        words.append(f"... ({len(argv) - MAX_ARGUMENTS} more)")
    return words


def text_of(word: bytes) -> str:
    """One word, escaped where it is not text, cut where it is long."""
    text = word[:MAX_ARGUMENT].decode("utf-8", "backslashreplace")
    if not text.isprintable():
        text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return text if len(word) <= MAX_ARGUMENT else f"{text}... ({len(word)} bytes)"
