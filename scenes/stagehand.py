"""The stagehand: turns actions into effects, and minds the writers, the pace and the pause."""

from __future__ import annotations

from collections.abc import Sequence

from scenes.effects import Effect, Send, StartWorkload, StopWorkload
from scenes.scene import Action, Scene, Workload
from scenes.words import fill

PACES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)


class Stagehand:
    """What runs beside the steps."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.pace = 1.0
        self.paused = False
        self.workloads: dict[str, Workload] = {}
        """Running, by name, at their own rate (pace 1)."""

    def perform(self, actions: Sequence[Action]) -> list[Effect]:
        """The effects of a step's actions."""
        return [self._effect(action) for action in actions]

    def _effect(self, action: Action) -> Effect:
        if action.send is not None:
            return Send(tuple(fill(word, self.scene.values) for word in action.send))
        if action.start is not None:
            return self.start(action.start)
        if action.stop is not None:
            self.workloads.pop(action.stop, None)
            return StopWorkload(action.stop)
        if action.step is not None:
            return Send(("COWSCOPE", "STEP", str(action.step)))
        return Send(("COWSCOPE", "HOLD" if action.hold else "RELEASE"))

    def start(self, workload: Workload) -> Effect:
        """Have a workload run at the pace of the moment."""
        self.workloads[workload.name] = workload
        return StartWorkload(workload, workload.rate * self.pace)

    def stop_all(self) -> list[Effect]:
        """Stop the writers; they are remembered."""
        return [StopWorkload(name) for name in self.workloads]

    def start_all(self) -> list[Effect]:
        """Have the writers run at the pace of the moment; none while paused."""
        if self.paused:
            return []
        return [self.start(workload) for workload in list(self.workloads.values())]

    def finished(self, name: str) -> None:
        """A workload has reached its count."""
        self.workloads.pop(name, None)

    def change_pace(self, faster: bool) -> bool:
        """The next faster or slower pace; False at the end of the scale."""
        steps = PACES if faster else PACES[::-1]
        further = [pace for pace in steps if (pace > self.pace if faster else pace < self.pace)]
        if further:
            self.pace = further[0]
        return bool(further)
