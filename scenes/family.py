"""The session's processes as the system sees them: engine and child, memory by RSS, PSS and USS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from time import monotonic
from typing import cast, get_args

import psutil  # type: ignore[import-untyped]
from msgspec.structs import replace

from engine.events import Process, ProcessState

EVERY_SECONDS = 1.0
_STATES = frozenset(get_args(ProcessState))


def seen(pid: int) -> Process | None:
    """One process now; None when it is gone (or may not be looked at)."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            memory = process.memory_full_info()
            return Process(
                at=monotonic(),
                pid=pid,
                ppid=process.ppid(),
                name=process.name(),
                state=_known(process.status()),
                rss_kb=memory.rss // 1024,
                pss_kb=getattr(memory, "pss", 0) // 1024,
                uss_kb=memory.uss // 1024,
            )
    except psutil.Error:
        return None


def _known(state: str) -> ProcessState:
    """A state by its word; `?` where an event has none for it."""
    return cast("ProcessState", state) if state in _STATES else "?"


async def watch(pids: Iterable[int], publish: Callable[[Process], None]) -> None:
    """Look at the processes every second until one is gone; publish the first look and changes."""
    pids = list(pids)
    last: dict[int, Process] = {}
    while True:
        for pid in pids:
            process = await asyncio.to_thread(seen, pid)
            if process is None or process.state == psutil.STATUS_ZOMBIE:
                return
            timeless = replace(process, at=0.0)
            if last.get(pid) != timeless:
                last[pid] = timeless
                publish(process)
        await asyncio.sleep(EVERY_SECONDS)
