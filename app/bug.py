"""What nobody foresaw, in one line: an exception that reached the top."""

from __future__ import annotations

import os
import traceback

from app.said import said

VARIABLE = "COWSCOPE_TRACEBACK"
"""Set, the whole traceback is shown instead: for whoever works on Cowscope."""


def wants_traceback() -> bool:
    """Whether somebody asked for the traceback."""
    return bool(os.environ.get(VARIABLE))


def line(what: str, error: BaseException) -> str:
    """`what` ended by it; where it came from, and how to see more."""
    frames = traceback.extract_tb(error.__traceback__)
    told = {
        "what": what,
        "kind": type(error).__name__,
        "words": " ".join(str(error).split()),
        "variable": VARIABLE,
    }
    if not frames:
        return said("bug.line", **told)
    last = frames[-1]
    file = os.path.basename(last.filename)
    return said("bug.line_at", file=file, line=str(last.lineno), **told)
