"""What a rewritten log holds: its commands, counted and added up by name and first part of the key.

The session reads it when the rewrite is finished; what is appended later is not in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.events import AofFile, Contents, Rewrite
from scenes.contents import MOST_BYTES
from scenes.sayings import trouble

_DIRECTORY = "appendonlydir"
_MOST_GROUPS = 16


def after(event: Rewrite, folder: Path) -> Iterator[Contents]:
    """Of the log that a finished rewrite has left in `folder`; a dump is none."""
    if event.stage != "finished":
        return
    for file in event.files:
        if file.role in ("log", "base") and not file.name.endswith(".rdb"):
            yield contents_of(file, folder)


def contents_of(file: AofFile, folder: Path) -> Contents:
    """Read one; problems are told in the event."""
    path = folder / file.name if file.role == "log" else folder / _DIRECTORY / file.name
    try:
        if path.stat().st_size > MOST_BYTES:
            return Contents(
                path=file.name, keys=0, groups=[], problem=trouble("log_contents.too_large")
            )
        data = path.read_bytes()
    except OSError as error:
        problem = f"{file.name}: {error.strerror}"
        return Contents(path=file.name, keys=0, groups=[], problem=problem)
    groups: dict[str, tuple[int, int]] = {}
    commands = 0
    problem = ""
    try:
        for argv in commands_in(data):
            commands += 1
            group = _group(argv)
            if group in groups or len(groups) < _MOST_GROUPS:
                count, total = groups.get(group, (0, 0))
                groups[group] = (count + 1, total + (int(argv[-1]) if argv[-1].isdigit() else 0))
    except ValueError as error:
        problem = f"{file.name}: {error}"
    found = [(group, *figures) for group, figures in groups.items()]
    return Contents(path=file.name, keys=commands, groups=found, problem=problem)


def commands_in(data: bytes) -> Iterator[list[bytes]]:
    """The commands of a log in RESP; raises ValueError where it is none."""
    at = 0
    while at < len(data):
        count, at = _header(data, at, b"*")
        argv = []
        for _ in range(count):
            size, at = _header(data, at, b"$")
            argv.append(data[at : at + size])
            at += size + 2
        if at > len(data):
            return  # its tail is still being written
        yield argv


def _header(data: bytes, at: int, sign: bytes) -> tuple[int, int]:
    end = data.find(b"\r\n", at)
    digits = data[at + 1 : end]
    if data[at : at + 1] != sign or end < 0 or not digits.isdigit():
        raise ValueError(trouble("log_contents.no_command", offset=str(at)))
    return int(digits), end + 2


def _group(argv: list[bytes]) -> str:
    name = argv[0].decode("ascii", "replace").upper()
    if name == "SELECT" or len(argv) < 2:
        return name
    key = argv[1].partition(b":")[0].decode("utf-8", "backslashreplace")
    return f"{name} {key}:"
