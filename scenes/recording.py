"""Recordings: the events of a run in one file, to be shown again anywhere.

The format (version 3, and 2, which has no S): the first line is the header, a JSON object with
`magic` "cowscope-recording", `version`, and where the run took place. Then come chunks, whose frame
is `scenes/chunks.py`:

    S   the files of the scene, a JSON object from name to text, where it is none of the course: so
        that it can be shown where its author's folder is not; the map says how many
    E   some hundreds of events, one JSON object a line, as the engine publishes them; the map says
        the first one's index, their count, their first and last `at`, what was missed, the marks
    V   a checkpoint (`scenes/checkpoint.py`): the view after the last event before it, whose index
        the map says; good for the `edition` of the program that the header names
    F   the same of the evidence, from which figures are taken
    Z   the end: the map says how many events there are

What a chunk holds is packed by zlib. The index, the maps, is spread over the file and written with
it: to open it is to read the maps and to check the sums; events are read where they are shown.
A recording is written to `FILE.part` and gets its name when it is complete, so that an older one is
never lost to a failed attempt. Version 1 (`scenes/recording_v1.py`) is read, too.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import IO

import msgspec

from engine.events import AnyEvent, Event, Gap, encode
from scenes import recording_v1
from scenes.chunks import chunk
from scenes.errors import SceneError
from scenes.keeping import CannotKeepError
from scenes.marks import Mark, Marker
from scenes.sayings import trouble
from scenes.scene import Scene
from scenes.stored import (
    MAGIC,
    VERSION,
    WITHOUT_SCENE,
    About,
    AboutEnd,
    AboutEvents,
    AboutScene,
    SaysMagic,
    StoredEvents,
)
from scenes.stored import Header as Header  # handed on

CHUNK = 768
"""Events in a chunk, behind which both checkpoints stand: a seek folds so many at most. With 512 it
takes a sixth less time in the median, and the file is a fifth larger; readers take any number."""
LEVEL = 9
"""zlib's."""
LONGEST_HEADER = 65_536
"""Bytes: a first line without an end is none."""


class RecordingWriter:
    """Writes events as they come; a context manager that gives the file its name at the end.

    Made without a header it holds the place: `begin` follows, or there will be no file. With the
    scene it writes checkpoints; `files` are those of a scene that is none of the course. Where the
    events' numbers leave something out it writes a `gap`.
    """

    def __init__(
        self,
        path: str,
        header: Header | None = None,
        scene: Scene | None = None,
        files: Mapping[str, str] | None = None,
    ) -> None:
        self.path = path
        self._part = path + ".part"
        self._seed = 0
        self._begun = False
        self._scene = scene
        self._files = files or {}
        self._follower: _Follower | None = None
        self._marker = Marker()
        self._batch: list[Event] = []
        self._marks: list[Mark] = []
        self._written = 0
        """Events in chunks."""
        self._seq = 0
        if os.path.isdir(path):
            raise SceneError(trouble("recording.target_is_a_folder", path=path))
        try:
            self._file = open(self._part, "wb")  # noqa: SIM115 (closed by close)
        except OSError as err:
            raise SceneError(
                trouble("recording.cannot_record", path=str(path), strerror=str(err.strerror))
            ) from err
        if header is not None:
            self.begin(header)

    def begin(self, header: Header) -> None:
        """Write the header, which comes before all events."""
        self._begun = True
        self._follower = _Follower(self._scene) if self._scene else None
        edition = self._follower.edition if self._follower else ""
        version = VERSION if self._files else WITHOUT_SCENE
        header = msgspec.structs.replace(header, version=version, edition=edition)
        line = msgspec.json.encode(header) + b"\n"
        self._seed = zlib.crc32(line)
        self._file.write(line)
        if self._files:
            text = msgspec.json.encode(dict(sorted(self._files.items())))
            self._write(b"S", AboutScene(files=len(self._files)), zlib.compress(text, LEVEL))

    def append(self, event: AnyEvent) -> None:
        """Take one event; a full chunk is written at once."""
        if event.seq > self._seq + 1:
            missed = event.seq - self._seq - 1
            self._take(Gap(missed=missed, seq=event.seq - 1, run=event.run, at=event.at))
        self._seq = event.seq or self._seq
        self._take(event)

    def _take(self, event: AnyEvent) -> None:
        mark = self._marker.hear(self._written + len(self._batch), event)
        if mark is not None:
            self._marks.append(mark)
        self._batch.append(event)
        if self._follower is not None:
            self._follower.add(event)
        if len(self._batch) == CHUNK:
            self._write_batch()
            if self._follower is not None:
                self._write_checkpoints(self._follower)
            self._file.flush()

    def _write_batch(self) -> None:
        about = AboutEvents(
            first=self._written,
            count=len(self._batch),
            first_at=self._batch[0].at,
            last_at=self._batch[-1].at,
            missed=sum(event.missed for event in self._batch if isinstance(event, Gap)),
            marks=self._marks,
        )
        self._write(b"E", about, zlib.compress(b"\n".join(map(encode, self._batch)), LEVEL))
        self._written += len(self._batch)
        self._batch, self._marks = [], []

    def _write_checkpoints(self, follower: _Follower) -> None:
        about = About(index=self._written - 1)
        self._write(b"V", about, follower.view())
        if data := follower.evidence():
            self._write(b"F", about, data)

    def _write(self, kind: bytes, about: msgspec.Struct, data: bytes) -> None:
        self._file.write(chunk(kind, msgspec.msgpack.encode(about), data, self._seed))

    def close(self) -> None:
        """Complete the file and give it its name; raises SceneError when the disk refuses."""
        if self._file.closed:
            return
        try:
            if self._begun:
                if self._batch:
                    self._write_batch()
                self._write(b"Z", AboutEnd(count=self._written), b"")
            self._file.close()
            if self._begun:
                os.replace(self._part, self.path)
            else:
                os.unlink(self._part)
        except OSError as err:
            raise SceneError(
                trouble(
                    "recording.cannot_complete", path=str(self.path), strerror=str(err.strerror)
                )
            ) from err

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Follower:
    """The view and the evidence of what is written, for checkpoints."""

    def __init__(self, scene: Scene) -> None:
        from scenes import checkpoint  # who only reads the header needs none of it
        from scenes.evidence import Evidence
        from scenes.fold import reduce
        from scenes.view import View

        self._checkpoint, self._reduce, self._cards = checkpoint, reduce, scene.cards
        self.edition = checkpoint.edition(scene)
        self._view = View()
        self._evidence = Evidence(populate=scene.populate, topics=scene.topics)

    def add(self, event: AnyEvent) -> None:
        self._view = self._reduce(self._view, event, self._cards)
        self._evidence.add(event)

    def view(self) -> bytes:
        return self._checkpoint.packed_view(self._view)

    def evidence(self) -> bytes:
        """Empty where a topic's gatherer cannot be kept: then it is gathered from the start."""
        try:
            return self._checkpoint.packed_evidence(self._evidence)
        except CannotKeepError:
            return b""


