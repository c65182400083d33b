"""The line for a terminal that is too small."""

from __future__ import annotations

from app.said import said

SMALLEST = (80, 24)
"""Columns and rows below which the scene cannot be read."""


def too_small(columns: int, rows: int) -> str | None:
    """What to do about the size, or None where it is enough."""
    if columns >= SMALLEST[0] and rows >= SMALLEST[1]:
        return None
    need = f"{SMALLEST[0]}x{SMALLEST[1]}"
    return said("screen.too_small", need=need, size=f"{columns}x{rows}")
