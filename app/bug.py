"""What nobody foresaw, in one line: an exception that reached the top."""

from __future__ import annotations

import os
import traceback

VARIABLE = "COWSCOPE_TRACEBACK"
"""Set, the whole traceback is shown instead: for whoever works on Cowscope."""


def wants_traceback() -> bool:
    """Whether somebody asked for the traceback."""
    return bool(os.environ.get(VARIABLE))


def line(what: str, error: BaseException) -> str:
    """`what` ended by it; where it came from, and how to see more."""
    frames = traceback.extract_tb(error.__traceback__)
    where = (
        f" ({os.path.basename(frames[-1].filename)}, line {frames[-1].lineno})" if frames else ""
    )
    said = " ".join(str(error).split())
    return (
        f"{what} ended by a bug: {type(error).__name__}: {said}{where}."
        f" With {VARIABLE}=1 the traceback is shown."
    )
