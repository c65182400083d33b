"""The compact forms in which Redis keeps small collections, as they stand in its dumps.

Each reader takes one blob and gives its strings in order. All are strict: every byte is accounted
for, and what is broken raises BlobError.
"""

from __future__ import annotations


class BlobError(ValueError):
    """A blob that Redis would not have written; `at` is the offset in it, in bytes."""

    def __init__(self, at: int, what: str) -> None:
        super().__init__(what)
        self.at = at
