"""The words of a scene: one catalogue a language, looked up by key, with `{figures}` filled in.

A catalogue is TOML; its tables become dotted keys (`[fork] title` is `fork.title`). A key that a
translation lacks is looked up in English. A language with a singular says `{n:page is|pages are}`
where the figure can be 1: the first words then follow it, else the second.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from scenes import toml
from scenes.errors import SceneError
from scenes.places import in_catalogue

FIGURE = re.compile(r"\{([a-z_0-9]+)(?::[^{}|]*\|[^{}]*)?\}")
"""A figure's place in a text: `{keys}`, or with what it counts, `{keys:key|keys}`."""
_COUNTED = re.compile(r"\{([a-z_0-9]+):([^{}|]*)\|([^{}]*)\}")
PLAIN = "_plain"
UNKNOWN = "…"
"""Stands for a figure that this run has not measured yet."""


class Words:
    """A catalogue in one language, backed by another."""

    def __init__(
        self, texts: Mapping[str, str], *, fallback: Mapping[str, str] | None = None
    ) -> None:
        self.texts = dict(texts)
        self.fallback = dict(fallback or {})

    def __contains__(self, key: str) -> bool:
        return key in self.texts or key in self.fallback

    def text(self, key: str, figures: Mapping[str, int | str | None] | None = None) -> str:
        """The words of `key`, thousands grouped; raises SceneError for an unknown key."""
        found = self.texts.get(key, self.fallback.get(key))
        if found is None:
            raise SceneError(toml.trouble("words.no_words", key=key))
        return fill(found, figures or {})

    def plain(self, key: str) -> str:
        """The key of the same words for a face without colours, places and keys, if there are."""
        return key + PLAIN if key + PLAIN in self else key

    def figures_in(self, key: str) -> set[str]:
        """The names between braces in the words of `key`."""
        return set(FIGURE.findall(self.texts.get(key, self.fallback.get(key, ""))))

    def missing(self) -> list[str]:
        """Keys that only the fallback has."""
        return sorted(self.fallback.keys() - self.texts.keys())


def fill(text: str, figures: Mapping[str, int | str | None]) -> str:
    """`text` with `{name}` replaced; a figure that is not known yet becomes an ellipsis.

    Of `{name:one|many}` the first words stay where the figure is 1.
    """

    def counted(match: re.Match[str]) -> str:
        words = match[2] if figures.get(match[1]) in (1, "1") else match[3]
        return f"{{{match[1]}}} {words}"

    def one(match: re.Match[str]) -> str:
        value = figures.get(match[1])
        if value is None:
            return UNKNOWN
        return f"{value:,}" if isinstance(value, int) else value

    return FIGURE.sub(one, _COUNTED.sub(counted, text))


def read_catalogue(path: Path) -> dict[str, str]:
    """The texts of one catalogue file by dotted key; raises SceneError naming file and line."""
    try:
        text = toml.text_of(path)
    except FileNotFoundError:
        raise SceneError(toml.trouble("words.no_catalogue", path=str(path))) from None
    return catalogue_of(text, path)


def catalogue_of(text: str, path: Path) -> dict[str, str]:
    """The same of a text that stands, or once stood, in the file `path`."""
    texts: dict[str, str] = {}
    try:
        _flatten(toml.tables_of(text, path), "", texts)
    except _NoWordsError as err:
        place = in_catalogue(path, err.key, text)
        wrong = toml.trouble(
            "words.not_words", place=str(place), key=err.key, value=repr(err.value)
        )
        raise SceneError(wrong) from None
    return texts


class _NoWordsError(Exception):
    def __init__(self, key: str, value: object) -> None:
        self.key, self.value = key, value


def _flatten(table: Mapping[str, object], prefix: str, texts: dict[str, str]) -> None:
    for name, value in table.items():
        match value:
            case str():
                texts[prefix + name] = value.strip()
            case dict():
                _flatten(value, f"{prefix}{name}.", texts)
            case _:
                raise _NoWordsError(prefix + name, value)
