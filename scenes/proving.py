"""Proving: a step's expectations are judged, again with every event, until they hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from scenes.effects import Checked
from scenes.evidence import Evidence
from scenes.scene import Expectation
from scenes.verdict import Verdict

Judge: TypeAlias = Callable[[Expectation, Evidence], Verdict]


class Proving:
    """The expectations that are open, and the verdicts so far."""

    def __init__(self, judged_by: Judge) -> None:
        self.verdicts: list[Checked] = []
        self._judged_by = judged_by
        self._open: list[Expectation] = []

    @property
    def open(self) -> bool:
        """Whether something is still to be proved."""
        return bool(self._open)

    def begin(self, expectations: Sequence[Expectation]) -> None:
        """A step begins: these are to be proved."""
        self._open = list(expectations)

    def judge(self, evidence: Evidence, *, final: bool) -> list[Checked]:
        """Judge what is still open; at the end what does not hold has failed."""
        judged: list[Checked] = []
        for expectation in list(self._open):
            verdict = self._judged_by(expectation, evidence)
            if verdict.held or final:
                self._open.remove(expectation)
                judged.append(
                    Checked(expectation.check, verdict.held, verdict.detail, verdict.skipped)
                )
        self.verdicts += judged
        return judged
