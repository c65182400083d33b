"""Checks of a snapshot: the fork, the copies, the child and its dump."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any, TypeAlias

from scenes.dump_check import DumpError, count_keys
from scenes.evidence import Evidence
from scenes.evidence_child import Snapshot
from scenes.verdict import Verdict

_Check: TypeAlias = Callable[..., Verdict]


def _of_snapshot(check: _Check) -> _Check:
    """A check of the last snapshot; without one it is missed."""

    @functools.wraps(check)
    def judged(evidence: Evidence, **args: Any) -> Verdict:
        if evidence.snapshot is None:
            return Verdict.missed("expected a fork, measured none")
        return check(evidence, evidence.snapshot, **args)

    return judged


def figures_agree(evidence: Evidence) -> Verdict:
    """No reading contradicts itself or another: page counts partition the arena, pids match."""
    if evidence.broken:
        return Verdict.missed("expected figures that add up; " + "; ".join(evidence.broken))
    return Verdict.of(
        evidence.pages_events > 0,
        f"{evidence.pages_events} readings of the page tables partition"
        f" {evidence.arena_pages:,} pages",
    )


@_of_snapshot
def fork_shared_everything(evidence: Evidence, snapshot: Snapshot) -> Verdict:
    """Right after fork(2) every page that held data is shared, but for those written since."""
    first = snapshot.first_reading
    if first is None:
        return Verdict.missed("expected a reading of the page tables after the fork, got none")
    held, written = sum(snapshot.held), len(snapshot.copies_due()) + snapshot.touched_more
    whole = first.shared + first.copied == held and not first.private
    return Verdict.of(
        held > 0 and whole and first.copied <= written,
        f"expected all {held:,} pages with data shared or copied after the fork,"
        f" measured {first.shared:,} shared, {first.copied:,} copied, {first.private:,} private",
    )


@_of_snapshot
def child_is_a_process(evidence: Evidence, snapshot: Snapshot) -> Verdict:
    """The child that the fork event names was seen among the system's processes."""
    fork, seen = snapshot.fork, snapshot.process
    if seen is None:
        return Verdict.missed(f"expected a process {fork.child}, the system shows none")
    return Verdict.of(
        seen.ppid == fork.pid,
        f"expected process {fork.child} with parent {fork.pid},"
        f" seen {seen.name} with parent {seen.ppid}",
    )


@_of_snapshot
def copied_are_the_written(evidence: Evidence, snapshot: Snapshot, least: int = 1) -> Verdict:
    """Copied pages are exactly the pages held at the fork that commands wrote since."""
    latest, due = snapshot.latest, snapshot.copies_due()
    copied = latest.copied if latest else 0
    changed = {page for page in snapshot.copied_times if snapshot.copied_times[page]}
    if snapshot.touched_more:  # some touched pages were left out of the events for length
        fits = len(due) <= copied <= len(due) + snapshot.touched_more and due <= changed
    else:
        fits = copied == len(due) and changed == due
    strangers = sorted(changed ^ due)[:3]
    return Verdict.of(
        fits and copied >= least,
        f"expected {max(len(due), least):,} copied pages (written since the fork),"
        f" measured {copied:,}"
        + (f"; pages that differ: {', '.join(map(str, strangers))}" if strangers else ""),
    )


@_of_snapshot
def witnesses_agree(evidence: Evidence, snapshot: Snapshot, figures: int = 2) -> Verdict:
    """pagemap and smaps tell the same copies, and they move as writes come."""
    if evidence.thp:
        return Verdict.skip("huge pages are on: the two witnesses count in different units")
    latest = snapshot.latest
    if latest is None or not latest.smaps_at:
        return Verdict.missed("expected a reading of smaps, got none")
    by_pagemap = latest.copied * evidence.page_size // 1024
    by_smaps = latest.private_dirty_kb - latest.new_kb
    seen = len(snapshot.copied_figures)
    return Verdict.of(
        by_pagemap == by_smaps and by_pagemap > 0 and seen >= figures,
        f"expected the same copies twice, measured {by_pagemap:,} KiB (pagemap) and"
        f" {by_smaps:,} KiB (smaps), over {seen} different figures (at least {figures})",
    )


