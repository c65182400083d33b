"""Directives of redis.conf: what a value may be, how it is read, shown and written back.

A *kind* turns the words behind a directive's name into a value, or raises ConfigError with the
reason in Redis 7.0.15's words (src/config.c). The table of all directives is `directive_table`.
Values are plain and immutable: bool, int, str or tuples of them; sizes are bytes.
"""

from __future__ import annotations

import errno
import os
import re
import shlex
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from engine.errors import ConfigError
from engine.inline import quote

T = TypeVar("T")

_DECIMAL = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII).fullmatch
_MEMORY = re.compile(r"([0-9]+)(b|k|kb|m|mb|g|gb)?", re.ASCII | re.IGNORECASE).fullmatch
_OCTAL = re.compile(r"[0-7]+", re.ASCII).fullmatch
_UNITS = {
    "b": 1,
    "k": 1000,
    "kb": 2**10,
    "m": 1000**2,
    "mb": 2**20,
    "g": 1000**3,
    "gb": 2**30,
}
"""As redis.conf defines them: k is 1000, kb is 1024."""


class Kind(ABC, Generic[T]):
    """What a directive's value may be."""

    takes_words = False
    """Several words behind the name, instead of exactly one."""
    accumulates = False
    """A second line in a file adds to the first instead of replacing it."""

    @abstractmethod
    def parse(self, words: Sequence[str], current: T) -> T:
        """The value that the words mean; raises ConfigError with the reason."""

    @abstractmethod
    def show(self, value: T) -> str:
        """The value as CONFIG GET prints it."""

    def lines(self, value: T) -> list[str]:
        """What stands behind the name in redis.conf, one text a line."""
        return [self.show(value)]


class YesNo(Kind[bool]):
    """`yes` or `no`."""

    def parse(self, words: Sequence[str], current: bool) -> bool:
        word = words[0].lower()
        if word not in ("yes", "no"):
            raise ConfigError("argument must be 'yes' or 'no'")
        return word == "yes"

    def show(self, value: bool) -> str:
        return "yes" if value else "no"


@dataclass(frozen=True)
class Number(Kind[int]):
    """A decimal number within bounds."""

    low: int
    high: int

    def parse(self, words: Sequence[str], current: int) -> int:
        if _DECIMAL(words[0]) is None or not -(2**63) <= (value := int(words[0])) < 2**63:
            raise ConfigError("argument couldn't be parsed into an integer")
        return within(value, self.low, self.high)

    def show(self, value: int) -> str:
        return str(value)


@dataclass(frozen=True)
class Clamped(Kind[int]):
    """A number that is a hint: what lies outside the bounds is moved to them (hz)."""

    low: int
    high: int

    def parse(self, words: Sequence[str], current: int) -> int:
        value = Number(0, 2**31 - 1).parse(words, current)
        return min(max(value, self.low), self.high)

    def show(self, value: int) -> str:
        return str(value)


@dataclass(frozen=True)
class Memory(Kind[int]):
    """Bytes, with or without a unit; a share of maxmemory (`5%`) is stored as a negative number."""

    low: int = 0
    high: int = 2**63 - 1
    percent: bool = False

    def parse(self, words: Sequence[str], current: int) -> int:
        word = words[0]
        if self.percent and word.endswith("%") and _DECIMAL(word[:-1]) and word[0] != "-":
            if int(word[:-1]) > 100:
                raise ConfigError("percentage argument must be less or equal to 100")
            return -int(word[:-1])
        match = _MEMORY(word or "0")
        if match is None:
            what = "memory or percent" if self.percent else "memory"
            raise ConfigError(f"argument must be a {what} value")
        return within(int(match[1]) * _UNITS[(match[2] or "b").lower()], self.low, self.high)

    def show(self, value: int) -> str:
        return f"{-value}%" if value < 0 else str(value)

    def lines(self, value: int) -> list[str]:
        for unit in ("gb", "mb", "kb"):
            if value > 0 and value % _UNITS[unit] == 0:
                return [f"{value // _UNITS[unit]}{unit}"]
        return [self.show(value)]


