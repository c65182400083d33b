"""Compares events with the system calls that strace saw: one for one, or a clear complaint."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from engine.events import AnyEvent, AofFsync, Fork

_FORK = re.compile(r"\b(?:clone3?|v?fork)\((?P<flags>.*)\)\s+= (?P<child>\d+)$")
_FORK_RESUMED = re.compile(r"<\.\.\. (?:clone3?|v?fork) resumed>.*\)\s+= (?P<child>\d+)$")
_SYNC = re.compile(r"^(?P<tid>\d+)\s.*\bfdatasync\(\d+<(?P<path>[^>]*)>")
_THREAD = "CLONE_THREAD"


@dataclass(frozen=True)
class Calls:
    """What strace saw."""

    children: list[int]
    """Pids that fork(2) returned (threads left out)."""
    syncs: list[tuple[int, str]]
    """(thread, file name) of every fdatasync(2) of an AOF increment."""


def parse(trace: str) -> Calls:
    """The forks and AOF syncs in the output of `strace -f -y`."""
    children: list[int] = []
    syncs: list[tuple[int, str]] = []
    unfinished_thread: set[str] = set()
    for line in trace.splitlines():
        tid = line.split(None, 1)[0]
        if "unfinished" in line and re.search(r"\b(clone3?|v?fork)\(", line):
            if _THREAD in line:
                unfinished_thread.add(tid)
            continue
        if found := _FORK_RESUMED.search(line):
            if tid in unfinished_thread:
                unfinished_thread.discard(tid)
            else:
                children.append(int(found["child"]))
        elif found := _FORK.search(line):
            if _THREAD not in found["flags"]:
                children.append(int(found["child"]))
        elif (found := _SYNC.search(line)) and found["path"].endswith(".incr.aof"):
            syncs.append((int(found["tid"]), found["path"].rsplit("/", 1)[-1]))
    return Calls(children, syncs)


def complaints(events: Sequence[AnyEvent], calls: Calls, main: int) -> list[str]:
    """Every event without its call and every call without its event; `main` is the engine's pid."""
    found = []
    forked = Counter(event.child for event in events if isinstance(event, Fork))
    called = Counter(calls.children)
    found += [f"fork event of child {child} without a call" for child in forked - called]
    found += [f"call that forked {child} without an event" for child in called - forked]
    synced = Counter((event.file, event.thread) for event in events if isinstance(event, AofFsync))
    seen = Counter((file, "main" if tid == main else "bio") for tid, file in calls.syncs)
    for key in synced | seen:
        if synced[key] != seen[key]:
            found.append(
                f"{key[0]} in the {key[1]} thread: {synced[key]} aof.fsync events, "
                f"{seen[key]} fdatasync calls"
            )
    return found
