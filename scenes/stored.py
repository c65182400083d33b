"""Stored events: those of a recording's file, read chunk by chunk where they are asked for."""

from __future__ import annotations

import bisect
import os
import zlib
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import IO, overload

import msgspec

from engine.events import AnyEvent
from scenes.chunks import BrokenChunkError, Chunk, chunks
from scenes.errors import SceneError
from scenes.marks import Mark
from scenes.sayings import trouble

MAGIC = "cowscope-recording"
VERSION = 3
WITHOUT_SCENE = 2
"""The version of a recording that names its scene only; read and written, too."""
UNPACKED = 8
"""Chunks kept unpacked after they were looked at: some 8,000 events."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Where and when a recording was made; `date` is what its maker says, in ISO 8601."""

    magic: str = MAGIC
    version: int = WITHOUT_SCENE
    scene: str = ""
    page_size: int = 4096
    kernel: str = ""
    date: str = ""
    seed: int = 0
    arena_pages: int = 0
    edition: str = ""
    """Of the code that made its checkpoints; empty where it has none."""


class SaysMagic(msgspec.Struct, frozen=True):
    """A first line without magic is no header, whatever it says: other formats have one, too."""

    magic: str = ""


class AboutEvents(msgspec.Struct, frozen=True, kw_only=True):
    """Of a chunk of events: the first one's index, how many, their times, gaps and marks."""

    first: int
    count: int
    first_at: float
    last_at: float
    missed: int
    marks: list[Mark]


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Of a checkpoint: the last event in it."""

    index: int


class AboutScene(msgspec.Struct, frozen=True, kw_only=True):
    """Of the scene's own files: how many there are."""

    files: int


class AboutEnd(msgspec.Struct, frozen=True, kw_only=True):
    """Of the end: how many events there are."""

    count: int


_events = msgspec.json.Decoder(AnyEvent)
_about_events = msgspec.msgpack.Decoder(AboutEvents)
_about = msgspec.msgpack.Decoder(About)
_about_scene = msgspec.msgpack.Decoder(AboutScene)
_files = msgspec.json.Decoder(dict[str, str])
_about_end = msgspec.msgpack.Decoder(AboutEnd)


class StoredEvents(Sequence[AnyEvent]):
    """The events of a file that stands after its header, as a sequence; keeps the file open.

    What of the file is not whole is told by `damage` (empty: all is), and is not in here.
    """

    def __init__(self, path: str, file: IO[bytes], seed: int, edition: str) -> None:
        self.path = path
        self.edition = edition
        self.damage = ""
        self.marks: list[Mark] = []
        self.missed = 0
        self.views: list[int] = []
        """Indices of the events after which there is a checkpoint of the view."""
        self.evidences: list[int] = []
        self._file = os.dup(file.fileno())
        self._length = 0
        self._starts: list[int] = []
        self._chunks: list[Chunk] = []
        self._kept: dict[tuple[bytes, int], Chunk] = {}
        self._scene: Chunk | None = None
        self._unpacked: dict[int, list[AnyEvent]] = {}
        self._scan(file, seed)

    def __del__(self) -> None:
        os.close(self._file)

    def _scan(self, file: IO[bytes], seed: int) -> None:
        ended = False
        start = file.tell()
        try:
            for found in chunks(file, seed):
                if ended:
                    raise BrokenChunkError(start, cut=False)
                ended = self._take(found, start)
                start = found.offset + found.size
        except BrokenChunkError as err:
            self.damage = str(err)
        except msgspec.MsgspecError:
            self.damage = trouble("stored.damaged", offset=start)
        if not ended and not self.damage:
            self.damage = trouble("stored.breaks_off", offset=start)

    def _take(self, found: Chunk, start: int) -> bool:
        """Note a chunk; whether it is the end."""
        match found.kind:
            case b"E":
                about = _about_events.decode(found.about)
                if about.first != self._length or about.count < 1:
                    raise BrokenChunkError(start, cut=False)
                self._starts.append(about.first)
                self._chunks.append(found)
                self._length += about.count
                self.missed += about.missed
                self.marks += about.marks
            case b"V" | b"F":
                index = _about.decode(found.about).index
                if index != self._length - 1:
                    raise BrokenChunkError(start, cut=False)
                (self.views if found.kind == b"V" else self.evidences).append(index)
                self._kept[found.kind, index] = found
            case b"S":
                if self._length or self._scene or _about_scene.decode(found.about).files < 1:
                    raise BrokenChunkError(start, cut=False)
                self._scene = found
            case b"Z":
                if _about_end.decode(found.about).count != self._length:
                    raise BrokenChunkError(start, cut=False)
                return True
            case _:
                raise BrokenChunkError(start, cut=False)
        return False

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> AnyEvent: ...

    @overload
    def __getitem__(self, index: slice) -> list[AnyEvent]: ...

    def __getitem__(self, index: int | slice) -> AnyEvent | list[AnyEvent]:
        if isinstance(index, slice):
            start, stop, step = index.indices(self._length)
            if step == 1:
                return list(chain.from_iterable(self.slices(start, stop)))
            return [self[at] for at in range(start, stop, step)]
        if not -self._length <= index < self._length:
            raise IndexError(
                trouble("stored.no_event", index=str(index), recorded_events=str(self._length))
            )
        index %= self._length
        number = bisect.bisect_right(self._starts, index) - 1
        return self._block(number)[index - self._starts[number]]

    def __iter__(self) -> Iterator[AnyEvent]:
        return chain.from_iterable(self.slices(0, self._length))

    def slices(self, start: int, stop: int) -> Iterator[list[AnyEvent]]:
        """Events `start` to `stop` - 1, a chunk's at a time: many times faster than one by one."""
        number = max(bisect.bisect_right(self._starts, start) - 1, 0)
        while number < len(self._chunks) and self._starts[number] < stop:
            first = self._starts[number]
            yield self._block(number)[max(start - first, 0) : stop - first]
            number += 1

    def checkpoint(self, kind: bytes, index: int) -> bytes:
        """What the checkpoint after event `index` holds: b"V" the view, b"F" the evidence."""
        return self._read(self._kept[kind, index])

    def scene_files(self) -> dict[str, str]:
        """The files of the scene that was played, by name; empty where the header names it."""
        if self._scene is None:
            return {}
        try:
            return _files.decode(zlib.decompress(self._read(self._scene)))
        except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError) as err:
            offset = self._scene.offset
            raise SceneError(trouble("stored.no_scene", path=self.path, offset=offset)) from err

    def _block(self, number: int) -> list[AnyEvent]:
        block = self._unpacked.pop(number, None)
        if block is None:
            found = self._chunks[number]
            try:
                block = _events.decode_lines(zlib.decompress(self._read(found)))
            except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError) as err:
                raise SceneError(
                    trouble("stored.no_events_there", path=self.path, offset=found.offset)
                ) from err
        self._unpacked[number] = block  # the youngest is last
        if len(self._unpacked) > UNPACKED:
            del self._unpacked[next(iter(self._unpacked))]
        return block

    def _read(self, found: Chunk) -> bytes:
        try:
            os.lseek(self._file, found.offset, os.SEEK_SET)
            return os.read(self._file, found.size)
        except OSError as err:
            raise SceneError(
                trouble("stored.cannot_read", path=str(self.path), strerror=str(err.strerror))
            ) from err
