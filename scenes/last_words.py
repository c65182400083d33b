"""What the engine said last, and before it, in the language spoken, what kind of end that was.

The engine is a process of its own: all that is left of its error is a line of its log, which stays
as it was printed. English says nothing more than the line does.
"""

from __future__ import annotations

from pathlib import Path

from scenes.sayings import trouble

LOG = "engine.log"
ERRORS = "engine.err"

KINDS = {
    "port": "ddress already in use",
    "locked": "uses the folder",
    "arena": "Can't map an arena",
    "full": "Start with a larger --arena-pages",
    "thread": "Can't start the thread",
    "chdir": "Can't chdir to",
    "dump": "Fatal error loading the DB",
}
"""Kind of end -> what stands in the line."""


def last_words(folder: Path) -> str:
    """The last line that the engine wrote to its errors or its log; empty if there is none."""
    for name in (ERRORS, LOG):
        try:
            lines = (folder / name).read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            continue
        said = [line.strip() for line in lines if line.strip()]
        if said:
            return said[-1]
    return ""


def explained(said: str) -> str:
    """The line, behind what kind of end it tells of, if that is known."""
    kind = next((kind for kind, part in KINDS.items() if part in said), "")
    return trouble(f"last_words.{kind}", said=said) if kind else said
