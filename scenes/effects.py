"""What a player wants done: the player itself does no input or output (sans-IO)."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from engine.events import Source
from scenes.actions import Workload


class Send(msgspec.Struct, frozen=True):
    """Send a RESP command to the engine."""

    argv: tuple[str, ...]
    engine: str = ""
    """Which, where a scene runs several; "": the first, "*": all of them."""
    keep: str = ""
    """The name under which the reply becomes a `reply` event and a figure; "": it does not."""
    refused: str = ""
    """The error that is the answer asked for begins so."""
    needless: str = ""
    """An error that begins so is no refusal: what is wanted has been begun already."""


class StartWorkload(msgspec.Struct, frozen=True):
    workload: Workload
    rate: float
    """Commands a second, pace applied."""
    engine: str = ""


class StopWorkload(msgspec.Struct, frozen=True):
    name: str


class Enter(msgspec.Struct, frozen=True):
    """A step began: becomes a `step` event."""

    stage: str


class Ask(msgspec.Struct, frozen=True):
    """Put the question: becomes a `question` event."""

    id: str
    choices: tuple[str, ...]
    right: int = -1
    """-1 while the learner predicts; asked again with the measured answer after the reveal."""
    source: Source = "scripted"
    """Where the answer comes from, once it is known; the choices are the author's."""


class Answered(msgspec.Struct, frozen=True):
    """The learner chose: becomes an `answer` event."""

    id: str
    choice: int


class WaitUntil(msgspec.Struct, frozen=True):
    """Feed the clock again at this time (CLOCK_MONOTONIC seconds)."""

    at: float


class Checked(msgspec.Struct, frozen=True):
    """An expectation was judged."""

    check: str
    held: bool
    detail: str
    """What was expected and what was measured, with units; also why it could not be judged."""
    skipped: bool = False
    early: bool = False
    """The learner went on before all evidence could arrive: a miss proves nothing."""


class Failed(msgspec.Struct, frozen=True):
    """The scene cannot go on: one clear line."""

    reason: str


class Finished(msgspec.Struct, frozen=True):
    """The last step is over."""


class ShowStep(msgspec.Struct, frozen=True):
    """Show the finished picture of an earlier step: the screen moves, the engine runs on."""

    stage: str


class Asleep(msgspec.Struct, frozen=True):
    """Nobody pressed a key for so long that the writers were stopped."""


class Restart(msgspec.Struct, frozen=True):
    """Begin again with a fresh engine in a fresh folder."""


class Predict(msgspec.Struct, frozen=True):
    """What will a crash take? Becomes a `question` event; texts are words, not keys."""

    id: str
    choices: tuple[str, ...]
    right: int = -1
    """-1 until the crash has been counted."""


class Crash(msgspec.Struct, frozen=True):
    """kill -9 (the whole process group) or a power cut, then a start on what is left."""

    kind: Literal["kill", "power"]
    engine: str = ""
    cut: int = 0
    """Bytes that are cut off the end of the AOF meanwhile."""
    refused: str = ""
    """The start must fail, and what the engine says of it has this text."""
    keep: str = ""
    """The name under which that becomes a `reply` event and a figure."""


class RestartEngine(msgspec.Struct, frozen=True):
    """SIGTERM, then a start on the same folder with these directives changed."""

    directives: dict[str, str]
    engine: str = ""
    refused: str = ""
    keep: str = ""
    """As those of `Crash`."""


class Refused(msgspec.Struct, frozen=True):
    """A key that does nothing now, and why."""

    reason: str


Effect: TypeAlias = (
    Send
    | StartWorkload
    | StopWorkload
    | Enter
    | Ask
    | Answered
    | WaitUntil
    | Checked
    | Failed
    | Finished
    | ShowStep
    | Asleep
    | Restart
    | Predict
    | Crash
    | RestartEngine
    | Refused
)
