"""What the application itself says: its phrases are in app/phrases, one catalogue a language.

from app.said import said
said("gauge.fork_took", time="2 ms")
"""

from __future__ import annotations

from pathlib import Path

from scenes.phrases import PhraseBook

said = PhraseBook(Path(__file__).parent / "phrases")
