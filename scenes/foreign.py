"""What code says that speaks English only, in the language of the process.

The engine says why it takes a directive not in Redis' words, and knows no language; msgspec and
tomllib have theirs. Each text that can come is in a catalogue, whose English is the pattern it is
known by. What is in none stays as it is, and so do the system's own words (strerror(3)).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from scenes.language import ENGLISH
from scenes.phrases import PhraseBook, language
from scenes.words import FIGURE

book = PhraseBook(Path(__file__).parent / "told" / "foreign")
_TEXTS_THEMSELVES = {"reason", "place", "unit"}


def spoken(text: str) -> str:
    """A text of such code, as a learner or an author is to read it."""
    if language() == ENGLISH:
        return text
    for key, pattern in _patterns():
        if found := pattern.fullmatch(text):
            figures = {
                name: spoken(value) if name in _TEXTS_THEMSELVES else value
                for name, value in found.groupdict().items()
            }
            return book(key, **figures)
    return text


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    texts = book.words(ENGLISH).texts
    return [(key, re.compile(_pattern(text), re.DOTALL)) for key, text in texts.items()]


def _pattern(text: str) -> str:
    """A text as a pattern: its figures are whatever stands in their place."""
    parts = FIGURE.split(text)  # text, name, text ...
    return "".join(
        f"(?P<{part}>.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts)
    )
