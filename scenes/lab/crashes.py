"""The crashes themselves: what is going on, at which seeded moment it ends, what was at risk."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from time import monotonic

from scenes.errors import SceneError
from scenes.lab import aof_bytes, numbered
from scenes.lab.chain import FILLERS, Chain
from scenes.lab.ledger import Ledger
from scenes.lab.trial import During, Facts, Saved, Trial

CHILD_SECONDS = 0.1
"""About how long a save or rewrite child is made to work (rdb-key-save-delay)."""
_JITTER_SECONDS = 0.004
_LEAST_ACKS = 12


async def attempt(chain: Chain, trial: Trial) -> Facts:
    """Carry out one trial; raises SceneError where it could not be carried out."""
    chance = random.Random(f"{trial.seed}-{trial.during}-{trial.policy}")
    await chain.apply(trial)
    return await _HOW[trial.during](chain, trial, chance)


def _acks(trial: Trial, chance: random.Random) -> int:
    return chance.randint(min(_LEAST_ACKS, trial.most_acks), trial.most_acks)


async def _load(chain: Chain, trial: Trial, chance: random.Random) -> Facts:
    """After some acknowledged write, or right after an fsync, while the next are on their way."""
    await chain.write(trial, _acks(trial, chance))
    await chain.reached()
    if trial.policy == "everysec" and trial.seed % 3 == 0:
        await chain.until_synced()
    await asyncio.sleep(chance.random() * _JITTER_SECONDS)
    return await _crash_and_count(chain, trial)


async def _idle(chain: Chain, trial: Trial, chance: random.Random) -> Facts:
    """When nothing has been in flight for a moment."""
    await chain.write(trial, _acks(trial, chance))
    await chain.reached()
    await chain.clients.stop()
    await asyncio.sleep(chance.random() * 0.1)
    return await _crash_and_count(chain, trial)


async def _crash_and_count(chain: Chain, trial: Trial) -> Facts:
    written, crashed_at, ledger = await _crashed(chain, trial)
    at_risk = _unsafe(chain, trial, ledger)
    return await chain.reckon(trial, ledger, crashed_at, written, at_risk=at_risk)


async def _crashed(chain: Chain, trial: Trial) -> tuple[set[int], float, Ledger]:
    """What was written, when it crashed, and what the clients know.

    A real power cut leaves no page cache to read afterwards: it is read just before.
    """
    before = chain.written_now() if trial.crash != "kill" else set()
    crashed_at = await chain.crash(trial)
    written = chain.written_now() if trial.crash == "kill" else before
    ledger = await chain.take_ledger()
    return written, crashed_at, ledger.until(crashed_at) if trial.crash == "real" else ledger


def _unsafe(chain: Chain, trial: Trial, ledger: Ledger) -> bool:
    """Whether the crash met writes that nothing but the page cache, or a socket, held.

    Under `always` only those in flight count. Where a server does not tell of its fsyncs, every
    acknowledged write of the other policies does.
    """
    unsynced = ledger.acked - chain.heard.covered
    return bool(ledger.unanswered) or (trial.policy != "always" and bool(unsynced))


# -- with a child --------------------------------------------------------------------------------


async def _slow_child(chain: Chain) -> None:
    keys = FILLERS + len(chain.settled)
    delay = max(1, int(CHILD_SECONDS * 1e6 / keys))
    await chain.call(b"CONFIG", b"SET", b"rdb-key-save-delay", b"%d" % delay)


async def _somewhen(chain: Chain, chance: random.Random) -> bool:
    """Wait for a moment in the child's life, or its end; whether the server says that it ended."""
    if chance.random() < 0.2:
        await chain.until_no_child()
        await asyncio.sleep(chance.random() * 0.02)
        return True
    await asyncio.sleep(chance.random() * CHILD_SECONDS * 1.3)
    return False


async def _snapshot(chain: Chain, trial: Trial, chance: random.Random) -> Facts:
    """While a child writes the dump, the only thing that will be loaded."""
    await _slow_child(chain)
    await chain.write(trial, _acks(trial, chance))
    await chain.reached()
    asked_at = monotonic()
    await chain.call(b"BGSAVE")
    answered_at = monotonic()
    complete = await _somewhen(chain, chance)
    alive = bool(chain.running.children())
    _, crashed_at, ledger = await _crashed(chain, trial)
    saved = Saved(asked_at, answered_at, chain.settled, complete)
    return await chain.reckon(trial, ledger, crashed_at, set(), at_risk=alive, saved=saved)


async def _rewrite(chain: Chain, trial: Trial, chance: random.Random) -> Facts:
    """While the AOF is rewritten, or right after."""
    await _slow_child(chain)
    await chain.write(trial, max(_LEAST_ACKS, _acks(trial, chance) // 2))
    await chain.reached()
    await chain.call(b"BGREWRITEAOF")
    await _somewhen(chain, chance)
    alive = bool(chain.running.children())
    written, crashed_at, ledger = await _crashed(chain, trial)
    return await chain.reckon(trial, ledger, crashed_at, written, at_risk=alive)


# -- at the start --------------------------------------------------------------------------------


async def _loading(chain: Chain, trial: Trial, chance: random.Random) -> Facts:
    """Twice: under load, and again while the next server loads what that has left."""
    await chain.write(trial, _acks(trial, chance))
    await chain.reached()
    written, crashed_at, ledger = await _crashed(chain, trial)
    heard = chain.heard
    seconds = 0.15
    await chain.start_loading(trial, int(seconds * 1e6 / FILLERS))
    await asyncio.sleep(chance.random() * seconds)
    loads = chain.running.loads
    await chain.crash(trial)
    chain.heard = heard
    return await chain.reckon(trial, ledger, crashed_at, written, at_risk=loads)


# -- a torn tail ---------------------------------------------------------------------------------


async def _torn_tail(chain: Chain, trial: Trial, chance: random.Random) -> Facts:
    """kill -9, and then the last record is cut off in the middle, as a torn sector would."""
    await chain.write(trial, _acks(trial, chance))
    await chain.reached()
    written, crashed_at, ledger = await _crashed(chain, trial)
    torn = _tear(chain, chance)
    return await chain.reckon(trial, ledger, crashed_at, written, at_risk=torn != -1, torn=torn)


def _tear(chain: Chain, chance: random.Random) -> int:
    """Cut the last record of the AOF at a byte inside it; its number, -1 where there is none."""
    path = aof_bytes.last_file(chain.ground.place.data)
    if path is None:
        return -1
    data = path.read_bytes()
    start, number = numbered.last_record_in(data)
    if start < 0:
        return -1
    with open(path, "r+b") as file:
        file.truncate(chance.randint(start + 1, len(data) - 1))
    return number


async def _not_yet(chain: Chain, trial: Trial, chance: random.Random) -> Facts:
    raise SceneError(f"the crash lab cannot do {trial.during} here")


_HOW: dict[During, Callable[[Chain, Trial, random.Random], Awaitable[Facts]]] = {
    "load": _load,
    "idle": _idle,
    "loading": _loading,
    "snapshot": _snapshot,
    "rewrite": _rewrite,
    "pipes": _rewrite,
    "torn-tail": _torn_tail,
    "disk-full": _not_yet,
    "slow-disk": _not_yet,
}
