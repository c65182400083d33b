"""Names that events have for things, in the language spoken: stages, purposes, the disk's faults.

In English an event's own name is the word. A name that has no word is said as it is.
"""

from __future__ import annotations

from scenes.language import ENGLISH
from scenes.refusals import played


def stage_word(stage: str) -> str:
    """A stage of a rewrite of the AOF."""
    return _word("stage", stage)


def purpose_word(purpose: str) -> str:
    """What a child was forked for."""
    return _word("purpose", purpose)


def fault_word(kind: str) -> str:
    """What is wrong with a disk."""
    return _word("fault", kind)


def _word(table: str, name: str) -> str:
    key = f"{table}.{name.replace('-', '_')}"
    return played(key) if key in played.words(ENGLISH) else name
