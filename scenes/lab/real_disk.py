"""A real disk for one lab, for root: what the lab asks of the process that keeps it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from scenes.errors import SceneError
from scenes.lab.wording import judged

KEEPER = (sys.executable, "-P", "-m", "scenes.lab.disk_keeper")
SIZE = 48 << 20
_TRIAL_SIZE = 16 << 20
ANSWER_SECONDS = 30.0
_CAP_SYS_ADMIN = 21
_TOOLS = ("mkfs.ext4", "nsenter")


def why_not() -> str:
    """What keeps this machine from a real power cut, in a few words; empty where nothing does."""
    if not sys.platform.startswith("linux"):
        return judged("needs.linux")
    if os.geteuid() != 0:
        return judged("needs.root")
    if not _may_mount(Path("/proc/self/status").read_text()):
        return judged("needs.admin")
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = [tool for tool in _TOOLS if shutil.which(tool, path=path) is None]
    if missing:
        tools = functools.reduce(_and, missing)
        return judged("needs.tools", tools=tools)
    if not os.path.exists("/dev/loop-control"):
        return judged("needs.loop")
    refusal = _refusal(KEEPER)
    return judged("needs.refused", why=refusal) if refusal else ""


def _and(one: str, more: str) -> str:
    return judged("needs.tools_and", one=one, more=more)


@cache
def _refusal(keeper: Sequence[str]) -> str:
    """Why a disk cannot be made here after all, tried once: a sandbox may refuse what root may."""
    with tempfile.TemporaryDirectory(prefix="cowscope-disk-") as folder:
        tried = subprocess.run(
            [*keeper, folder, str(_TRIAL_SIZE)],
            input="cut\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=ANSWER_SECONDS,
        )
    answers = tried.stdout.splitlines() or ["failed its keeper ended without a word"]
    return next((line.partition(" ")[2] for line in answers if not line.startswith("ok ")), "")


def _may_mount(status: str) -> bool:
    """Whether this /proc/PID/status has the capability that root in a container often lacks."""
    effective = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    return bool(int(effective.split()[1], 16) >> _CAP_SYS_ADMIN & 1)


class RealDisk:
    """An ext4 in a loop image; `folder` is its root, seen from outside its namespace."""

    def __init__(self, process: asyncio.subprocess.Process, point: Path) -> None:
        self._process = process
        self.point = point
        """Where it is mounted for those inside."""
        self.folder = Path(f"/proc/{process.pid}/root{point}")

    @classmethod
    async def make(cls, parent: Path, size: int = SIZE) -> RealDisk:
        """A fresh one, mounted under `parent`; raises SceneError where that is refused."""
        point = parent.resolve() / "disk"
        point.mkdir(exist_ok=True)
        process = await asyncio.create_subprocess_exec(
            *(*KEEPER, str(point), str(size)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        disk = cls(process, point)
        try:
            await disk._answer("make a disk")
        except SceneError:
            await disk.close()
            raise
        return disk

    @property
    def inside(self) -> Sequence[str]:
        """The command that runs another one inside the namespace."""
        return ("nsenter", f"--mount=/proc/{self._process.pid}/ns/mnt", "--")

    async def watch(self, group: int) -> None:
        """This process group is to be killed if the lab is."""
        await self._ask(f"watch {group}")

    async def cut(self) -> float:
        """Cut the power; when, by CLOCK_MONOTONIC, the cut began."""
        return await self._ask("cut")

    async def again(self) -> None:
        """Unmount and mount again: ext4 recovers by its journal."""
        await self._ask("again")

    async def close(self) -> None:
        """Let go of everything."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), 5.0)
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _ask(self, order: str) -> float:
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(order.encode() + b"\n")
        return await self._answer(order)

    async def _answer(self, order: str) -> float:
        assert self._process.stdout is not None
        async with asyncio.timeout(ANSWER_SECONDS):
            line = (await self._process.stdout.readline()).decode()
        what, _, rest = line.strip().partition(" ")
        if what != "ok":
            why = rest or judged("trouble.keeper")
            raise SceneError(judged(f"trouble.disk_{order.split()[0]}", why=why))
        return float(rest)
