"""The AOF's manifest: which files, in which order, are the database.

One line a file, `file NAME seq N type T`, T being b (base: the whole state at some moment), h
(history: superseded, to be deleted) or i (increment: the commands since then). At most one base,
which is loaded first; then the increments, whose sequence numbers grow. The order of the lines is
base, history, increments.

Everything here is pure: editing returns a new manifest, reading and writing files is aof_folder's.
Names are file names as os.fsdecode gives them. Source: Redis 7.0.15, aof.c.
"""

from __future__ import annotations

import os
import re
from typing import Literal, cast

import msgspec

from engine.errors import EngineError
from engine.inline import quote, shown, split_arguments

MAX_LINE = 1024
_MAX_SEQ = (1 << 63) - 1
_NUMBER = re.compile(rb"\s*([+-]?\d+)")
_PLAIN = re.compile(rb"[!-~]+")
_TOO_LONG = "The AOF manifest file contains too long line"
_SPECIAL = re.compile(rb"[\\\"']")

FileType = Literal["b", "h", "i"]


class ManifestError(EngineError):
    """A manifest that cannot be trusted: the server must not start on it."""

    def __init__(self, what: str, number: int = 0, line: bytes = b"", why: str = "") -> None:
        """`what` is Redis' message, `why` says more where that message misleads."""
        self.what = what
        self.reason = why or what
        if number:
            self.reason += f", line {number} ({shown(line, 80)})"
        super().__init__(f"AOF manifest: {self.reason}")
        self.log_lines = ["*** FATAL AOF MANIFEST FILE ERROR ***"]
        """What Redis logs, all at warning level."""
        if line and not why:
            text = line.decode("utf-8", "backslashreplace")
            self.log_lines += [f"Reading the manifest file, at line {number}", f">>> '{text}'"]
        self.log_lines.append(what)

    def of(self, path: str) -> EngineError:
        """The error of the file at `path`, with what to do."""
        return EngineError(
            f"Can't use the AOF manifest {path}: {self.reason}. Restore it from a backup: it says "
            "which files, in which order, are the database."
        )


class ManifestFile(msgspec.Struct, frozen=True):
    """One line."""

    name: str
    seq: int
    type: FileType


class Manifest(msgspec.Struct, frozen=True):
    """The files that are the database, and those that have been."""

    base: ManifestFile | None = None
    history: tuple[ManifestFile, ...] = ()
    increments: tuple[ManifestFile, ...] = ()

    @property
    def files(self) -> tuple[ManifestFile, ...]:
        """What is loaded, in order."""
        return (self.base, *self.increments) if self.base else self.increments

    def with_base(self, prefix: str, seq: int = 0, *, rdb: bool = True) -> Manifest:
        """A new base in front, the old one history; `seq` is the next number unless given."""
        seq = seq or (self.base.seq + 1 if self.base else 1)
        name = f"{prefix}.{seq}.base.{'rdb' if rdb else 'aof'}"
        history = self.history
        if self.base:
            history = (ManifestFile(self.base.name, self.base.seq, "h"), *history)
        return Manifest(ManifestFile(name, seq, "b"), history, self.increments)

    def with_increment(self, prefix: str, seq: int = 0) -> Manifest:
        """A new increment at the end; `seq` is the next number unless given."""
        seq = seq or (self.increments[-1].seq + 1 if self.increments else 1)
        increment = ManifestFile(f"{prefix}.{seq}.incr.aof", seq, "i")
        return Manifest(self.base, self.history, (*self.increments, increment))


def format_manifest(manifest: Manifest) -> bytes:
    """The manifest's text."""
    base = (manifest.base,) if manifest.base else ()
    lines = [
        b"file %b seq %d type %b\n" % (_quoted(file.name), file.seq, file.type.encode())
        for file in (*base, *manifest.history, *manifest.increments)
    ]
    return b"".join(lines)


def parse_manifest(data: bytes) -> Manifest:
    """The manifest in a file's bytes; raises ManifestError with Redis' message."""
    base: ManifestFile | None = None
    history: list[ManifestFile] = []
    increments: list[ManifestFile] = []
    lines = _lines(data)
    if not lines:
        raise ManifestError("Found an empty AOF manifest")
    for number, line in enumerate(lines, 1):
        if line.startswith(b"#"):
            continue
        file = _parse_line(number, line)
        text = line.strip(b" \t\r\n")
        if file.type == "b":
            if base is not None:
                raise ManifestError("Found duplicate base file information", number, text)
            base = file
        elif file.type == "h":
            history.append(file)
        else:
            if file.seq <= (increments[-1].seq if increments else 0):
                raise ManifestError("Found a non-monotonic sequence number", number, text)
            increments.append(file)
    return Manifest(base, tuple(history), tuple(increments))


def _lines(data: bytes) -> list[bytes]:
    """As fgets(3) with Redis' buffer reads them: a longer line comes in pieces."""
    lines: list[bytes] = []
    at = 0
    while at < len(data):
        end = data.find(b"\n", at, at + MAX_LINE) + 1 or min(at + MAX_LINE, len(data))
        lines.append(data[at:end])
        at = end
    return lines


def _parse_line(number: int, line: bytes) -> ManifestFile:
    if not line.endswith(b"\n") or b"\0" in line:
        raise ManifestError(_TOO_LONG, number, line, _why_no_line(line))
    text = line.strip(b" \t\r\n")
    words = split_arguments(text) if text else None
    if words is None or len(words) < 6 or len(words) % 2:
        raise ManifestError("Invalid AOF manifest file format", number, text)
    _refuse_repetition(number, text, [word.lower() for word in words[::2]])
    name, seq, kind = b"", 0, b""
    for key, value in zip(words[::2], words[1::2], strict=True):
        match key.lower():
            case b"file":
                if b"/" in value:
                    raise ManifestError("File can't be a path, just a filename", number, text)
                name = value
            case b"seq":
                digits = _NUMBER.match(value)
                seq = int(digits[1]) if digits else 0
            case b"type":
                kind = value[:1]
    if not name or b"\0" in name or not seq or abs(seq) > _MAX_SEQ or not kind:
        raise ManifestError("Invalid AOF manifest file format", number, text)
    if kind not in (b"b", b"h", b"i"):
        raise ManifestError("Unknown AOF file type", number, text)
    return ManifestFile(os.fsdecode(name), seq, cast(FileType, kind.decode()))


def _refuse_repetition(number: int, text: bytes, keys: list[bytes]) -> None:
    """Raise where one damaged line end has made one line of two: Redis takes the last of each."""
    if len(set(keys)) < len(keys):
        raise ManifestError(
            "Invalid AOF manifest file format",
            number,
            text,
            why="A word such as 'file' stands in the line twice",
        )


def _why_no_line(line: bytes) -> str:
    """What is wrong with a line that Redis, reading C strings, can only call too long."""
    if b"\0" in line:
        return "Found a NUL byte in a line"
    if len(line) < MAX_LINE:
        return "The last line does not end in a line feed"
    return f"Found a line of more than {MAX_LINE} bytes"


def _quoted(name: str) -> bytes:
    raw = os.fsencode(name)
    return raw if _PLAIN.fullmatch(raw) and not _SPECIAL.search(raw) else quote(raw)
