"""What a step needs of the child before it begins: that none lives, a held one, or a lesson's.

Effects go out until the events say that it is so. A child that leaves before it is held is
replaced, but not for ever.
"""

from __future__ import annotations

from collections import Counter
from typing import Literal, TypeAlias

from engine.replies import REWRITE_RUNS
from scenes.effects import Effect, Failed, Send
from scenes.evidence import Evidence
from scenes.evidence_child import Snapshot
from scenes.sayings import trouble
from scenes.scene import Scene, Stage

Need: TypeAlias = Literal["", "gone", "held", "lesson"]

MOST_FORKS = 2
"""Children that a step forks for itself before it gives up."""


class ChildNeeds:
    """The needs of one step after the other; `pending` is "" where there is none (any more)."""

    def __init__(self, scene: Scene) -> None:
        self.pending: Need = ""
        self._several = bool(scene.engines)
        self._stage: Stage | None = None
        self._left: dict[str, Snapshot | None] = {}
        """Engine -> a child that has gone already, for which another one is on its way."""
        self._forks: Counter[str] = Counter()
        """How often this step has forked for itself, by engine."""

    def enter(self, stage: Stage, evidence: Evidence) -> list[Effect]:
        """What it takes to have no child, or a held one, where the step needs that."""
        self._stage, self.pending = stage, ""
        self._forks.clear()
        if stage.alone and evidence.child_lives:
            self.pending = "gone"
            return [_let_go(evidence)]
        if stage.held and (unheld := self._unheld(stage, evidence)):
            self.pending = "held"
            return [
                effect for name, own in unheld.items() for effect in self._hold(stage, name, own)
            ]
        if stage.lesson and not evidence.lesson_lives:
            self.pending = "lesson"
            if evidence.child_lives:
                return [_let_go(evidence)]
            return self._fork_lesson(stage, evidence)
        return []

    def heard(self, evidence: Evidence) -> list[Effect]:
        """After an event: nothing is pending once the child is gone, or held, as needed.

        One that left before it was held is replaced; a `Failed` is the last effect where that
        came to nothing.
        """
        stage = self._stage
        assert stage is not None
        if self.pending == "gone":
            ready = not evidence.child_lives
        elif self.pending == "lesson":
            ready = evidence.lesson_lives
            if not evidence.child_lives and self._left.get("") is not evidence.snapshot:
                return self._fork_lesson(stage, evidence)
        else:
            unheld = self._unheld(stage, evidence)
            ready = not unheld
            gone = {n: own for n, own in unheld.items() if not own.child_lives}
            again = [n for n, own in gone.items() if self._left.get(n) is not own.snapshot]
            if again:
                return [effect for n in again for effect in self._fork_held(stage, n, gone[n])]
        if ready:
            self.pending = ""
        return []

    def _unheld(self, stage: Stage, evidence: Evidence) -> dict[str, Evidence]:
        """The engines that have no held child of the kind that the step needs, by name."""
        named = evidence.engines() if self._several else {"": evidence}
        return {name: own for name, own in named.items() if not own.holds(stage.held_for)}

    def _hold(self, stage: Stage, name: str, own: Evidence) -> list[Effect]:
        """Have an engine's child held; one of another kind is let go first."""
        if not own.child_lives:
            return self._fork_held(stage, name, own)
        if own.lesson_lives:
            return [Send(("COWSCOPE", "CHILD", "EXIT"), name)]
        of_this_kind = own.purpose == stage.held_for
        return [Send(("COWSCOPE", "HOLD" if of_this_kind else "RELEASE"), name)]

    def _fork_held(self, stage: Stage, name: str, own: Evidence) -> list[Effect]:
        """A child for a step that needs a held one; not for ever, where nothing can be held."""
        if self._forks[name] == MOST_FORKS:
            return [
                Failed(
                    trouble(
                        "child_needs.none_stays_held", step=str(stage.id), forks=str(MOST_FORKS)
                    )
                )
            ]
        self._forks[name] += 1
        self._left[name] = own.snapshot
        # A setting that was made up for (appendonly yes) may have begun a rewrite of its own.
        fork = Send(("BGSAVE",), name)
        if stage.held_for == "aof":
            fork = Send(("BGREWRITEAOF",), name, needless=REWRITE_RUNS)
        return [Send(("COWSCOPE", "HOLD"), name), fork]

    def _fork_lesson(self, stage: Stage, evidence: Evidence) -> list[Effect]:
        """A lesson's child for a step that needs one."""
        if self._forks[""] == MOST_FORKS:
            return [Failed(trouble("child_needs.no_lesson_child", step=stage.id))]
        self._forks[""] += 1
        self._left[""] = evidence.snapshot
        return [Send(("COWSCOPE", "FORK"))]


def _let_go(evidence: Evidence) -> Effect:
    """Have the child end."""
    words = ("CHILD", "EXIT") if evidence.lesson_lives else ("RELEASE",)
    return Send(("COWSCOPE", *words))
