"""Recordings: the events of a run in one file, to be shown again anywhere.

The format (version 1): gzip over UTF-8 lines. The first line is the header, a JSON object with
`magic` "cowscope-recording", `version`, and where the run took place; every further line is one
event as the engine publishes it. A recording is written to `FILE.part` and gets its name when it
is complete, so that an older one is never lost to a failed attempt.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from types import TracebackType

import msgspec

from engine.events import AnyEvent, Event, Gap, decode, encode
from scenes.errors import SceneError

MAGIC = "cowscope-recording"
VERSION = 1


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Where and when a recording was made; `date` is what its maker says, in ISO 8601."""

    magic: str = MAGIC
    version: int = VERSION
    scene: str = ""
    page_size: int = 4096
    kernel: str = ""
    date: str = ""
    seed: int = 0
    arena_pages: int = 0


class RecordingWriter:
    """Writes events as they come; a context manager that gives the file its name at the end.

    Made without a header it holds the place: `begin` follows, or there will be no file.
    """

    def __init__(self, path: str, header: Header | None = None) -> None:
        self.path = path
        self._part = path + ".part"
        self._begun = False
        if os.path.isdir(path):
            raise SceneError(f"cannot record to {path}: it is a folder; name a file in it")
        try:
            # mtime 0: the same events make the same bytes.
            self._raw = open(self._part, "wb")  # noqa: SIM115 (closed by close)
        except OSError as err:
            raise SceneError(f"cannot record to {path}: {err.strerror}") from err
        self._file = gzip.GzipFile(filename="", mode="wb", fileobj=self._raw, mtime=0)
        if header is not None:
            self.begin(header)

    def begin(self, header: Header) -> None:
        """Write the header, which comes before all events."""
        self._begun = True
        self._file.write(msgspec.json.encode(header) + b"\n")

    def append(self, event: Event) -> None:
        """Write one event."""
        self._file.write(encode(event) + b"\n")

    def close(self) -> None:
        """Complete the file and give it its name; raises SceneError when the disk refuses."""
        if self._raw.closed:
            return
        try:
            self._file.close()
            self._raw.close()
            if self._begun:
                os.replace(self._part, self.path)
            else:
                os.unlink(self._part)
        except OSError as err:
            raise SceneError(f"cannot complete the recording {self.path}: {err.strerror}") from err

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class DamagedRecordingError(SceneError):
    """A recording that breaks off or is broken; `events` are those before the damage."""

    def __init__(self, message: str, events: list[AnyEvent]) -> None:
        super().__init__(message)
        self.events = events


class Recording(msgspec.Struct, frozen=True):
    header: Header
    events: list[AnyEvent]

    @property
    def missing(self) -> int:
        """Events that were missed when it was made, or are not in the file any more."""
        return sum(event.missed for event in self.events if isinstance(event, Gap))

    @property
    def seconds(self) -> float:
        """From the first event to the last."""
        return self.events[-1].at - self.events[0].at if self.events else 0.0

    def timed(self, pace: float = 1.0) -> Iterator[tuple[float, AnyEvent]]:
        """(seconds since the start at `pace`, event), never going back."""
        latest = 0.0
        for event in self.events:
            latest = max(latest, (event.at - self.events[0].at) / pace)
            yield latest, event


def read_header(path: str) -> Header:
    """The header alone: cheap, for menus. Raises SceneError as `read` does."""
    with _opened(path) as file:
        return _header(path, _line(path, file, []))


def read(path: str) -> Recording:
    """The whole recording, with a `gap` where its numbers leave something out.

    Raises SceneError for a file that is none, and DamagedRecordingError, which names the line and
    keeps the events before it, for one that is broken.
    """
    events: list[AnyEvent] = []
    try:
        header = _read_into(events, path)
    except DamagedRecordingError as err:
        err.events = _with_gaps(err.events)
        raise
    return Recording(header, _with_gaps(events))


def _read_into(events: list[AnyEvent], path: str) -> Header:
    with _opened(path) as file:
        header = _header(path, _line(path, file, events))
        while line := _line(path, file, events):
            try:
                events.append(decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError) as err:
                raise DamagedRecordingError(
                    f"{path}: line {len(events) + 2} is no event ({err}); {len(events):,} events"
                    f" before it are whole",
                    events,
                ) from err
    return header


def _with_gaps(events: list[AnyEvent]) -> list[AnyEvent]:
    """The same with a `gap` wherever the numbers leave something out; 0 is no number."""
    whole: list[AnyEvent] = []
    before = 0
    for event in events:
        if event.seq > before + 1:
            missed = event.seq - before - 1
            whole.append(Gap(missed=missed, seq=event.seq - 1, run=event.run, at=event.at))
        before = event.seq or before
        whole.append(event)
    return whole


def _opened(path: str) -> gzip.GzipFile:
    try:
        return gzip.open(path, "rb")
    except OSError as err:
        raise SceneError(f"cannot open the recording {path}: {err.strerror}") from err


def _line(path: str, file: gzip.GzipFile, events: list[AnyEvent]) -> bytes:
    try:
        return file.readline()
    except gzip.BadGzipFile as err:
        if not events:
            raise SceneError(f"{path} is no recording: it is not gzip data") from err
        raise _damaged(path, events) from err
    except IsADirectoryError as err:
        raise SceneError(f"{path} is a folder, not a recording") from err
    except EOFError as err:
        size = os.path.getsize(path)
        raise _damaged(path, events, f"breaks off after {size:,} bytes, at") from err
    except (zlib.error, OSError) as err:
        raise _damaged(path, events) from err


def _damaged(
    path: str, events: list[AnyEvent], how: str = "is damaged at"
) -> DamagedRecordingError:
    return DamagedRecordingError(
        f"{path} {how} line {len(events) + 2}; {len(events):,} events before it are whole", events
    )


def _header(path: str, line: bytes) -> Header:
    try:
        header = msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise SceneError(f"{path} is no recording: its first line is no header") from err
    if header.magic != MAGIC:
        raise SceneError(f"{path} is no recording: its header says '{header.magic}'")
    if header.version > VERSION:
        raise SceneError(
            f"{path} has version {header.version}; this program reads up to {VERSION}: update it"
        )
    return header
