"""What a question asks is covered until it is answered: lines of cards, parts of panels.

From the scene's beginning on, as a learner would else have read it before being asked. Once the
learner has chosen, what follows may be watched; behind the question nothing is covered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from scenes.scene import Cover, Scene, Stage
from scenes.view import View

NOW = 0
"""In place of a beat: the step on show asks it."""

PARTS: Mapping[str, tuple[str, ...]] = {
    "processes": ("shares",),
    "engines": ("answers",),
    "files": ("diff", "sent", "written", "stages"),
}
"""Panels, and what can be covered in them: `shares` is PSS and USS, `answers` how fast clients are
answered; of a rewrite `diff` is all that speaks of its buffers, `sent` the figures of pipe 1,
`written` the bytes behind its stages, and `stages` the names of what it has not come to yet."""


class CardCover(msgspec.Struct, frozen=True):
    """What is covered in a card."""

    lines: Mapping[int, int] = {}
    """Line -> the beat that asks."""
    remarks: frozenset[int] = frozenset()
    """Lines whose remarks are covered."""

    @property
    def keeps_source(self) -> bool:
        """Something is covered yet: the card's real source would tell as well."""
        return bool(self.lines or self.remarks)


def of_card(scene: Scene, stage: Stage, view: View, card: str) -> CardCover:
    """What is covered in a card while `view` of `stage` is on show."""
    lines: dict[int, int] = {}
    remarks: set[int] = set()
    for beat, cover in _covers(scene, stage, view):
        if cover.card == card:
            lines = {**dict.fromkeys(cover.lines, beat), **lines}  # the next that asks comes first
            remarks |= {*cover.lines, *cover.remarks}
    return CardCover(lines, frozenset(remarks))


def of_panel(scene: Scene, stage: Stage, view: View, panel: str) -> dict[str, int]:
    """The parts of a panel that are covered, each with the beat that asks."""
    parts: dict[str, int] = {}
    for beat, cover in _covers(scene, stage, view):
        if cover.panel == panel:
            parts = {**dict.fromkeys(cover.parts, beat), **parts}
    return parts


def _covers(scene: Scene, stage: Stage, view: View) -> Iterator[tuple[int, Cover]]:
    """Those of the questions that are open yet, the next one first, with the beat that asks."""
    at = next(n for n, one in enumerate(scene.stages) if one.id == stage.id)
    for one in scene.stages[at:]:
        if one.question is None or (one.id == stage.id and _is_answered(stage, view)):
            continue
        for cover in one.question.covers:
            yield (NOW if one.id == stage.id else one.beat), cover


def _is_answered(stage: Stage, view: View) -> bool:
    asked, question = view.question, stage.question
    same = asked is not None and question is not None and asked.id == question.id
    return same and asked is not None and asked.chosen >= 0
