"""What the player says: why a key does nothing now, what a crash is asked, in one language.

from scenes.refusals import played
Refused(played("refuse.first"))
"""

from __future__ import annotations

import re
from pathlib import Path

from scenes.phrases import PhraseBook

played = PhraseBook(Path(__file__).parent / "told")

_ENDS = {
    "power": re.compile(r"power cut()"),
    "cut": re.compile(r"kill -9, scripted cut of (\d+) bytes"),
    "killed": re.compile(r"killed by signal (\d+)"),
    "exited": re.compile(r"exit code (\d+)"),
}


def crash_word(kind: str) -> str:
    """How an engine ended, in words: events name it in English."""
    for key, pattern in _ENDS.items():
        if found := pattern.fullmatch(kind):
            return played(f"crash.{key}", number=found[1])
    return kind


GONE = "refuse.gone"
"""The phrase for what an engine that is gone cannot do."""
