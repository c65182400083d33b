"""What the AOF's policy wants done: the policy itself does no input or output (sans-IO)."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec


class IllegalMoveError(Exception):
    """An input that the machine's stage does not allow: a fault of the caller, nothing changed."""


class Write(msgspec.Struct, frozen=True):
    """Write `data` at the end of the file, which is at `start`.

    Answer with `written_all`, or with `write_failed` when write(2) stopped before the end.
    """

    file: str
    start: int
    data: bytes


class Truncate(msgspec.Struct, frozen=True):
    """Cut the file back to `size`: a write failed after `tail` bytes.

    Answer with `truncated` or `truncate_failed`.
    """

    file: str
    size: int
    tail: int


class Sync(msgspec.Struct, frozen=True):
    """fdatasync the file, of which `start` to `end` is not safe yet.

    Answer with `synced` or `sync_failed`: the main thread before anything else, the background
    thread whenever it is done.
    """

    file: str
    start: int
    end: int
    thread: Literal["main", "bio"]


class Postpone(msgspec.Struct, frozen=True):
    """Nothing is written now: a sync has been running, and aof_buf waits for it since `since`."""

    since: float


class Delayed(msgspec.Struct, frozen=True):
    """The write waited for `waited` seconds and goes ahead without its sync (aof_delayed_fsync)."""

    waited: float


class LogLine(msgspec.Struct, frozen=True):
    """A line of the log with its level character."""

    level: str
    text: str


class Exit(msgspec.Struct, frozen=True):
    """Stop the process with this last line: a promise can't be kept. No reply may leave."""

    reason: str


Intention: TypeAlias = Write | Truncate | Sync | Postpone | Delayed | LogLine | Exit
