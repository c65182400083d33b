"""Checks of the AOF: three rungs that never overtake each other, and each policy's promise."""

from __future__ import annotations

from scenes.evidence import Evidence
from scenes.evidence_aof import FASTEST_FSYNC_USEC, PolicySpan
from scenes.sayings import detail
from scenes.verdict import Verdict


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
    fsyncs = evidence.aof.fsyncs
    if fsyncs.noted < least:
        return Verdict.missed(
            detail(
                "checks_aof.fsync_cleans_the_cache_too_few",
                least=str(least),
                fsyncs=str(fsyncs.noted),
            )
        )
    idle = _does_nothing(evidence)
    if idle:
        return Verdict.missed(idle)
    reason = evidence.cannot_prove_dirty()
    if not fsyncs.counted:
        if reason:
            return Verdict.skip(
                detail("checks_aof.fsync_cleans_the_cache_unknown_here", reason=reason)
            )
        return Verdict.missed(detail("checks_aof.fsync_cleans_the_cache_not_counted"))
    # Writes go on while the background thread counts: a page may be dirty again by then.
    return Verdict.of(
        not fsyncs.dirty_in_main and fsyncs.dirty * 5 <= fsyncs.counted,
        detail(
            "checks_aof.fsync_cleans_the_cache",
            clean=str(fsyncs.counted - fsyncs.dirty),
            counted=str(fsyncs.counted),
            dirty_in_main=str(fsyncs.dirty_in_main),
        ),
    )


def _does_nothing(evidence: Evidence) -> str:
    state = evidence.state
    if state is not None and not state.aof_has_disk:
        return ""
    typical = evidence.aof.fsyncs.typical_usec
    if typical >= FASTEST_FSYNC_USEC:
        return ""
    return detail(
        "checks_aof.fsync_does_nothing",
        least_usec=str(FASTEST_FSYNC_USEC),
        typical_usec=str(typical),
    )


def everysec_in_time(evidence: Evidence, seconds: float = 2.5) -> Verdict:
    """Under everysec a background fsync covers each write within about a second."""
    background = evidence.aof.fsyncs.in_background
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
    # A background sync that was queued under the policy before may end under this one.
    return Verdict.of(
        span.own_fsyncs >= least
        and not span.elsewhere
        and span.covered >= span.last_end
        and not span.acknowledged_early,
        detail(
            "checks_aof.always_before_the_reply",
            fsyncs=str(span.own_fsyncs),
            fsyncs_elsewhere=str(span.elsewhere),
            overtaken=str(span.acknowledged_early),
            synced_to=span.covered,
            appended_to=span.last_end,
        ),
    )


def no_fsync_under_no(evidence: Evidence) -> Verdict:
    """Under no the engine leaves it to the kernel when the bytes reach the disk."""
    span = _span(evidence, "no")
    if span is None:
        return Verdict.missed(detail("checks_aof.no_fsync_under_no_no_writes"))
    fsyncs = span.own_after_append
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
