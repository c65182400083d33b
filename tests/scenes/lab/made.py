"""Facts of a run, made for tests of what is concluded from them."""

from __future__ import annotations

from msgspec.structs import replace

from scenes.lab.ledger import Entry, Ledger
from scenes.lab.trial import Facts, Trial

ALL = frozenset(range(10))


def ledger(acked: int = 8, sent: int = 10) -> Ledger:
    """Writes 0, 1 ... over two connections, one every 10 ms from second 100 on."""
    return Ledger(
        [
            Entry(number, number // 2 % 2, at, at + 0.005, "", at + 0.005)
            if number < acked
            else Entry(number, number // 2 % 2, at)
            for number, at in ((number, 100 + number / 100) for number in range(sent))
        ]
    )


def facts(
    policy: str = "always", crash: str = "kill", during: str = "load", **other: object
) -> Facts:
    """A run in which 8 of 10 writes were acknowledged and all of them survived."""
    trial = Trial(policy, crash, during, seed=1)  # type: ignore[arg-type]
    sound = Facts(
        trial, ledger(), 100.1, set(ALL), set(), set(ALL), set(), load_ms=5.0, at_risk=True
    )
    return replace(sound, **other)
