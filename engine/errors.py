"""Errors of the engine: what was tried, what happened, what to do."""

from __future__ import annotations

from typing import Literal


class EngineError(Exception):
    """Something the engine refuses or cannot do; `exit_code` is what the process leaves with."""

    exit_code = 1


class ConfigError(EngineError):
    """A directive or a configuration file that cannot be used.

    Clients are told the reason, in Redis' words; who starts the engine is told the advice, too.
    """

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.advice = advice


class ArenaFullError(EngineError):
    """The arena has no room for a record; nothing was changed."""

    def __init__(self, pages: int, needed: int) -> None:
        self.what = f"the arena of {pages} pages is full: {needed} more are needed"
        super().__init__(f"{self.what}. Delete keys, or start with a larger arena-pages.")


class ProbeError(EngineError):
    """The kernel does not offer, or refuses, one of the files a probe reads."""

    why: Literal["", "absent", "denied"] = ""
    """Not offered, not permitted, or else what the text says."""


class NotOfferedError(ProbeError):
    """This kernel has no such file."""

    why = "absent"


class NotPermittedError(ProbeError):
    """Another user's, or root's alone."""

    why = "denied"


class CorruptFileError(EngineError):
    """A persistence file cannot be read; names the file, the offset in bytes and a way out."""

    def __init__(self, path: str, offset: int, what: str, advice: str = "") -> None:
        super().__init__(f"{path} at offset {offset}: {what}" + (f". {advice}." if advice else ""))
        self.path = path
        self.offset = offset
        self.what = what