class DamagedRecordingError(SceneError):
    """A recording that breaks off or is broken; `events` are those before the damage."""

    def __init__(self, message: str, events: list[AnyEvent]) -> None:
        super().__init__(message)
        self.events = events


class Recording(msgspec.Struct, frozen=True):
    header: Header
    events: Sequence[AnyEvent]
    damage: str = ""
    """What is wrong with the file, in one line: its events end there."""

    def scene_files(self) -> dict[str, str]:
        """The scene's own files, by name; empty for a scene of the course."""
        return self.events.scene_files() if isinstance(self.events, StoredEvents) else {}

    @property
    def missing(self) -> int:
        """Events that were missed when it was made."""
        if isinstance(self.events, StoredEvents):
            return self.events.missed
        return sum(event.missed for event in self.events if isinstance(event, Gap))

    @property
    def seconds(self) -> float:
        """From the first event to the last."""
        return self.events[-1].at - self.events[0].at if self.events else 0.0

    def timed(self, pace: float = 1.0) -> Iterator[tuple[float, AnyEvent]]:
        """(seconds since the start at `pace`, event), never going back."""
        latest = 0.0
        first = self.events[0].at if self.events else 0.0
        for event in self.events:
            latest = max(latest, (event.at - first) / pace)
            yield latest, event


def read_header(path: str) -> Header:
    """The header alone: cheap, for menus. Raises SceneError as `opened` does."""
    file, header, _ = _begun(path)
    file.close()
    return header


def opened(path: str) -> Recording:
    """A recording whose events are read when they are asked for; a damaged one says so.

    Raises SceneError for a file that is none, and DamagedRecordingError where no event is whole.
    """
    file, header, seed = _begun(path)
    recorded: Sequence[AnyEvent]
    with file:
        if header.version == 1:
            found, damage = recording_v1.lines(path)
            recorded = _with_gaps(found)
        else:
            recorded = StoredEvents(path, file, seed, header.edition)
            damage = recorded.damage
    if damage:
        damage = trouble("recording.damaged", path=path, damage=damage, whole_events=len(recorded))
    if damage and not recorded:
        raise DamagedRecordingError(damage, [])
    return Recording(header, recorded, damage)


def read(path: str) -> Recording:
    """The whole recording in memory.

    Raises SceneError for a file that is none, and DamagedRecordingError, which says where and keeps
    the events before it, for one that is broken.
    """
    recording = opened(path)
    events = list(recording.events)
    if recording.damage:
        raise DamagedRecordingError(recording.damage, events)
    return Recording(recording.header, events)


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


def _begun(path: str) -> tuple[IO[bytes], Header, int]:
    """The file after its header, that, and the sum of its line."""
    try:
        file = open(path, "rb")  # noqa: SIM115 (handed on)
    except IsADirectoryError as err:
        raise SceneError(trouble("recording.is_a_folder", path=path)) from err
    except OSError as err:
        raise SceneError(
            trouble("recording.cannot_open", path=str(path), strerror=str(err.strerror))
        ) from err
    try:
        line = file.readline(LONGEST_HEADER)
        if line.startswith(recording_v1.MAGIC):
            return file, _header(path, recording_v1.first_line(path), gz=True), 0
        return file, _header(path, line), zlib.crc32(line)
    except BaseException:
        file.close()
        raise


def _header(path: str, line: bytes, gz: bool = False) -> Header:
    if not line.endswith(b"\n"):
        raise SceneError(trouble("recording.ends_or_is_binary", path=path, offset=len(line)))
    try:
        magic = msgspec.json.decode(line, type=SaysMagic).magic
        header = msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise SceneError(trouble("recording.no_header", path=path)) from err
    if magic != MAGIC or header.version < 1:
        says = magic if magic != MAGIC else f"version {header.version}"
        raise SceneError(trouble("recording.foreign_magic", path=path, magic=says))
    if header.version > VERSION:
        raise SceneError(
            trouble(
                "recording.newer_version",
                path=path,
                version=str(header.version),
                newest_known=str(VERSION),
            )
        )
    if gz != (header.version == 1):
        raise SceneError(
            trouble("recording.unlike_its_version", path=str(path), version=str(header.version))
        )
    return header
