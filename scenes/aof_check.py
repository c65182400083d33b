"""An independent look at an AOF: which commands a file holds, where the last whole one ends.

Reads RESP with code of its own, so that a mistake in the engine's writer cannot hide behind the
same mistake in the engine's reader.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from scenes.sayings import detail


class LogFile(msgspec.Struct, frozen=True):
    """What one file of an AOF holds."""

    commands: list[list[bytes]]
    """The whole ones, SELECT among them."""
    whole: int
    """Bytes up to the end of the last whole command."""
    size: int
    problem: str = ""
    """Why what follows is no beginning of a command."""


def log_file(folder: str, dirname: str, file: str) -> LogFile:
    """The AOF's last `file`, in `dirname` of the engine's folder or in the folder itself."""
    for path in (Path(folder, dirname, file), Path(folder, file)):
        if path.is_file():
            return parsed(path.read_bytes())
    return LogFile([], 0, 0, detail("aof_check.no_file", file=file))


def parsed(data: bytes) -> LogFile:
    """The whole commands that `data` begins with."""
    commands: list[list[bytes]] = []
    whole, problem = 0, ""
    try:
        while whole < len(data):
            words, whole = _command(data, whole)
            commands.append(words)
    except EOFError:
        pass
    except ValueError as err:
        problem = detail("aof_check.at_offset", offset=str(whole), why=str(err))
    return LogFile(commands, whole, len(data), problem)


def _command(data: bytes, at: int) -> tuple[list[bytes], int]:
    """One command and where it ends; EOFError if it is not all there, ValueError if it is none."""
    count, at = _number(data, at, b"*")
    words = []
    for _ in range(count):
        length, at = _number(data, at, b"$")
        if len(data) < at + length + 2:
            raise EOFError
        if data[at + length : at + length + 2] != b"\r\n":
            raise ValueError(detail("aof_check.no_line_end", length=str(length)))
        words.append(data[at : at + length])
        at += length + 2
    return words, at


def _number(data: bytes, at: int, kind: bytes) -> tuple[int, int]:
    end = data.find(b"\r\n", at)
    if end < 0:
        raise EOFError
    if data[at : at + 1] != kind or not data[at + 1 : end].isdigit():
        raise ValueError(
            detail("aof_check.number_expected", sign=kind.decode(), found=f"{data[at:end][:20]!r}")
        )
    return int(data[at + 1 : end]), end + 2
