"""Errors of the engine: what was tried, what happened, what to do."""

from __future__ import annotations


class EngineError(Exception):
    """Something the engine refuses or cannot do; `exit_code` is what the process leaves with."""

    exit_code = 1


class ConfigError(EngineError):
    """A directive or a configuration file that cannot be used."""


class ArenaFullError(EngineError):
    """The arena has no room for a record; nothing was changed."""


class ProbeError(EngineError):
    """The kernel does not offer, or refuses, one of the files a probe reads."""


class CorruptFileError(EngineError):
    """A persistence file cannot be read; names the file and the offset in bytes."""

    def __init__(self, path: str, offset: int, what: str) -> None:
        super().__init__(f"{path}: {what} at offset {offset}")
        self.path = path
        self.offset = offset
        self.what = what
