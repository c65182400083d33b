"""What this machine can measure: every ability is tried, none is inferred from a version number.

Where something is missing, a finding says what is modelled or shown instead.
"""

from __future__ import annotations

import importlib.metadata
import mmap
import os
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field

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
    case: str = ""
    """Which of `SEEN` was found, for faces that say it in another language."""
    figures: Mapping[str, str] = field(default_factory=dict)


SEEN = {
    "kernel": "{system} {release}, {proc} is there",
    "kernel_alone": "{system} {release}, {proc} is not there",
    "fork": "{usec} usec for this process",
    "fork_refused": "refused",
    "pagemap": "{copied} of {pages} pages exclusive after {written} writes, {shared} before",
    "pagemap_closed": "{problem}",
    "pagemap_absent": "{problem}",
    "pagemap_denied": "{problem}",
    "pagemap_fork": "{problem}",
    "smaps": "{kb} kB private after {written} writes",
    "smaps_closed": "can't be read",
    "huge_pages": "{setting}",
    "huge_pages_none": "this kernel has none",
    "page_size": "{kib} KiB",
    "memory": "{mib} MiB free (limits of control groups count)",
    "disk": "{kind} under {folder}",
    "disk_closed": "{kind} under {folder}, not writable",
    "disk_unknown": "unknown file system under {folder}",
    "disk_unknown_closed": "unknown file system under {folder}, not writable",
    "cachestat": "counts a written file's dirty pages",
    "cachestat_none": "missing, or this file system shows no dirty pages",
    "root": "yes",
    "root_none": "no, and none is needed to measure pages",
    "package": "{version}",
    "package_none": "not installed",
    "tools": "{names}",
    "tools_none": "none installed",
}
"""What can be found, by case; figures are filled in."""


def _finding(
    name: str, ok: bool, case: str, means: str, instead: str, **figures: str | int
) -> Finding:
    told = {key: f"{one:,}" if isinstance(one, int) else one for key, one in figures.items()}
    return Finding(name, ok, SEEN[case].format(**told), means, instead, case, told)


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
    return _finding(
        "/proc",
        mounted,
        "kernel" if mounted else "kernel_alone",
        "every measured figure comes from here",
        "recordings made on a real kernel: cowscope replay",
        system=platform.system(),
        release=platform.release(),
        proc=proc,
    )


def _copy_on_write(proc: str) -> list[Finding]:
    try:
        trial = try_fork(proc)
    except OSError as error:
        trial = Trial(-1, -1, -1, -1, f"fork failed: {error.strerror}", "fork")
    return [_fork(trial), _pagemap(trial), _smaps(trial)]


def _fork(trial: Trial) -> Finding:
    forks = trial.fork_usec >= 0
    return _finding(
        "fork",
        forks,
        "fork" if forks else "fork_refused",
        "snapshots are made by a forked child",
        "recordings: cowscope replay",
        usec=trial.fork_usec,
    )


def _pagemap(trial: Trial) -> Finding:
    return _finding(
        "pagemap",
        not trial.problem and (trial.shared, trial.copied) == (0, WRITTEN),
        f"pagemap_{trial.why or 'closed'}" if trial.problem else "pagemap",
        "names the very pages that were copied",
        "recordings: without it the page grid would have to be invented, so it is not drawn",
        copied=trial.copied,
        pages=PAGES,
        written=WRITTEN,
        shared=trial.shared,
        problem=trial.problem,
    )


def _smaps(trial: Trial) -> Finding:
    return _finding(
        "smaps",
        trial.smaps_kb == WRITTEN * mmap.PAGESIZE // 1024,
        "smaps" if trial.smaps_kb >= 0 else "smaps_closed",
        "weighs the copies: the extra memory of a snapshot",
        "the gauge has one witness only: copied pages by pagemap",
        kb=trial.smaps_kb,
        written=WRITTEN,
    )


def _huge_pages(sys: str) -> Finding:
    try:
        with open(f"{sys}/{_THP}", encoding="ascii") as file:
            setting = file.read().strip()
    except OSError:
        setting = ""
    return _finding(
        "huge pages",
        bool(setting) and "[never]" not in setting,
        "huge_pages" if setting else "huge_pages_none",
        "arena-thp yes puts the arena on 2 MiB pages",
        "the arena stays on small pages; what huge pages would do is modelled",
        setting=setting,
    )


def _page_size() -> Finding:
    kib = mmap.PAGESIZE // 1024
    return _finding(
        "page size",
        mmap.PAGESIZE == 4096,
        "page_size",
        "a copy costs one page; the texts speak of 4 KiB",
        f"all figures are measured in pages of {kib} KiB",
        kib=kib,
    )


def _memory() -> Finding:
    free = free_memory()
    return _finding(
        "memory",
        free >= _ENOUGH_MEMORY,
        "memory",
        "the arena takes at most half of it",
        "a smaller arena: --arena-pages",
        mib=free >> 20,
    )


# -- files ---------------------------------------------------------------------------------------


def _disk(directory: str, proc: str) -> Finding:
    writable = os.access(directory, os.W_OK | os.X_OK)
    kind = cachestat.file_system(directory, proc)
    return _finding(
        "disk",
        writable and kind != "" and cachestat.has_disk(directory, proc),
        "disk" + ("" if kind else "_unknown") + ("" if writable else "_closed"),
        "fsync makes writes survive a power cut",
        "the AOF's tail says that no disk is behind the file; choose another folder with --dir",
        kind=kind,
        folder=directory,
    )


def _cachestat(directory: str) -> Finding:
    proven = cachestat.proves_dirty(directory)
    return _finding(
        "cachestat",
        proven,
        "cachestat" if proven else "cachestat_none",
        "the kernel's own count of what is not on disk yet",
        "the count is left out; emerald still means a completed fsync",
    )


# -- rights and programs -------------------------------------------------------------------------


def _root() -> Finding:
    root = os.geteuid() == 0
    return _finding(
        "root",
        root,
        "root" if root else "root_none",
        "a real power cut needs a file system of its own",
        "power cuts are modelled, and say so",
    )


_PACKAGES = (
    ("uvloop", "the engine's event loop", "asyncio's own loop: the same, but slower"),
    ("hiredis", "reads an engine's replies in C", "Python code: the same, but slower"),
)


def _package(name: str, means: str, instead: str) -> Finding:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        version = ""
    case = "package" if version else "package_none"
    return _finding(name, bool(version), case, means, instead, version=version)


def _tools() -> Finding:
    there = [tool for tool in _TOOLS if shutil.which(tool)]
    return _finding(
        "redis tools",
        len(there) == len(_TOOLS),
        "tools" if there else "tools_none",
        "redis-cli joins a session; comparisons with the real redis-server",
        "the prompt (:) takes any command; comparisons are left out",
        names=", ".join(there),
    )
