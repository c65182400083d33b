"""How much smaller than the real sizes a run is: BENCH_SCALE=0.01 tries a benchmark out."""

from __future__ import annotations

import os

VARIABLE = "BENCH_SCALE"


def factor(setting: str | None = None) -> float:
    """The factor set, in (0, 1]; 1 where none is. ValueError says what to set instead."""
    text = os.environ.get(VARIABLE, "1") if setting is None else setting
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise ValueError(f"{VARIABLE}={text}: set a number above 0 and up to 1, such as 0.01")
    return value


def scaled(count: int, least: int = 1) -> int:
    """`count` at the scale set, `least` at the least."""
    return max(least, int(count * factor()))
