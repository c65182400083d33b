"""Version 1 of the recordings: gzip over lines, the header and then an event each; read whole."""

from __future__ import annotations

import gzip
import os
import zlib

import msgspec

from engine.events import AnyEvent, decode
from scenes.errors import SceneError
from scenes.sayings import trouble

MAGIC = b"\x1f\x8b"
"""What gzip data begins with."""


def first_line(path: str) -> bytes:
    """The header's line; raises SceneError."""
    line, _, damage = _read(path, most=0)
    if not line:
        raise SceneError(f"{path} {damage or trouble('recording_v1.empty')}")
    return line


def lines(path: str) -> tuple[list[AnyEvent], str]:
    """The events up to the end or to a damage, and what that is, in words; empty for none."""
    _, found, damage = _read(path)
    return found, damage


def _read(path: str, most: int | None = None) -> tuple[bytes, list[AnyEvent], str]:
    """(first line, at most so many events after it, damage)."""
    header, found = b"", list[AnyEvent]()
    with open(path, "rb") as raw, gzip.GzipFile(fileobj=raw) as file:
        try:
            header = file.readline()
            while len(found) != most and (line := file.readline()):
                found.append(decode(line))
        except EOFError:
            size = os.path.getsize(path)
            return (
                header,
                found,
                trouble("recording_v1.breaks_off", offset=size, line=str(len(found) + 2)),
            )
        except (msgspec.DecodeError, UnicodeDecodeError, zlib.error, OSError):
            # A bad gzip header or sum is an OSError. The reader may be some KiB ahead of a damage.
            place = str(len(found) + 2)
            return header, found, trouble("recording_v1.damaged", offset=raw.tell(), line=place)
    return header, found, ""
