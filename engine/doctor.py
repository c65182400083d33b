"""What this machine can measure: every ability is tried, none is inferred from a version number.

Where something is missing, a finding says what is modelled or shown instead.
"""

from __future__ import annotations

import importlib.metadata
import mmap
import os
import platform
import shutil
from dataclasses import dataclass

from engine import cachestat
from engine.fork_trial import PAGES, WRITTEN, Trial, try_fork
from engine.free_memory import free_memory

_ENOUGH_MEMORY = 256 << 20
_THP = "kernel/mm/transparent_hugepage/enabled"
_TOOLS = ("redis-server", "redis-cli", "redis-check-aof", "redis-check-rdb")


@dataclass(frozen=True)
class Finding:
    """One ability of this machine."""

    name: str
    ok: bool
    found: str
    """What was seen, with figures."""
    means: str
    """What Cowscope uses it for."""
    instead: str
    """What is modelled or shown where it is missing."""


def examine(directory: str, proc: str = "/proc", sys: str = "/sys") -> list[Finding]:
    """Try everything; files are tried in `directory`, nothing is left there."""
    return [
        _kernel(proc),
        *_copy_on_write(proc),
        _huge_pages(sys),
        _page_size(),
        _memory(),
        _disk(directory, proc),
        _cachestat(directory),
        _root(),
        *(_package(name, means, instead) for name, means, instead in _PACKAGES),
        _tools(),
    ]


# -- the kernel ----------------------------------------------------------------------------------


def _kernel(proc: str) -> Finding:
    mounted = os.path.isdir(f"{proc}/self")
    return Finding(
        "/proc",
        mounted,
        f"{platform.system()} {platform.release()}, {proc} {'is' if mounted else 'is not'} there",
        "every measured figure comes from here",
        "recordings made on a real kernel: cowscope replay",
    )


def _copy_on_write(proc: str) -> list[Finding]:
    try:
        trial = try_fork(proc)
    except OSError as error:
        trial = Trial(-1, -1, -1, -1, f"fork failed: {error.strerror}")
    page_kb = mmap.PAGESIZE // 1024
    named = not trial.problem and (trial.shared, trial.copied) == (0, WRITTEN)
    return [
        Finding(
            "fork",
            trial.fork_usec >= 0,
            f"{trial.fork_usec} usec for this process" if trial.fork_usec >= 0 else "refused",
            "snapshots are made by a forked child",
            "recordings: cowscope replay",
        ),
        Finding(
            "pagemap",
            named,
            trial.problem
            or f"{trial.copied} of {PAGES} pages exclusive after {WRITTEN} writes, "
            f"{trial.shared} before",
            "names the very pages that were copied",
            "recordings: without it the page grid would have to be invented, so it is not drawn",
        ),
        Finding(
            "smaps",
            trial.smaps_kb == WRITTEN * page_kb,
            f"{trial.smaps_kb} kB private after {WRITTEN} writes"
            if trial.smaps_kb >= 0
            else "can't be read",
            "weighs the copies: the extra memory of a snapshot",
            "the gauge has one witness only: copied pages by pagemap",
        ),
    ]


def _huge_pages(sys: str) -> Finding:
    try:
        with open(f"{sys}/{_THP}", encoding="ascii") as file:
            setting = file.read().strip()
    except OSError:
        setting = ""
    allowed = bool(setting) and "[never]" not in setting
    return Finding(
        "huge pages",
        allowed,
        setting or "this kernel has none",
        "arena-thp yes puts the arena on 2 MiB pages",
        "the arena stays on small pages; what huge pages would do is modelled",
    )


def _page_size() -> Finding:
    return Finding(
        "page size",
        mmap.PAGESIZE == 4096,
        f"{mmap.PAGESIZE // 1024} KiB",
        "a copy costs one page; the texts speak of 4 KiB",
        f"all figures are measured in pages of {mmap.PAGESIZE // 1024} KiB",
    )


def _memory() -> Finding:
    free = free_memory()
    return Finding(
        "memory",
        free >= _ENOUGH_MEMORY,
        f"{free >> 20:,} MiB free (limits of control groups count)",
        "the arena takes at most half of it",
        "a smaller arena: --arena-pages",
    )


# -- files ---------------------------------------------------------------------------------------


def _disk(directory: str, proc: str) -> Finding:
    writable = os.access(directory, os.W_OK | os.X_OK)
    kind = cachestat.file_system(directory, proc)
    return Finding(
        "disk",
        writable and kind != "" and cachestat.has_disk(directory, proc),
        f"{kind or 'unknown file system'} under {directory}"
        + ("" if writable else ", not writable"),
        "fsync makes writes survive a power cut",
        "the AOF's tail says that no disk is behind the file; choose another folder with --dir",
    )


def _cachestat(directory: str) -> Finding:
    proven = cachestat.proves_dirty(directory)
    return Finding(
        "cachestat",
        proven,
        "counts a written file's dirty pages"
        if proven
        else "missing, or this file system shows no dirty pages",
        "the kernel's own count of what is not on disk yet",
        "the count is left out; emerald still means a completed fsync",
    )


# -- rights and programs -------------------------------------------------------------------------


def _root() -> Finding:
    root = os.geteuid() == 0
    return Finding(
        "root",
        root,
        "yes" if root else "no, and none is needed to measure pages",
        "a real power cut needs a file system of its own",
        "power cuts are modelled, and say so",
    )


_PACKAGES = (
    ("uvloop", "the engine's event loop", "asyncio's own loop: the same, but slower"),
    ("hiredis", "reads an engine's replies in C", "Python code: the same, but slower"),
)


def _package(name: str, means: str, instead: str) -> Finding:
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        found = ""
    return Finding(name, bool(found), found or "not installed", means, instead)


def _tools() -> Finding:
    there = [tool for tool in _TOOLS if shutil.which(tool)]
    return Finding(
        "redis tools",
        len(there) == len(_TOOLS),
        ", ".join(there) or "none installed",
        "redis-cli joins a session; comparisons with the real redis-server",
        "the prompt (:) takes any command; comparisons are left out",
    )
