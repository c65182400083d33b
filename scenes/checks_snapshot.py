"""Checks of a snapshot: the fork, the copies, the child and its dump."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any, TypeAlias

from scenes.dump_check import DumpError, count_keys
from scenes.evidence import Evidence
from scenes.evidence_child import Snapshot
from scenes.sayings import detail
from scenes.verdict import Verdict

_Check: TypeAlias = Callable[..., Verdict]


def _of_snapshot(check: _Check) -> _Check:
    """A check of the last snapshot; without one it is missed."""

    @functools.wraps(check)
    def judged(evidence: Evidence, **args: Any) -> Verdict:
        if evidence.snapshot is None:
            return Verdict.missed(detail("checks_snapshot.no_fork"))
        return check(evidence, evidence.snapshot, **args)

    return judged


def figures_agree(evidence: Evidence) -> Verdict:
    """No reading contradicts itself or another: page counts partition the arena, pids match."""
    if evidence.broken:
        return Verdict.missed(
            (detail("checks_snapshot.figures_agree_broken") + " ") + "; ".join(evidence.broken)
        )
    return Verdict.of(
        evidence.pages_events > 0,
        detail(
            "checks_snapshot.figures_agree",
            readings=str(evidence.pages_events),
            arena_pages=evidence.arena_pages,
        ),
    )


@_of_snapshot
def fork_shared_everything(evidence: Evidence, snapshot: Snapshot) -> Verdict:
    """Right after fork(2) every page that held data is shared, but for those written since."""
    first = snapshot.first_reading
    if first is None:
        return Verdict.missed(detail("checks_snapshot.fork_shared_everything_no_reading"))
    held, written = sum(snapshot.held), len(snapshot.copies_due()) + snapshot.touched_more
    whole = first.shared + first.copied == held and not first.private
    return Verdict.of(
        held > 0 and whole and first.copied <= written,
        detail(
            "checks_snapshot.fork_shared_everything",
            held=held,
            shared=first.shared,
            copied=first.copied,
            private=first.private,
        ),
    )


@_of_snapshot
def child_is_a_process(evidence: Evidence, snapshot: Snapshot) -> Verdict:
    """The child that the fork event names was seen among the system's processes."""
    fork, seen = snapshot.fork, snapshot.process
    if seen is None:
        return Verdict.missed(
            detail("checks_snapshot.child_is_a_process_unseen", child=str(fork.child))
        )
    return Verdict.of(
        seen.ppid == fork.pid,
        detail(
            "checks_snapshot.child_is_a_process",
            child=str(fork.child),
            parent=str(fork.pid),
            seen_name=seen.name,
            seen_parent=str(seen.ppid),
        ),
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
        detail("checks_snapshot.copied_are_the_written", due=max(len(due), least), copied=copied)
        + (
            detail(
                "checks_snapshot.copied_are_the_written_strangers",
                pages=", ".join(map(str, strangers)),
            )
            if strangers
            else ""
        ),
    )


@_of_snapshot
def witnesses_agree(evidence: Evidence, snapshot: Snapshot, figures: int = 2) -> Verdict:
    """pagemap and smaps tell the same copies, and they move as writes come."""
    if evidence.thp:
        return Verdict.skip(detail("checks_snapshot.witnesses_agree_huge_pages"))
    latest = snapshot.latest
    if latest is None or not latest.smaps_at:
        return Verdict.missed(detail("checks_snapshot.witnesses_agree_no_reading"))
    by_pagemap = latest.copied * evidence.page_size // 1024
    by_smaps = latest.private_dirty_kb - latest.new_kb
    seen = len(snapshot.copied_figures)
    return Verdict.of(
        by_pagemap == by_smaps and by_pagemap > 0 and seen >= figures,
        detail(
            "checks_snapshot.witnesses_agree",
            pagemap_kb=by_pagemap,
            smaps_kb=by_smaps,
            seen_figures=str(seen),
            least_figures=str(figures),
        ),
    )


@_of_snapshot
def hot_page_copied_once(evidence: Evidence, snapshot: Snapshot, key: str) -> Verdict:
    """The page under a key that is written again and again was copied once."""
    page = snapshot.page_of.get(key)
    if page is None:
        return Verdict.missed(detail("checks_snapshot.hot_page_copied_once_no_writes", key=key))
    writes, copies = snapshot.touched[page], snapshot.copied_times[page]
    return Verdict.of(
        writes >= 2 and copies == 1,
        detail(
            "checks_snapshot.hot_page_copied_once",
            page=str(page),
            key=key,
            copies=str(copies),
            writes=str(writes),
        ),
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
        detail(
            "checks_snapshot.new_is_not_copied",
            least=str(max(least, len(due))),
            new=str(new),
            copied=str(len(copied)),
        ),
    )


@_of_snapshot
def child_left_cleanly(evidence: Evidence, snapshot: Snapshot) -> Verdict:
    """waitpid(2) returned the very child that was forked, with status 0."""
    left = snapshot.exit
    if left is None:
        return Verdict.missed(
            detail("checks_snapshot.child_left_cleanly_still_lives", child=str(snapshot.fork.child))
        )
    return Verdict.of(
        left.child == snapshot.fork.child and not left.status and not left.signal,
        detail(
            "checks_snapshot.child_left_cleanly",
            child=str(snapshot.fork.child),
            left_child=str(left.child),
            status=str(left.status),
            signal=str(left.signal),
        ),
    )


@_of_snapshot
def dump_is_whole(evidence: Evidence, snapshot: Snapshot) -> Verdict:
    """The dump on disk holds the keys of the moment of the fork, and its checksum is right."""
    saved, progress = snapshot.saved, snapshot.progress
    if saved is None:
        return Verdict.missed(detail("checks_snapshot.dump_is_whole_none_saved"))
    path = os.path.join(evidence.folder, saved.path)
    try:
        keys = count_keys(path)
    except DumpError as err:
        return Verdict.missed(detail("checks_snapshot.dump_is_whole_damaged", why=str(err)))
    at_fork = progress.total_keys if progress else saved.keys
    return Verdict.of(
        keys == at_fork == saved.keys and keys >= evidence.populate,
        detail(
            "checks_snapshot.dump_is_whole",
            keys_at_fork=max(at_fork, evidence.populate),
            keys_read=keys,
            dump_bytes=os.path.getsize(path),
        ),
    )


@_of_snapshot
def dirty_is_since_the_fork(evidence: Evidence, snapshot: Snapshot) -> Verdict:
    """After a successful BGSAVE `dirty` counts exactly the changes since its fork."""
    state, before = snapshot.state_after, evidence.first_lastsave
    if state is None or before is None:
        return Verdict.missed(detail("checks_snapshot.dirty_is_since_the_fork_not_asked"))
    return Verdict.of(
        state.dirty == snapshot.dirty_at_state and state.lastsave >= before,
        detail(
            "checks_snapshot.dirty_is_since_the_fork",
            changes=snapshot.dirty_at_state,
            dirty=state.dirty,
        ),
    )


@_of_snapshot
def extra_memory_is_gone(evidence: Evidence, snapshot: Snapshot) -> Verdict:
    """With the child gone nothing is shared or copied: the pages are private again."""
    after = snapshot.after_exit
    if after is None:
        return Verdict.missed(detail("checks_snapshot.extra_memory_is_gone_no_reading"))
    return Verdict.of(
        not after.copied and not after.shared and not after.new and after.private > 0,
        detail(
            "checks_snapshot.extra_memory_is_gone",
            copied=after.copied,
            shared=after.shared,
            private=after.private,
        ),
    )
