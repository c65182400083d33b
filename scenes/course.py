"""Where a scene stands: the step, and what has entered with the steps up to it."""

from __future__ import annotations

from scenes.scene import Scene, Stage


class Course:
    """A place in a scene; position -1 is before its first step."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.position = -1

    @property
    def stage(self) -> Stage | None:
        """The step that plays now."""
        return self.scene.stages[self.position] if self.position >= 0 else None

    @property
    def following(self) -> Stage | None:
        """The step after it."""
        later = self.scene.stages[self.position + 1 :]
        return later[0] if later else None

    @property
    def first_beat(self) -> int | None:
        """The position of the first step that is not of the opening."""
        beats = (n for n, stage in enumerate(self.scene.stages) if stage.beat > 0)
        return next(beats, None)

    @property
    def beat(self) -> int:
        return self.stage.beat if self.stage else 0

    @property
    def beats(self) -> int:
        return max((stage.beat for stage in self.scene.stages), default=0)

    @property
    def offered(self) -> frozenset[str]:
        """Sandbox keys that the scene has offered so far."""
        return frozenset(key for stage in self._so_far for key in stage.keys)

    @property
    def panels(self) -> frozenset[str]:
        """Panels that have entered so far."""
        return frozenset(panel for stage in self._so_far for panel in stage.panels)

    @property
    def card(self) -> str:
        """The card shown now: the last one that a step named."""
        return next((stage.card for stage in reversed(self._so_far) if stage.card), "")

    @property
    def _so_far(self) -> list[Stage]:
        return self.scene.stages[: self.position + 1]
