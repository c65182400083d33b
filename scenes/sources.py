"""Where a figure comes from, in the learner's language: measured, modelled or scripted."""

from __future__ import annotations

from scenes.refusals import played


def named(source: str) -> str:
    """The word for an event's `source`; a source that has no word is said as it is."""
    key = f"source.{source}"
    return played(key) if key in played.words("en") else source
