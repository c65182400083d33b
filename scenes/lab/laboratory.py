"""The laboratory: rows become chains of crashes, several at once, each in a folder of its own."""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import msgspec

from engine.errors import EngineError
from scenes import folder
from scenes.errors import SceneError
from scenes.lab import crashes, places, real_disk
from scenes.lab.chain import Chain
from scenes.lab.places import Ground
from scenes.lab.plan import Row
from scenes.lab.rows import Line, line
from scenes.lab.trial import Facts, Trial
from scenes.lab.wording import judged

AT_ONCE = 3
LONGEST_CHAIN = 24
"""Crashes on one folder; then a fresh one, so that what has to be loaded stays small."""


class Outcome(msgspec.Struct):
    """What came of a row's trials."""

    results: list[Facts] = []
    failures: list[str] = []


class Laboratory:
    """Carries out the rows' trials."""

    def __init__(
        self,
        rows: list[Row],
        *,
        at_once: int = AT_ONCE,
        on_result: Callable[[Row, Facts], object] = lambda row, facts: None,
    ) -> None:
        self._rows = rows
        self._outcomes = [Outcome() for _ in rows]
        self._turn = asyncio.Semaphore(at_once)
        self._on_result = on_result

    async def run(self) -> list[Line]:
        """All rows, filled. Whatever happens, nothing that was started is left."""
        home = folder.fresh()
        try:
            async with asyncio.TaskGroup() as group:
                for work in self._chains():
                    group.create_task(self._chain(work, home.path))
        finally:
            home.remove()
        return [
            line(row, outcome.results, outcome.failures)
            for row, outcome in zip(self._rows, self._outcomes, strict=True)
        ]

    def _chains(self) -> list[list[tuple[int, Trial]]]:
        """(row, trial) of each chain: what can be tried on one folder, in turns over its rows."""
        together: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for number, row in enumerate(self._rows):
            alone = row.during if row.during in ("disk-full", "slow-disk") else ""
            together[row.server.name, row.crash, row.layout, alone].append(number)
        chains = []
        for numbers in together.values():
            most = max(len(self._rows[number].trials) for number in numbers)
            work = [
                (number, self._rows[number].trials[turn])
                for turn in range(most)
                for number in numbers
                if turn < len(self._rows[number].trials)
            ]
            chains += [work[i : i + LONGEST_CHAIN] for i in range(0, len(work), LONGEST_CHAIN)]
        return chains

    async def _chain(self, work: list[tuple[int, Trial]], home: Path) -> None:
        async with self._turn:
            first = self._rows[work[0][0]]
            chain = None
            try:
                ground = await _ground(first, Path(tempfile.mkdtemp(prefix="lab-", dir=home)))
                chain = Chain(first.server, ground, first.layout)
                await chain.open(work[0][1])
                for number, trial in work:
                    facts = await crashes.attempt(chain, trial)
                    self._outcomes[number].results.append(facts)
                    self._on_result(self._rows[number], facts)
                    if chain.broken_off:
                        break
            except (SceneError, EngineError, OSError, TimeoutError) as error:
                why = str(error) or judged("no_answer", kind=type(error).__name__)
                if chain is not None and (said := chain.last_words()):
                    why += f"; {said}"
                for number in {number for number, _ in work}:
                    self._outcomes[number].failures.append(judged("carried", why=why))
            finally:
                if chain is not None:
                    await chain.close()


async def _ground(row: Row, parent: Path) -> Ground:
    if row.during == "disk-full" and not real_disk.why_not():
        return await places.OnRealDisk.make(parent)
    match row.crash:
        case "real":
            return await places.OnRealDisk.make(parent)
        case "modelled":
            return places.OnModelDisk(parent)
        case _:
            return places.Folder(parent)
