"""Proving: a step's expectations are judged, again with every event, until they hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from scenes.effects import Checked
from scenes.evidence import Evidence
from scenes.refusals import played
from scenes.scene import Expectation
from scenes.verdict import Verdict

Judge: TypeAlias = Callable[[Expectation, Evidence], Verdict]


class Proving:
    """The expectations that are open, and the verdicts so far."""

    def __init__(self, judged_by: Judge, visited: Collection[str]) -> None:
        self.verdicts: list[Checked] = []
        self._judged_by = judged_by
        self._visited = visited
        """The steps played so far, by name: whoever plays them adds to it."""
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
            if final and not verdict.held:
                verdict = self._unless_left_out(expectation, verdict)
            if verdict.held or final:
                self._open.remove(expectation)
                judged.append(_checked(expectation, verdict))
        self.verdicts += judged
        return judged

    def skip(self, reason: str) -> list[Checked]:
        """Nothing of this step can be shown here: what it expects is skipped, for this reason."""
        skipped = [_checked(expectation, Verdict.skip(reason)) for expectation in self._open]
        self._open.clear()
        self.verdicts += skipped
        return skipped

    def _unless_left_out(self, expectation: Expectation, missed: Verdict) -> Verdict:
        """A miss proves nothing where a step that it needs was never played."""
        for step in expectation.needs:
            if step not in self._visited:
                return Verdict.skip(played("skip.step", step=step))
        return missed


def _checked(expectation: Expectation, verdict: Verdict) -> Checked:
    return Checked(expectation.check, verdict.held, verdict.detail, verdict.skipped)
