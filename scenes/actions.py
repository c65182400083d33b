"""What a step does and awaits, as data: commands, writers, faults, crashes, and picked events."""

from __future__ import annotations

from typing import Literal

import msgspec

from scenes.sayings import remark


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Picks events: by type, then by fields that must be equal (`where = {policy = "always"}`)."""

    event: str
    where: dict[str, str | int | bool] = {}
    nonzero: list[str] = []
    """Fields that must not be 0, empty or missing."""
    begins: dict[str, str] = {}
    """Fields -> how their text begins: a line of the log has figures in it."""
    engine: str = ""
    """Only events of this engine, in a scene that runs several; a wait for "*" is over when each
    of them has had such an event."""


class Workload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A client that writes by itself."""

    name: str
    rate: float
    """Commands a second at pace 1."""
    keys: int = 0
    """How many different keys; 0: the population's."""
    first_key: int = 0
    prefix: str = "user:"
    value_bytes: int = 0
    """0: as long as the values of the population."""
    order: Literal["random", "sequential", "one"] = "random"
    count: int = 0
    """Stop after so many; 0: until stopped."""
    commands: tuple[tuple[str, ...], ...] = (("SET", "{key}", "{value}"),)
    """What is sent each time, in order, and counts as one. `{key}`, `{value}`, `{n}` (0, 1, 2 ...),
    `{other}` (another key than `{key}`) and `{amount}` (1 to 10) are filled in anew each time."""
    at_once: int = 0
    """Commands in one pipeline at most: 1 waits for each answer before it sends the next one;
    0: as many as are due."""
    transaction: bool = False
    """The commands of one time stand between MULTI and EXEC."""


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing a step does: exactly one field is set; `engine` and those behind it aside."""

    send: list[str] | None = None
    """A RESP command; `{words}` are filled from the scene's `values`, and `{population}` is how
    many keys this run began with."""
    start: Workload | None = None
    stop: str | None = None
    hold: bool | None = None
    """True: COWSCOPE HOLD; False: COWSCOPE RELEASE."""
    step: int | None = None
    """COWSCOPE STEP n."""
    config: dict[str, str] | None = None
    """CONFIG SET, all at once; a jump over this step does it, too."""
    fault: list[str] | None = None
    """COWSCOPE FAULT with these words: what the disk does wrong from here on."""
    fork: list[str] | None = None
    """COWSCOPE FORK with these words: a lesson's child."""
    walk: list[str] | None = None
    """COWSCOPE WALK with these words: the naive snapshot."""
    clock: str | None = None
    """COWSCOPE CLOCK: how many times as fast the engine's own timers run, e.g. "30"."""
    crash: Literal["kill", "power"] | None = None
    """kill -9 of the whole group, or a power cut; then a real start on what is left."""
    restart: dict[str, str] | None = None
    """SIGTERM, then a start on the same folder with these directives changed, e.g. {}."""
    until: Match | None = None
    """What stands behind it is done once this event has come; the step's `timeout` is its limit."""
    engine: str = ""
    """Which engine, in a scene that runs several; "": the first, "*": all of them at once."""
    keep: str = ""
    """`send` only: the reply becomes the figure `{reply_KEEP}`; the same of a refused start."""
    refused: str = ""
    """The command must be refused, by an error that begins so, e.g. "MISCONF".

    After a crash or a restart: the engine must not start, and its last words hold this text. Then
    there is none until a `restart` that goes well."""
    cut: int = 0
    """`crash` only: so many bytes are cut off the end of the AOF before the start, scripted."""

    def kind(self) -> str:
        """The name of the one field that is set; raises ValueError if it is not one."""
        given = self.given()
        if len(given) != 1:
            raise ValueError(
                remark("actions.not_one_thing", given=str(given or remark("word.none")))
            )
        return given[0]

    def given(self) -> list[str]:
        """The fields that say what to do."""
        return [name for name in KINDS if getattr(self, name) is not None]


KINDS = (
    *("send", "start", "stop", "hold", "step", "config", "fault", "fork", "walk", "clock"),
    *("crash", "restart", "until"),
)
