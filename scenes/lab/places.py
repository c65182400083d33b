"""Where a lab's server keeps its files, and what a crash does to them there."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from time import monotonic
from typing import Protocol

from scenes.lab import real_disk
from scenes.lab.real_disk import RealDisk
from scenes.lab.servers import Place, Running
from scenes.lab.trial import Trial


class Ground(Protocol):
    """A folder, and its way to crash."""

    place: Place
    directives: dict[str, str]
    """Which the server must be started with."""

    async def started(self, running: Running) -> None:
        """A server runs here now."""

    async def crash(self, running: Running, trial: Trial) -> float:
        """Crash it; when, by CLOCK_MONOTONIC. The group is dead on return, the files are at hand
        as they were left."""

    async def close(self) -> None:
        """Give the place up."""


class Folder:
    """An ordinary folder: the crash is SIGKILL to the server's process group."""

    def __init__(self, parent: Path) -> None:
        data = parent / "data"
        data.mkdir()
        self.place = Place(data, str(data), parent)
        self.directives: dict[str, str] = {}

    async def started(self, running: Running) -> None:
        """Nothing to do."""

    async def crash(self, running: Running, trial: Trial) -> float:
        at = monotonic()
        await running.kill()
        return at

    async def close(self) -> None:
        """The folder is its maker's."""


class OnRealDisk:
    """An ext4 in a loop image: its power is cut, then the group is killed, then it is mounted
    again."""

    def __init__(self, disk: RealDisk, parent: Path) -> None:
        self.disk = disk
        data = disk.folder / "data"
        data.mkdir()
        fd = os.open(disk.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        os.fsync(fd)  # the folder was there before the server
        os.close(fd)
        self.place = Place(data, f"{disk.point}/data", parent, tuple(disk.inside))
        self.directives: dict[str, str] = {}

    @classmethod
    async def make(cls, parent: Path, size: int = real_disk.SIZE) -> OnRealDisk:
        """Raises SceneError where no such disk can be made."""
        return cls(await RealDisk.make(parent, size), parent)

    async def started(self, running: Running) -> None:
        await self.disk.watch(running.pid)

    async def crash(self, running: Running, trial: Trial) -> float:
        at = await self.disk.cut()
        await running.kill()
        await self.disk.again()
        return at

    async def close(self) -> None:
        await self.disk.close()


class OnModelDisk:
    """A folder behind the engine's disk model: the group is killed, then the model takes away what
    no completed fsync covered."""

    def __init__(self, parent: Path) -> None:
        data = parent / "data"
        data.mkdir()
        self.place = Place(data, str(data), parent)
        self._ledger = str(parent / "disk-ledger")
        self.directives = {"cowscope-disk-ledger": self._ledger}

    async def started(self, running: Running) -> None:
        """Nothing to do."""

    async def crash(self, running: Running, trial: Trial) -> float:
        from engine.power_cut import cut

        at = monotonic()
        await running.kill()
        partly = None if trial.worst_case else trial.seed
        await asyncio.to_thread(cut, str(self.place.data), self._ledger, partly)
        return at

    async def close(self) -> None:
        """The folder is its maker's."""
