"""Where a figure comes from, in the learner's language: measured, modelled or scripted."""

from __future__ import annotations

from pathlib import Path

from scenes.phrases import PhraseBook

_told = PhraseBook(Path(__file__).parent / "told")


def named(source: str) -> str:
    """The word for an event's `source`; a source that has no word is said as it is."""
    key = f"source.{source}"
    return _told(key) if key in _told.words("en") else source
