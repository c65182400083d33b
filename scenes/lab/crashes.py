"""The crashes themselves: what is going on, at which seeded moment it ends, what was at risk."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from time import monotonic

from scenes.lab import aof_bytes, faulty, numbered
from scenes.lab.chain import FILLERS, Chain
from scenes.lab.counting import LEAST_ACKS, acks, crash, unsafe
from scenes.lab.trial import During, Facts, Saved, Trial

CHILD_SECONDS = 0.1
"""About how long a save or rewrite child is made to work (rdb-key-save-delay)."""
_JITTER_SECONDS = 0.004


async def attempt(chain: Chain, trial: Trial) -> Facts:
    """Carry out one trial; raises SceneError where it could not be carried out."""
    chance = random.Random(f"{trial.seed}-{trial.during}-{trial.policy}")
    await chain.apply(trial)
    return await _HOW[trial.during](chain, trial, chance)


async def _load(chain: Chain, trial: Trial, chance: random.Random) -> Facts:
    """After some acknowledged write, or right after an fsync, while the next are on their way."""
    await chain.write(trial, acks(trial, chance))
    await chain.reached()
    if trial.after_fsync:
        await chain.until_synced()
    await asyncio.sleep(chance.random() * _JITTER_SECONDS)
    return await _crash_and_count(chain, trial)


async def _idle(chain: Chain, trial: Trial, chance: random.Random) -> Facts:
    """When nothing has been in flight for a moment."""
    await chain.write(trial, acks(trial, chance))
    await chain.reached()
    await chain.clients.stop()
    await asyncio.sleep(chance.random() * 0.1)
    return await _crash_and_count(chain, trial)


async def _crash_and_count(chain: Chain, trial: Trial) -> Facts:
    written, crashed_at, ledger = await crash(chain, trial)
    at_risk = unsafe(chain, trial, ledger)
    return await chain.reckon(trial, ledger, crashed_at, written, at_risk=at_risk)


# -- with a child --------------------------------------------------------------------------------


async def _slow_child(chain: Chain) -> None:
    keys = FILLERS + len(chain.settled)
    delay = max(1, int(CHILD_SECONDS * 1e6 / keys))
    await chain.call(b"CONFIG", b"SET", b"rdb-key-save-delay", b"%d" % delay)


async def _somewhen(chain: Chain, trial: Trial, chance: random.Random) -> bool:
    """Wait for a moment of the child's life, for one near its end, or until it has ended; whether
    the server has said that it has."""
    if trial.seed % 2:
        await asyncio.sleep(chance.random() * CHILD_SECONDS * 0.7)
        return False
    if trial.seed % 4:
        await asyncio.sleep((0.7 + 0.9 * chance.random()) * CHILD_SECONDS)
        return False
    await chain.until_no_child()
    await asyncio.sleep(chance.random() * 0.02)
    return True


async def _snapshot(chain: Chain, trial: Trial, chance: random.Random) -> Facts:
    """While a child writes the dump, the only thing that will be loaded."""
    await _slow_child(chain)
    await chain.write(trial, acks(trial, chance))
    await chain.reached()
    asked_at = monotonic()
    await chain.call(b"BGSAVE")
    answered_at = monotonic()
    complete = await _somewhen(chain, trial, chance)
    alive = bool(chain.running.children())
    _, crashed_at, ledger = await crash(chain, trial)
    saved = Saved(asked_at, answered_at, chain.settled, complete)
    return await chain.reckon(trial, ledger, crashed_at, set(), at_risk=alive, saved=saved)


async def _rewrite(chain: Chain, trial: Trial, chance: random.Random) -> Facts:
    """While the AOF is rewritten, or right after."""
    await _slow_child(chain)
    await chain.write(trial, max(LEAST_ACKS, acks(trial, chance) // 2))
    await chain.reached()
    await chain.call(b"BGREWRITEAOF")
    await _somewhen(chain, trial, chance)
    alive = bool(chain.running.children())
    written, crashed_at, ledger = await crash(chain, trial)
    return await chain.reckon(trial, ledger, crashed_at, written, at_risk=alive)


# -- at the start --------------------------------------------------------------------------------


async def _loading(chain: Chain, trial: Trial, chance: random.Random) -> Facts:
    """Twice: under load, and again while the next server loads what that has left."""
    await chain.write(trial, acks(trial, chance))
    await chain.reached()
    written, crashed_at, ledger = await crash(chain, trial)
    heard = chain.heard
    seconds = 0.15
    await chain.start_loading(trial, int(seconds * 1e6 / FILLERS))
    await asyncio.sleep(chance.random() * seconds * 0.8)
    loads = chain.running.loads
    await chain.crash(trial)
    chain.heard = heard
    return await chain.reckon(trial, ledger, crashed_at, written, at_risk=loads)


# -- a torn tail ---------------------------------------------------------------------------------


async def _torn_tail(chain: Chain, trial: Trial, chance: random.Random) -> Facts:
    """kill -9, and then the last record is cut off in the middle, as a torn sector would."""
    await chain.write(trial, acks(trial, chance))
    await chain.reached()
    written, crashed_at, ledger = await crash(chain, trial)
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


_HOW: dict[During, Callable[[Chain, Trial, random.Random], Awaitable[Facts]]] = {
    "load": _load,
    "idle": _idle,
    "loading": _loading,
    "snapshot": _snapshot,
    "rewrite": _rewrite,
    "pipes": _rewrite,
    "torn-tail": _torn_tail,
    "disk-full": faulty.disk_full,
    "slow-disk": faulty.slow_disk,
}
