"""Checks of the AOF: three rungs that never overtake each other, and each policy's promise."""

from __future__ import annotations

from engine.events import AofFsync
from scenes.evidence import Evidence
from scenes.evidence_aof import PolicySpan
from scenes.sayings import detail
from scenes.verdict import Verdict

FASTEST_FSYNC_USEC = 5
"""No fdatasync(2) of dirty data reaches a disk in less; one that does nothing takes under 1."""


def _span(evidence: Evidence, policy: str) -> PolicySpan | None:
    """The last time under `policy` in which something was appended."""
    for span in reversed(evidence.aof.spans):
        if span.policy == policy and span.appends:
            return span
    return None


def offsets_only_grow(evidence: Evidence) -> Verdict:
    """Append, write and fsync of one file only grow, and none overtakes the one before it."""
    broken = [text for text in evidence.aof.broken if text.startswith(evidence.aof.file)]
    if broken:
        return Verdict.missed(
            (detail("checks_aof.offsets_only_grow_broken") + " ") + "; ".join(broken)
        )
    return Verdict.of(
        evidence.aof.appended >= evidence.aof.written >= evidence.aof.fsynced > 0,
        detail(
            "checks_aof.offsets_only_grow",
            appended=evidence.aof.appended,
            written=evidence.aof.written,
            fsynced=evidence.aof.fsynced,
            file=evidence.aof.file,
        ),
    )


def fsync_cleans_the_cache(evidence: Evidence, least: int = 1, has_disk: bool = True) -> Verdict:
    """After fdatasync(2) the kernel counts no dirty page of the file (cachestat, Linux 6.5)."""
    fsyncs = list(evidence.aof.fsyncs)
    if len(fsyncs) < least:
        return Verdict.missed(
            detail(
                "checks_aof.fsync_cleans_the_cache_too_few",
                least=str(least),
                fsyncs=str(len(fsyncs)),
            )
        )
    idle = _does_nothing(evidence, fsyncs)
    if idle:
        return Verdict.missed(idle)
    counted = [fsync for fsync in fsyncs if fsync.dirty_pages_after >= 0]
    reason = evidence.cannot_prove_dirty()
    if not counted:
        if reason:
            return Verdict.skip(
                detail("checks_aof.fsync_cleans_the_cache_unknown_here", reason=reason)
            )
        return Verdict.missed(detail("checks_aof.fsync_cleans_the_cache_not_counted"))
    # Writes go on while the background thread counts: a page may be dirty again by then.
    left = [fsync for fsync in counted if fsync.dirty_pages_after]
    in_main = [fsync for fsync in left if fsync.thread == "main"]
    return Verdict.of(
        not in_main and len(left) * 5 <= len(counted),
        detail(
            "checks_aof.fsync_cleans_the_cache",
            clean=str(len(counted) - len(left)),
            counted=str(len(counted)),
            dirty_in_main=str(len(in_main)),
        ),
    )


def _does_nothing(evidence: Evidence, fsyncs: list[AofFsync]) -> str:
    state = evidence.state
    if state is not None and not state.aof_has_disk:
        return ""
    usecs = sorted(fsync.usec // max(1, fsync.merged) for fsync in fsyncs if fsync.end > 0)
    typical = usecs[len(usecs) // 2] if usecs else 0
    if typical >= FASTEST_FSYNC_USEC:
        return ""
    return detail(
        "checks_aof.fsync_does_nothing",
        least_usec=str(FASTEST_FSYNC_USEC),
        typical_usec=str(typical),
    )


def everysec_in_time(evidence: Evidence, seconds: float = 2.5) -> Verdict:
    """Under everysec a background fsync covers each write within about a second."""
    fsyncs = [fsync for fsync in evidence.aof.fsyncs if fsync.policy == "everysec"]
    background = sum(fsync.thread == "bio" for fsync in fsyncs)
    return Verdict.of(
        background > 0 and 0 < evidence.aof.longest_amber <= seconds,
        detail(
            "checks_aof.everysec_in_time",
            most_seconds=str(seconds),
            background_fsyncs=str(background),
            longest_seconds=f"{evidence.aof.longest_amber:.2f}",
        ),
    )


def always_before_the_reply(evidence: Evidence, least: int = 1) -> Verdict:
    """Under always the main thread syncs a batch before its replies, so before the next batch."""
    span = _span(evidence, "always")
    if span is None:
        return Verdict.missed(detail("checks_aof.always_before_the_reply_no_writes"))
    fsyncs = [fsync for fsync in span.fsyncs if fsync.policy == "always"]
    # A background sync that was queued under the policy before may end under this one.
    elsewhere = sum(f.thread != "main" and f.end > span.first_start for f in fsyncs)
    covered = max((fsync.end for fsync in fsyncs), default=0)
    count = sum(fsync.merged for fsync in fsyncs)
    return Verdict.of(
        count >= least
        and not elsewhere
        and covered >= span.last_end
        and not span.acknowledged_early,
        detail(
            "checks_aof.always_before_the_reply",
            fsyncs=str(count),
            fsyncs_elsewhere=str(elsewhere),
            overtaken=str(span.acknowledged_early),
            synced_to=covered,
            appended_to=span.last_end,
        ),
    )


def no_fsync_under_no(evidence: Evidence) -> Verdict:
    """Under no the engine leaves it to the kernel when the bytes reach the disk."""
    span = _span(evidence, "no")
    if span is None:
        return Verdict.missed(detail("checks_aof.no_fsync_under_no_no_writes"))
    mine = (f for f in span.fsyncs if f.policy == "no" and f.end > span.first_start)
    fsyncs = sum(fsync.merged for fsync in mine)
    return Verdict.of(
        not fsyncs,
        detail("checks_aof.no_fsync_under_no", fsyncs=str(fsyncs), commands=str(span.appends)),
    )


def something_at_risk(evidence: Evidence, least: int = 1) -> Verdict:
    """Commands are acknowledged, but no fsync covers them yet."""
    commands = sum(count for _, count, _ in evidence.aof.unsafe)
    return Verdict.of(
        commands >= least and evidence.aof.written > evidence.aof.fsynced,
        detail(
            "checks_aof.something_at_risk",
            least=str(least),
            commands=str(commands),
            cached_bytes=evidence.aof.written - evidence.aof.fsynced,
        ),
    )
