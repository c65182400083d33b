"""What the player says: why a key does nothing now, what a crash is asked, in one language.

from scenes.refusals import played
Refused(played("refuse.first"))
"""

from __future__ import annotations

from pathlib import Path

from scenes.phrases import PhraseBook

played = PhraseBook(Path(__file__).parent / "told")

GONE = "refuse.gone"
"""The phrase for what an engine that is gone cannot do."""
