"""argparse in the language of the process: its own words, rows folded by cells, one-line errors."""

from __future__ import annotations

import argparse
import gettext
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from app.said import said
from scenes.folding import fold
from scenes.language import ENGLISH, LANGUAGES
from scenes.phrases import language

PHRASES = {
    "positional arguments": "argparse.arguments",
    "options": "argparse.options",
    "show this help message and exit": "argparse.help",
    "argument %(argument_name)s: %(message)s": "argparse.argument",
    "unrecognized arguments: %s": "argparse.unknown",
    "ambiguous option: %(option)s could match %(matches)s": "argparse.ambiguous",
    "invalid choice: %(value)r (choose from %(choices)s)": "argparse.choice",
    "unknown parser %(parser_name)r (choices: %(choices)s)": "argparse.no_command",
    "the following arguments are required: %s": "argparse.required",
    "expected one argument": "argparse.one",
    "not allowed with argument %s": "argparse.not_with",
    "ignored explicit argument %r": "argparse.takes_none",
}
"""What a user can meet of argparse's own words (its msgids, with their % places) -> our phrase."""
_USAGE = "usage:"
"""As wide as its Chinese, so that the rows under it stand below the first."""


def _spoken(message: str) -> str:
    """argparse's message in the language of the process."""
    if language() == ENGLISH or message not in PHRASES:
        return gettext.gettext(message)
    return said(PHRASES[message])


def language_named(words: Sequence[str]) -> str | None:
    """The last language that `--lang` names; None where none is named, or one that we don't speak.

    It is looked for before the words are parsed, for what the parser says is in that language.
    """
    found: str | None = None
    for place, word in enumerate(words):
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if len(name) > 2 and "--lang".startswith(name):
            value = value if equals else "".join(words[place + 1 : place + 2])
            found = value if value in LANGUAGES else found
    return found


def without_language(words: Sequence[str]) -> list[str]:
    """The words without `--lang` and what it names, for a command that parses its own."""
    left = list(words)
    for place in reversed(range(len(left))):
        if left[place] == "--lang":
            del left[place : place + 2]
        elif left[place].startswith("--lang="):
            del left[place]
    return left


class Formatter(argparse.HelpFormatter):
    """Folds between wide characters, too, and counts them as two cells."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return fold(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + row for row in fold(text, width - len(indent)))

    def _format_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None,
    ) -> str:
        prefix = f"{_USAGE} " if prefix is None else prefix
        text = super()._format_usage(usage, actions, groups, prefix)
        return text.replace(_USAGE, said("argparse.usage"), 1)


class Parser(argparse.ArgumentParser):
    """Says in one line what it cannot read, and where to look it up."""

    def __init__(self, **options: Any) -> None:
        # argparse looks its messages up in gettext's domain of the whole process, which is English.
        setattr(argparse, "_", _spoken)  # noqa: B010  # mypy does not know the name
        super().__init__(formatter_class=Formatter, **options)

    def error(self, message: str) -> NoReturn:
        self.exit(2, said("argparse.error", program=self.prog, message=message) + "\n")
