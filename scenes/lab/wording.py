"""What the crash lab says of its runs: promises, why one is broken, what a row needs.

from scenes.lab.wording import judged
judged("needs.root")
"""

from __future__ import annotations

from pathlib import Path

from scenes.phrases import PhraseBook

judged = PhraseBook(Path(__file__).parent / "judged")
