"""The words of a scene: one catalogue a language, looked up by key, with `{figures}` filled in.

A catalogue is TOML; its tables become dotted keys (`[fork] title` is `fork.title`). A key that a
translation lacks is looked up in English.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from scenes.errors import SceneError

FIGURE = re.compile(r"\{([a-z_0-9]+)\}")
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
            raise SceneError(f"the catalogue has no words for '{key}': add them, or fix the key")
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
    """`text` with `{name}` replaced; a figure that is not known yet becomes an ellipsis."""

    def one(match: re.Match[str]) -> str:
        value = figures.get(match[1])
        if value is None:
            return UNKNOWN
        return f"{value:,}" if isinstance(value, int) else value

    return FIGURE.sub(one, text)


def read_catalogue(path: Path) -> dict[str, str]:
    """The texts of one catalogue file by dotted key; raises SceneError naming file and line."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SceneError(f"{path}: there is no such catalogue; English words are needed") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        raise SceneError(f"{path}: cannot be read as TOML: {err}") from err
    texts: dict[str, str] = {}
    _flatten(tables, "", texts, path)
    return texts


def _flatten(table: Mapping[str, object], prefix: str, texts: dict[str, str], path: Path) -> None:
    for name, value in table.items():
        match value:
            case str():
                texts[prefix + name] = value.strip()
            case dict():
                _flatten(value, f"{prefix}{name}.", texts, path)
            case _:
                raise SceneError(f"{path}: '{prefix}{name}' must be words, not {value!r}")
