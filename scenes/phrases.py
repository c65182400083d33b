"""Phrases: what a program itself says, by key, in the language that was chosen for the process.

A phrase book is a folder of catalogues (`en.toml`, `zh.toml`) beside the code that speaks. English
is whole; what another language lacks is said in English. A process speaks one language.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from scenes.language import ENGLISH
from scenes.words import Words, read_catalogue

_language = ENGLISH


def use(language: str) -> None:
    """Speak this language from now on."""
    global _language
    _language = language


def language() -> str:
    """The language spoken now."""
    return _language


class PhraseBook:
    """The phrases in one folder; a catalogue is read when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._words = cache(self._read)

    def __call__(self, key: str, /, **figures: int | str | None) -> str:
        """The phrase in the language of the process; raises SceneError for an unknown key."""
        return self._words(_language).text(key, figures)

    def words(self, language: str) -> Words:
        """The whole catalogue of a language, English behind it."""
        return self._words(language)

    def _read(self, language: str) -> Words:
        english = read_catalogue(self.folder / f"{ENGLISH}.toml")
        path = self.folder / f"{language}.toml"
        if language == ENGLISH or not path.exists():
            return Words(english)
        return Words(read_catalogue(path), fallback=english)