@_of_snapshot
def hot_page_copied_once(evidence: Evidence, snapshot: Snapshot, key: str) -> Verdict:
    """The page under a key that is written again and again was copied once."""
    page = snapshot.page_of.get(key)
    if page is None:
        return Verdict.missed(f"expected writes to {key} since the fork, measured none")
    writes, copies = snapshot.touched[page], snapshot.copied_times[page]
    return Verdict.of(
        writes >= 2 and copies == 1,
        f"expected 1 copy of page {page} ({key}) after at least 2 writes,"
        f" measured {copies} after {writes}",
    )


@_of_snapshot
def new_is_not_copied(evidence: Evidence, snapshot: Snapshot, least: int = 1) -> Verdict:
    """Pages first touched after the fork are new, and none of them was copied."""
    due = snapshot.new_due()
    latest = snapshot.latest
    new = latest.new if latest else 0
    copied = sorted(due & {page for page, times in snapshot.copied_times.items() if times})
    return Verdict.of(
        len(due) >= least and due == snapshot.new_pages and new == len(due) and not copied,
        f"expected {max(least, len(due))} new pages (first written after the fork), measured {new};"
        f" copied among them: {len(copied)}",
    )


@_of_snapshot
def child_left_cleanly(evidence: Evidence, snapshot: Snapshot) -> Verdict:
    """waitpid(2) returned the very child that was forked, with status 0."""
    left = snapshot.exit
    if left is None:
        return Verdict.missed(f"expected the exit of child {snapshot.fork.child}, it lives")
    return Verdict.of(
        left.child == snapshot.fork.child and not left.status and not left.signal,
        f"expected child {snapshot.fork.child} to leave with status 0, measured child"
        f" {left.child}, status {left.status}, signal {left.signal}",
    )


@_of_snapshot
def dump_is_whole(evidence: Evidence, snapshot: Snapshot) -> Verdict:
    """The dump on disk holds the keys of the moment of the fork, and its checksum is right."""
    saved, progress = snapshot.saved, snapshot.progress
    if saved is None:
        return Verdict.missed("expected a complete dump, none was saved")
    path = os.path.join(evidence.folder, saved.path)
    try:
        keys = count_keys(path)
    except DumpError as err:
        return Verdict.missed(f"expected a whole dump: {err}")
    at_fork = progress.total_keys if progress else saved.keys
    return Verdict.of(
        keys == at_fork == saved.keys and keys >= evidence.populate,
        f"expected {max(at_fork, evidence.populate):,} keys (those of the fork),"
        f" read {keys:,} from the dump of {os.path.getsize(path):,} bytes, its checksum right",
    )


@_of_snapshot
def dirty_is_since_the_fork(evidence: Evidence, snapshot: Snapshot) -> Verdict:
    """After a successful BGSAVE `dirty` counts exactly the changes since its fork."""
    state, before = snapshot.state_after, evidence.first_state
    if state is None or before is None:
        return Verdict.missed("expected the engine's state after the dump, it was not asked")
    return Verdict.of(
        state.dirty == snapshot.dirty_at_state and state.lastsave >= before.lastsave,
        f"expected dirty {snapshot.dirty_at_state:,} (changes since the fork),"
        f" measured {state.dirty:,}",
    )


@_of_snapshot
def extra_memory_is_gone(evidence: Evidence, snapshot: Snapshot) -> Verdict:
    """With the child gone nothing is shared or copied: the pages are private again."""
    after = snapshot.after_exit
    if after is None:
        return Verdict.missed("expected a reading after the child left, got none")
    return Verdict.of(
        not after.copied and not after.shared and not after.new and after.private > 0,
        f"expected 0 copied pages and all private, measured {after.copied:,} copied,"
        f" {after.shared:,} shared, {after.private:,} private",
    )
