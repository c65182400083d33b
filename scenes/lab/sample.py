"""The reliability sample: so many crashes of each kind, spread over all that a server may be doing.

`make crash-long` takes the whole of it, CI a seeded part.
"""

from __future__ import annotations

import msgspec

from scenes.lab.plan import Row, missing
from scenes.lab.servers import Server
from scenes.lab.trial import POLICIES, Crash, During, Trial

STATES: tuple[During, ...] = ("load", "idle", "snapshot", "rewrite", "pipes", "loading")
RATE = 3000.0


class Size(msgspec.Struct, frozen=True):
    """Crashes of each kind."""

    kills: int
    modelled: int
    real: int


WHOLE = Size(200, 200, 100)
PART = Size(50, 50, 25)


def rows(server: Server, size: Size, seed: int = 1) -> list[Row]:
    """One row for each kind of crash in each state, its policies mixed."""
    kinds: list[tuple[Crash, int]] = [
        ("kill", size.kills),
        ("modelled", size.modelled),
        ("real", size.real),
    ]
    return [
        _row(server, crash, during, _share(count, number), seed)
        for crash, count in kinds
        for number, during in enumerate(STATES)
        if count
    ]


def _share(count: int, number: int) -> int:
    """Of `count` crashes those that the state with this number gets: all of them together."""
    return count // len(STATES) + (number < count % len(STATES))


def _row(server: Server, crash: Crash, during: During, count: int, seed: int) -> Row:
    if why_not := missing(server, crash, during):
        return Row(server, crash, during, "mixed", (), why_not)
    trials = tuple(
        Trial(
            "none" if during == "snapshot" else POLICIES[number % len(POLICIES)],
            crash,
            during,
            seed + number,
            RATE,
            after_fsync=POLICIES[number % len(POLICIES)] == "everysec" and number % 2 == 0,
            partly=crash == "modelled" and number % 2 == 1,
        )
        for number in range(count)
    )
    return Row(server, crash, during, "none" if during == "snapshot" else "mixed", trials)
