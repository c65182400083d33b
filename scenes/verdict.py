"""What a check says: held, missed or skipped, with the figures it looked at."""

from __future__ import annotations

import msgspec


class Verdict(msgspec.Struct, frozen=True):
    held: bool
    detail: str
    """What was expected and what was measured, with units."""
    skipped: bool = False

    @classmethod
    def of(cls, held: bool, detail: str) -> Verdict:
        return cls(held, detail)

    @classmethod
    def missed(cls, detail: str) -> Verdict:
        return cls(False, detail)

    @classmethod
    def skip(cls, reason: str) -> Verdict:
        """This machine cannot know; counts neither for nor against."""
        return cls(True, reason, skipped=True)