@dataclass(frozen=True)
class Octal(Kind[int]):
    """A file's mode."""

    high: int

    def parse(self, words: Sequence[str], current: int) -> int:
        if _OCTAL(words[0]) is None:
            raise ConfigError("argument couldn't be parsed as an octal number")
        value = int(words[0], 8)
        if value > self.high:
            raise ConfigError(f"argument must be between 0 and {self.high:o} inclusive")
        return value

    def show(self, value: int) -> str:
        return f"{value:o}"


class Text(Kind[str]):
    """Any text."""

    def parse(self, words: Sequence[str], current: str) -> str:
        return words[0]

    def show(self, value: str) -> str:
        return value

    def lines(self, value: str) -> list[str]:
        return [quoted(value)]


@dataclass(frozen=True)
class FileName(Text):
    """The name of a file (or, as `noun` says, a folder) without a path."""

    directive: str
    noun: str = "filename"
    may_be_empty: bool = False

    def parse(self, words: Sequence[str], current: str) -> str:
        name = words[0]
        if not name and not self.may_be_empty:
            raise ConfigError(f"{self.directive} can't be empty")
        if "/" in name or "\\" in name:
            raise ConfigError(f"{self.directive} can't be a path, just a {self.noun}")
        return name


class Folder(Text):
    """A folder that exists; its absolute path without symbolic links."""

    def parse(self, words: Sequence[str], current: str) -> str:
        path = words[0] if os.path.isabs(words[0]) else os.path.join(current, words[0])
        try:
            os.close(os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
        except OSError as error:
            advice = "Name a folder that you may enter."
            if error.errno == errno.ENOENT:
                advice = f"Make it first (mkdir -p {shlex.quote(path)}), or name another folder."
            raise ConfigError(os.strerror(error.errno or 0), advice) from error
        return os.path.realpath(path)


@dataclass(frozen=True)
class Choice(Kind[str]):
    """One of several words; with `several`, any number of them."""

    options: tuple[str, ...]
    several: bool = False

    @property
    def takes_words(self) -> bool:  # type: ignore[override]
        """Whether more than one word may follow."""
        return self.several

    def parse(self, words: Sequence[str], current: str) -> str:
        chosen = [word.lower() for word in words]
        if not chosen or not set(chosen) <= set(self.options):
            raise ConfigError(
                f"argument(s) must be one of the following: {', '.join(self.options)}"
            )
        return " ".join(option for option in self.options if option in chosen)

    def show(self, value: str) -> str:
        return value


@dataclass(frozen=True)
class Directive:
    """A directive's name, kind, default and rules."""

    name: str
    kind: Kind[Any]
    default: Any
    alias: str = ""
    """An older name that still works."""
    immutable: bool = False
    """Only a file or the command line may set it."""
    protected: bool = False
    """CONFIG SET needs enable-protected-configs."""
    hidden: bool = False
    """CONFIG GET shows it under its exact name only."""
    secret: bool = False
    """Its value must reach no event, no log and no recording."""
    not_while_loading: bool = False
    fixed: str = ""
    """Why no other value than the default can be had."""
    refused: bool = False
    """Another value than a fixed one stops the engine; otherwise it is a warning in the log."""

    @property
    def attribute(self) -> str:
        """Where `Configuration` keeps the value."""
        return self.name.replace("-", "_")


def within(value: int, low: int, high: int) -> int:
    """The value, if it lies within the bounds."""
    if not low <= value <= high:
        raise ConfigError(f"argument must be between {low} and {high} inclusive")
    return value


def quoted(text: str) -> str:
    """Text in double quotes, as redis.conf reads it back."""
    return quote(text.encode("utf-8", "surrogateescape")).decode("ascii")
