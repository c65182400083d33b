"""The plan: which crashes, of which server, make which rows, and what can't be done here."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from scenes.lab import real_disk
from scenes.lab.servers import COWSCOPE, Server
from scenes.lab.trial import POLICIES, Crash, During, Policy, Trial
from scenes.lab.wording import judged

How: TypeAlias = Literal[
    "kill", "power", "mid-snapshot", "mid-rewrite", "disk-full", "torn-tail", "slow-disk"
]
HOWS: tuple[How, ...] = (
    "kill", "power", "mid-snapshot", "mid-rewrite", "disk-full", "torn-tail", "slow-disk",
)  # fmt: skip
LAYOUTS: dict[During, str] = {"pipes": "pipes", "snapshot": "dump"}
"""What the folder of a trial must be like; multipart where nothing else is said."""

_DURING: dict[How, tuple[During, ...]] = {
    "kill": ("load",),
    "power": ("load",),
    "mid-snapshot": ("snapshot",),
    "mid-rewrite": ("rewrite", "pipes"),
    "disk-full": ("disk-full",),
    "torn-tail": ("torn-tail",),
    "slow-disk": ("slow-disk",),
}
_CRASHES: dict[How, tuple[Crash, ...]] = {
    "power": ("real", "modelled"),
    "mid-snapshot": ("kill", "real", "modelled"),
    "mid-rewrite": ("kill", "real", "modelled"),
    "slow-disk": ("kill", "modelled"),
}


class Row(msgspec.Struct, frozen=True):
    """A line of the table before it is filled: one server, one kind of crash, one policy."""

    server: Server
    crash: Crash
    during: During
    policy: str
    """Of its trials; `mixed` where they have several."""
    trials: tuple[Trial, ...] = ()
    why_not: str = ""
    """What it needs that is not here; then there are no trials."""

    @property
    def layout(self) -> str:
        return LAYOUTS.get(self.during, "multipart")


class Wish(msgspec.Struct, frozen=True):
    """What was asked for on the command line."""

    policies: tuple[Policy, ...] = POLICIES
    hows: tuple[How, ...] = ("kill", "power")
    times: int = 5
    rate: float = 1000.0
    seed: int = 1
    partly: bool = False
    """Every other modelled power cut lets some survive of what was not synced."""
    most_acks: int = 1500
    connections: int = 4


def rows(wish: Wish, servers: list[Server]) -> list[Row]:
    """All rows, each kind of crash with the servers and policies side by side."""
    found = []
    for how in wish.hows:
        for crash in _CRASHES.get(how, ("kill",)):
            for during in _DURING[how]:
                policies = ("none",) if during == "snapshot" else wish.policies
                found += [
                    _row(wish, server, crash, during, policy)
                    for policy in policies
                    for server in servers
                    if not _senseless(server, crash, during)
                ]
    return found


def _senseless(server: Server, crash: Crash, during: During) -> bool:
    """Rows that say nothing: a disk model stands before our engine only, and so do its pipes."""
    return server.kind != COWSCOPE and (crash == "modelled" or during == "pipes")


def _row(wish: Wish, server: Server, crash: Crash, during: During, policy: Policy) -> Row:
    why_not = missing(server, crash, during)
    if during == "slow-disk" and policy == "no":
        why_not = judged("needs.fsync")
    trials = [
        Trial(
            policy,
            crash,
            during,
            wish.seed + number,
            wish.rate,
            wish.connections,
            wish.most_acks,
            partly=wish.partly and number % 2 == 1,
        )
        for number in range(wish.times)
    ]
    return Row(server, crash, during, policy, () if why_not else tuple(trials), why_not)


def missing(server: Server, crash: Crash, during: During) -> str:
    """What this row needs and this machine, or this server, has not; empty where nothing."""
    if crash == "real":
        return real_disk.why_not()
    if server.kind != COWSCOPE and during == "slow-disk":
        return judged("needs.fault")
    if server.kind != COWSCOPE and during == "disk-full":
        return real_disk.why_not()
    return ""
