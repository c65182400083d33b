"""What the screen talks to: a live scene or a recording, both as a history with a cursor in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from app.said import said
from scenes.scene import Scene, Stage
from scenes.view import View

if TYPE_CHECKING:
    from scenes.marks import Mark
    from scenes.prediction import Prediction

Status: TypeAlias = Literal[
    "starting", "catching_up", "live", "past", "replay", "paused", "crashed", "failed"
]

REFUSE_PAST = "refuse.past"
REFUSE_PAST_GONE = "refuse.past_gone"
REFUSE_PAST_REPLAY = "refuse.past_replay"
REFUSE_REPLAY = "refuse.replay"
"""Phrases."""


class Driver(Protocol):
    """A scene that plays; nothing here blocks, and nothing here draws."""

    scene: Scene
    is_replay: bool
    """Whether a recording is shown: no engine runs, at now as little as in the past."""
    refusal: str
    """Why the last key did nothing, in one line; the screen takes it and leaves it empty."""

    @property
    def view(self) -> View:
        """The view at the cursor: what is drawn."""

    @property
    def now_view(self) -> View:
        """The view after the last event."""

    @property
    def cursor(self) -> int:
        """Index of the event that `view` is after."""

    @property
    def length(self) -> int:
        """Events so far."""

    @property
    def marks(self) -> Sequence[Mark]:
        """The moments worth jumping to."""

    @property
    def is_past(self) -> bool:
        """Whether the cursor is before now."""

    @property
    def timelines(self) -> int:
        """How many timelines there are to look at."""

    @property
    def timeline(self) -> int:
        """Which of them is on show, from 0."""

    @property
    def is_over(self) -> bool:
        """Whether a recording has come to its end, and that is on show."""

    @property
    def status(self) -> Status:
        """In one word."""

    @property
    def notice(self) -> str:
        """What the learner must know at the moment (a failed wait, a lost engine), or nothing."""

    @property
    def pace_factor(self) -> float:
        """1.0 is the author's pace."""

    @property
    def autoplay(self) -> bool:
        """Whether steps go on and questions are answered by themselves."""

    @property
    def offered(self) -> frozenset[str]:
        """The sandbox keys that the scene offers by now."""

    def stage(self) -> Stage:
        """The step that `view` belongs to."""

    def text(self, key: str) -> str:
        """Words of the scene's catalogue, with this run's figures."""

    def clock(self) -> float | None:
        """CLOCK_MONOTONIC seconds while live at now; None where time stands still."""

    async def start(self) -> None:
        """Start what plays; raises SceneError or EngineError with one clear line."""

    async def stop(self) -> None:
        """End it, and every process that it started."""

    def tick(self) -> None:
        """Called for each frame: take in what time brought."""

    def next(self) -> None: ...
    def back(self) -> None: ...
    def scrub(self, by: int) -> None: ...
    def mark(self, by: int) -> None: ...
    def seek(self, index: int) -> None: ...
    def to_now(self) -> None: ...
    def jump(self, step: str) -> None: ...
    def answer(self, choice: int) -> None: ...
    def key(self, name: str) -> None: ...
    def crash(self, name: str, prediction: Prediction, choice: int) -> None: ...
    def stay(self) -> None: ...
    def pause(self) -> None: ...
    def pace(self, by: int) -> None: ...
    def toggle_autoplay(self) -> None: ...
    def restart(self) -> None: ...
    def branch(self) -> None: ...
    def other_timeline(self) -> None: ...

    async def execute(self, line: str) -> Any:
        """Send one command line to the engine: its reply; errors come as exception objects."""

    def commands(self) -> Sequence[str]:
        """The names in the engine's command table, for completion."""


def status_words(driver: Driver) -> str:
    """How what plays stands: in the past also what became of the engine."""
    if driver.is_replay:
        return said("status.replay_over") if driver.is_over else _of_replay(driver.status)
    if driver.status != "past":
        return said(f"status.{driver.status}")
    return said("status.past_runs" if driver.now_view.engine.alive else "status.past_gone")


def _of_replay(status: Status) -> str:
    words = said(f"status.{status}")
    return words if status == "replay" else said("status.replay_is", status=words)


def stage_at(scene: Scene, step: str) -> Stage:
    """The stage of an id; the first one before any was entered."""
    for stage in scene.stages:
        if stage.id == step:
            return stage
    return scene.stages[0]


def shown_before(scene: Scene, stage: Stage) -> list[Stage]:
    """The stages up to `stage`; with beat 1 the screen starts afresh after the opening."""
    upto = scene.stages[: next(n for n, one in enumerate(scene.stages) if one.id == stage.id) + 1]
    return [one for one in upto if (one.beat > 0) == (stage.beat > 0)]


def panels_at(scene: Scene, stage: Stage) -> frozenset[str]:
    """The panels that have entered by `stage`."""
    return frozenset(panel for one in shown_before(scene, stage) for panel in one.panels) | {
        "words"
    }


def ever_in(scene: Scene) -> frozenset[str]:
    """The panels that a scene has at some time."""
    return frozenset(panel for stage in scene.stages for panel in stage.panels)


def card_at(scene: Scene, stage: Stage) -> str:
    """The Implementation card at `stage`: the last one that a step named."""
    return next((one.card for one in reversed(shown_before(scene, stage)) if one.card), "")


def offered_at(scene: Scene, stage: Stage) -> frozenset[str]:
    """The sandbox keys that the scene offers by `stage`."""
    return frozenset(key for one in shown_before(scene, stage) for key in one.keys)


def beats(scene: Scene) -> int:
    """How many beats a scene has; the opening is not one."""
    return max(stage.beat for stage in scene.stages)
