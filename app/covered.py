"""What stands where something is covered until a question is answered."""

from __future__ import annotations

from app.said import said
from scenes.covers import NOW

SIGN = "?"
"""In place of a figure."""


def covered_words(beat: int) -> str:
    """Which beat asks for it; scenes.covers.NOW: this step does."""
    return said("covered.now") if beat == NOW else said("covered.later", beat=beat)
