"""One crash, before and after: what is tried, and the facts that it left."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from scenes.lab.ledger import NEVER, Ledger

Policy: TypeAlias = Literal["always", "everysec", "no", "none"]
"""appendfsync; `none` where there is no AOF, and only the dump is loaded."""
Crash: TypeAlias = Literal["kill", "real", "modelled"]
"""SIGKILL to the whole group; a power cut on a real disk; one on the disk model."""
During: TypeAlias = Literal[
    "load", "idle", "loading", "snapshot", "rewrite", "pipes", "torn-tail", "disk-full", "slow-disk"
]
"""What the server was doing. `rewrite` is the multi-part one, `pipes` that of Redis 5 and 6."""

POLICIES: tuple[Policy, ...] = ("always", "everysec", "no")


class Trial(msgspec.Struct, frozen=True):
    """What is to be tried once."""

    policy: Policy
    crash: Crash
    during: During
    seed: int
    rate: float = 0.0
    """Writes a second; 0: as fast as the connections can, one in flight on each."""
    connections: int = 4
    most_acks: int = 250
    """The crash comes after so many acknowledgements, or fewer: the seed says."""
    after_fsync: bool = False
    """Under everysec: right after an fsync, when there is most to be kept. Redis does not tell of
    its own, so this is for the engine alone."""
    partly: bool = False
    """The disk model lets some survive of what was not synced, as the seed says; else nothing."""


class Saved(msgspec.Struct, frozen=True):
    """A snapshot that was going on."""

    asked_at: float
    """CLOCK_MONOTONIC seconds when BGSAVE was sent, and when it was answered."""
    answered_at: float
    old: set[int]
    """What the dump held before."""
    complete: bool
    """Whether the server had said that it was done."""


class Facts(msgspec.Struct, frozen=True):
    """What was measured; sets are numbers of writes."""

    trial: Trial
    ledger: Ledger
    crashed_at: float
    written: set[int]
    """Whose record was in the file at the crash: read from it then, or a survivor now."""
    covered: set[int] | None
    """Those that an fsync covered of which the engine had told; None: this server does not tell."""
    survivors: set[int]
    settled: set[int]
    """What an earlier crash had left, and must be there still."""
    load_ms: float = 0.0
    at_risk: bool = False
    """Whether this crash could have shown a broken promise."""
    damaged: list[str] = []
    holes: list[int] = []
    fillers_missing: int = 0
    not_started: str = ""
    """Why the server did not come back, if it did not."""
    saved: Saved | None = None
    torn: int = -1
    """The number whose record was cut off in the middle."""
    problems: list[str] = []
    """What went otherwise than this kind of crash wants it, each a line."""
    delayed: int = 0
    """aof_delayed_fsync at the crash."""
    repaired: int = 0
    """Bytes of a damaged tail that had to be cut off before the server would load the AOF."""

    @property
    def acked(self) -> set[int]:
        return self.ledger.acked

    @property
    def survived(self) -> set[int]:
        """Of this run's own writes."""
        return self.survivors & self.ledger.sent

    @property
    def lost(self) -> set[int]:
        """Sent, not refused, and not there any more."""
        return self.ledger.sent - self.ledger.refused - self.survivors

    @property
    def acked_and_lost(self) -> set[int]:
        return self.acked - self.survivors

    @property
    def window_ms(self) -> float:
        """From the acknowledgement of the oldest write lost to the crash; 0 if none was."""
        oldest = self.ledger.oldest_ack(self.acked_and_lost)
        return 0.0 if oldest == NEVER else max(0.0, self.crashed_at - oldest) * 1000
