"""A command's syntax as COMMAND DOCS has it: the words behind its name, taken apart.

The table writes `key [EX seconds | PX milliseconds] [GET]` as people do. Upper-case words are
tokens to be typed, lower-case ones stand for values; brackets are optional, `<...>` groups, `|`
separates alternatives, and `[x ...]` after `x` says that x may repeat.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_WORDS = re.compile(r"\.\.\.|[\[\]<>|]|[^\s\[\]<>|]+")
_TYPES = {
    "key": "key",
    "newkey": "key",
    "pattern": "pattern",
    "increment": "integer",
    "decrement": "integer",
    "seconds": "integer",
    "milliseconds": "integer",
    "count": "integer",
    "index": "integer",
    "offset": "integer",
    "start": "integer",
    "end": "integer",
    "cursor": "integer",
    "db": "integer",
}


@dataclass
class Argument:
    """One argument: a value, a token, alternatives (`oneof`) or several in a row (`block`)."""

    name: str
    type: str
    token: str = ""
    optional: bool = False
    multiple: bool = False
    arguments: list[Argument] = field(default_factory=list)


def parse(syntax: str) -> list[Argument]:
    """The arguments that a syntax describes."""
    words = iter(_WORDS.findall(syntax))
    return _alternatives(words, "")


def _alternatives(words: Iterator[str], closing: str) -> list[Argument]:
    choices: list[list[Argument]] = [[]]
    for word in words:
        if word == closing:
            break
        if word == "|":
            choices.append([])
        else:
            _take(choices[-1], word, words)
    if len(choices) == 1:
        return choices[0]
    return [Argument("option", "oneof", arguments=[_block(choice) for choice in choices])]


def _take(row: list[Argument], word: str, words: Iterator[str]) -> None:
    if word == "...":
        row.append(Argument("...", "..."))
    elif word == "[":
        inside = _alternatives(words, "]")
        if inside and inside[-1].type == "...":
            _repeat(row, len(inside) - 1, inside)
            return
        argument = _block(inside)
        argument.optional = True
        row.append(argument)
    elif word == "<":
        row.append(_block(_alternatives(words, ">")))
    elif word.isupper():
        row.append(Argument(word.lower(), "pure-token", token=word))
    elif row and row[-1].type == "pure-token":
        row[-1] = Argument(word, _TYPES.get(word, _guess(word)), token=row[-1].token)
    else:
        row.append(Argument(word, _TYPES.get(word, _guess(word))))


def _repeat(row: list[Argument], count: int, inside: list[Argument]) -> None:
    """`key value [key value ...]`: what stands before is meant to repeat."""
    if [a.name for a in row[-count:]] == [a.name for a in inside[:-1]]:
        repeated = row[-count:]
        del row[-count:]
        argument = _block(repeated)
    else:
        argument = _block(inside[:-1])
        argument.optional = True
    argument.multiple = True
    row.append(argument)


def _block(arguments: list[Argument]) -> Argument:
    if len(arguments) == 1:
        return arguments[0]
    return Argument("data", "block", arguments=arguments)


def _guess(word: str) -> str:
    return "unix-time" if word.startswith("unix-time") else "string"
