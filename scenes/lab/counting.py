"""What every kind of crash does alike: wait for a moment, crash, and look at what was at risk."""

from __future__ import annotations

import random

from scenes.lab.chain import Chain
from scenes.lab.ledger import Ledger
from scenes.lab.trial import Trial

LEAST_ACKS = 12


def acks(trial: Trial, chance: random.Random) -> int:
    """How many acknowledgements the seed wants before the crash."""
    return chance.randint(min(LEAST_ACKS, trial.most_acks), trial.most_acks)


async def crash(chain: Chain, trial: Trial) -> tuple[set[int], float, Ledger]:
    """Crash it: what was written, when it was, and what the clients know.

    A power cut leaves no page cache to read afterwards: it is read just before.
    """
    before = chain.written_now() if trial.crash != "kill" else set()
    crashed_at = await chain.crash(trial)
    written = chain.written_now() if trial.crash == "kill" else before
    ledger = await chain.take_ledger()
    return written, crashed_at, ledger.until(crashed_at) if trial.crash == "real" else ledger


def unsafe(chain: Chain, trial: Trial, ledger: Ledger) -> bool:
    """Whether the crash met writes that nothing but the page cache, or a socket, held.

    Under `always` only those in flight count. Where a server does not tell of its fsyncs, every
    acknowledged write of the other policies does.
    """
    unsynced = ledger.acked - chain.heard.covered
    return bool(ledger.unanswered) or (trial.policy != "always" and bool(unsynced))
