"""What checks, errors and remarks about a scene say, each from a catalogue, in one language.

from scenes.sayings import detail
Verdict.of(held, detail("checks_aof.everysec_in_time", seconds="2.5"))

Thousands of an int are grouped; what must not be grouped is given as a str.
"""

from __future__ import annotations

from pathlib import Path

from scenes.phrases import PhraseBook

_TOLD = Path(__file__).parent / "told"

detail = PhraseBook(_TOLD / "checks")
"""What a check expected and what it measured."""
trouble = PhraseBook(_TOLD / "errors")
"""Why something cannot go on, or was refused: one line."""
remark = PhraseBook(_TOLD / "authoring")
"""What `scene check` has to say of a scene, for its author."""
