"""Crashes on a disk that is slow, or full for a while."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from time import monotonic

from scenes.errors import SceneError
from scenes.lab import full_disk
from scenes.lab.chain import Chain
from scenes.lab.counting import acks, crash, unsafe
from scenes.lab.trial import Facts, Trial
from scenes.lab.wording import judged

PATIENCE = 15.0
SLOW_MS = {"always": 150, "everysec": 3500, "no": 3500}
"""How long an fsync is made to take. Under everysec longer than the 2 s for which a write waits."""


async def disk_full(chain: Chain, trial: Trial, chance: random.Random) -> Facts:
    """The disk fills up under load and has room again; then kill -9.

    Under `always` the server ends by itself, as Redis does: what it was to acknowledge it cannot
    keep. Else it refuses writes, and takes them again once there is room.
    """
    problems: list[str] = []
    await chain.write(trial, acks(trial, chance))
    await chain.reached()
    await full_disk.fill(chain)
    if trial.policy == "always":
        ended = await _until(lambda: not chain.running.engine.alive)
        crashed_at = monotonic()
        if not ended:
            problems.append(judged("seen.went_on"))
        await full_disk.make_room(chain)
        written, killed_at, ledger = await crash(chain, trial)
        crashed_at = crashed_at if ended else killed_at
        return await chain.reckon(
            trial, ledger, crashed_at, written, at_risk=ended, problems=problems
        )
    if not await _status(chain, "err"):
        problems.append(judged("seen.unnoticed"))
    await asyncio.sleep(0.05 + chance.random() * 0.3)
    await full_disk.make_room(chain)
    if not await _status(chain, "ok"):
        problems.append(judged("seen.stuck"))
    await asyncio.sleep(0.05 + chance.random() * 0.1)
    written, crashed_at, ledger = await crash(chain, trial)
    if not ledger.refused:
        problems.append(judged("seen.took"))
    risky = bool(ledger.refused)
    return await chain.reckon(trial, ledger, crashed_at, written, at_risk=risky, problems=problems)


async def slow_disk(chain: Chain, trial: Trial, chance: random.Random) -> Facts:
    """fsync takes seconds; under everysec the crash comes after a write has gone ahead of one."""
    delay = SLOW_MS[trial.policy]
    await chain.call(b"COWSCOPE", b"FAULT", b"fsync-delay", b"%d" % delay)
    few = min(acks(trial, chance), 40) if trial.policy == "always" else acks(trial, chance)
    await chain.write(trial, few)
    await chain.reached()
    problems = []
    delayed = 0
    if trial.policy == "everysec":
        delayed = await _delayed(chain)
        if not delayed:
            problems.append(judged("seen.no_delay"))
    await asyncio.sleep(chance.random() * min(2.0, delay / 1000))
    written, crashed_at, ledger = await crash(chain, trial)
    return await chain.reckon(
        trial,
        ledger,
        crashed_at,
        written,
        at_risk=bool(delayed) or unsafe(chain, trial, ledger),
        problems=problems,
        delayed=delayed,
    )


async def _delayed(chain: Chain) -> int:
    """aof_delayed_fsync once it is no longer 0."""
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        if count := int((await chain.info())["aof_delayed_fsync"]):
            return count
        await asyncio.sleep(0.02)
    return 0


async def _status(chain: Chain, wanted: str) -> bool:
    """Whether INFO's aof_last_write_status becomes this."""
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        try:
            info = await chain.info()
        except SceneError:
            return False
        if info["aof_last_write_status"] == wanted:
            return True
        await asyncio.sleep(0.02)
    return False


async def _until(holds: Callable[[], bool]) -> bool:
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        if holds():
            return True
        await asyncio.sleep(0.01)
    return False
