"""The AOF's rewrite: what began it, what went through pipe 1, and what the new file is made of."""

from __future__ import annotations

from collections.abc import Callable

from engine.events import Contents, Crash, Reply
from scenes.event_words import stage_word
from scenes.evidence import Evidence
from scenes.gathered.rewrites import Rewrites, Rewritten
from scenes.refusals import crash_word, played
from scenes.sayings import detail
from scenes.verdict import Verdict

PIPE_BYTES = 65_536
"""What a pipe holds, at most: 16 pages of 4 KiB (pipe(7))."""


# -- measures ------------------------------------------------------------------------------------


def last(evidence: Evidence) -> Rewritten:
    """The last rewrite; one of which nothing is known where there was none."""
    return evidence.of(Rewrites).last or Rewritten()


def busiest(evidence: Evidence) -> Rewritten:
    """The one during which most was written."""
    return evidence.of(Rewrites).busiest or Rewritten()


def _before_growth(evidence: Evidence) -> Rewritten | None:
    """The rewrite that left the log from which it has grown: the last before one by growth."""
    done = evidence.of(Rewrites).done
    before = done[:-1] if done and done[-1].began_by == "growth" else done
    return before[-1] if before else None


def _grown_bytes(evidence: Evidence) -> int:
    """Bytes of the log before a rewrite by growth makes it short."""
    one = last(evidence)
    return one.old_bytes if one.began_by == "growth" else evidence.of(Rewrites).appended


def _left_bytes(evidence: Evidence) -> int | None:
    before = _before_growth(evidence)
    return before.new_bytes if before else None


def _counts(one: Rewritten) -> dict[str, tuple[int, int]]:
    """Of the new file: command and first part of the key -> how many, sum of their numbers."""
    contents = one.contents
    if contents is None or contents.problem:
        return {}
    return {name: (count, total) for name, count, total in contents.groups if name != "SELECT"}


def _of_key(evidence: Evidence, key: str = "visits") -> int | None:
    """Commands about keys of this group in the new file."""
    counts = _counts(last(evidence))
    if not counts:
        return None
    return sum(count for name, (count, _) in counts.items() if name.endswith(f" {key}:"))


def _commands(evidence: Evidence) -> int | None:
    counts = _counts(last(evidence))
    return sum(count for count, _ in counts.values()) if counts else None


def _began_by(evidence: Evidence) -> str | None:
    one = evidence.of(Rewrites).last
    return one.began_by if one else None


def _written_to(evidence: Evidence) -> str | None:
    """Where writes go while a rewrite runs: what is there for the old file, and for the new."""
    one = evidence.of(Rewrites).last
    if one is None:
        return None
    new = one.sent + one.buffered > 0
    if one.diff and new:
        return "both"
    return "old" if one.diff else "new" if new else "nowhere"


def asked_percent(one: Rewritten) -> int | None:
    """How much of the keyspace the child had written when it asked, in percent."""
    if not one.total_keys or one.keys_when_asked < 0:
        return None
    return one.keys_when_asked * 100 // one.total_keys


def _asked_time(evidence: Evidence) -> int | None:
    """When it asked, in percent of the time from the fork to the end."""
    one = last(evidence)
    if not one.asked_at or not one.ended_at:
        return None
    return round((one.asked_at - one.forked_at) * 100 / (one.ended_at - one.forked_at))


MEASURES = {
    "rw_log_bytes": lambda evidence: evidence.of(Rewrites).appended,
    "rw_grown_bytes": _grown_bytes,
    "rw_left_bytes": _left_bytes,
    "rw_of_key": _of_key,
    "rw_commands": _commands,
    "rw_began_by": _began_by,
    "rw_growth": lambda evidence: last(evidence).growth,
    "rw_old_bytes": lambda evidence: last(evidence).old_bytes,
    "rw_new_bytes": lambda evidence: last(evidence).new_bytes,
    "rw_keys": lambda evidence: last(evidence).total_keys,
    "rw_written_to": _written_to,
    "rw_diff": lambda evidence: busiest(evidence).diff,
    "rw_sent": lambda evidence: busiest(evidence).sent,
    "rw_waiting": lambda evidence: max(0, busiest(evidence).diff - busiest(evidence).sent),
    "rw_most_buffered": lambda evidence: busiest(evidence).most_buffered,
    "rw_residual": lambda evidence: busiest(evidence).residual,
    "rw_base": lambda evidence: busiest(evidence).base_bytes,
    "rw_whole": lambda evidence: busiest(evidence).new_bytes,
    "rw_retired": lambda evidence: busiest(evidence).old_bytes + busiest(evidence).diff,
    "rw_asked_percent": lambda evidence: asked_percent(last(evidence)),
    "rw_asked_time": _asked_time,
    "rw_twice": lambda evidence: 2 * busiest(evidence).diff,
}


# -- checks --------------------------------------------------------------------------------------


def one_set_for_many(evidence: Evidence, key: str = "visits", times: int = 1000) -> Verdict:
    """Many INCRs of a key became one SET of their sum; no INCR is left in the new file."""
    counts = _counts(last(evidence))
    if not counts:
        return Verdict.missed(detail("rewrite_pipes.one_set_for_many_no_log"))
    count, total = counts.get(f"SET {key}:", (0, 0))
    incrs = sum(count for name, (count, _) in counts.items() if name.startswith("INCR"))
    return Verdict.of(
        (count, total, incrs) == (1, times, 0),
        detail(
            "rewrite_pipes.one_set_for_many",
            due_sum=times,
            sets=str(count),
            sum=total,
            incrs=str(incrs),
        ),
    )


def rewritten_from_memory(evidence: Evidence) -> Verdict:
    """The new file has a SET for each key in memory at the fork, and nothing of keys deleted."""
    one = last(evidence)
    counts = _counts(one)
    if not counts or not one.total_keys:
        return Verdict.missed(detail("rewrite_pipes.rewritten_from_memory_no_log"))
    sets = sum(count for name, (count, _) in counts.items() if name.startswith("SET "))
    rest = sum(count for count, _ in counts.values()) - sets
    return Verdict.of(
        sets == one.total_keys and not rest,
        detail(
            "rewrite_pipes.rewritten_from_memory", total_keys=one.total_keys, sets=sets, others=rest
        ),
    )


def rewrite_began_by(evidence: Evidence, what: str = "command", least: int = 0) -> Verdict:
    """What began the last rewrite, and it came to its end."""
    one = evidence.of(Rewrites).last
    if one is None:
        return Verdict.missed(detail("rewrite_pipes.rewrite_began_by_never"))
    return Verdict.of(
        one.began_by == what and one.growth >= least and one.finished,
        detail(
            "rewrite_pipes.rewrite_began_by",
            due_cause=what,
            least_percent=str(least),
            cause=one.began_by,
            growth_percent=str(one.growth),
            ending=detail("word.finished" if one.finished else "word.unfinished"),
        ),
    )


def kept_twice(evidence: Evidence) -> Verdict:
    """What was written since the fork is in the old file, and kept for the new one as well."""
    one = last(evidence)
    return Verdict.of(
        one.diff > 0 and 0 < one.sent <= PIPE_BYTES and one.buffered > 0,
        detail(
            "rewrite_pipes.kept_twice",
            pipe_bytes=PIPE_BYTES,
            diff_bytes=one.diff,
            sent_bytes=one.sent,
            buffered_bytes=one.buffered,
        ),
    )


def asked_after_all_keys(evidence: Evidence) -> Verdict:
    """The child asked to stop when it had written all keys: at 100 %, not at 80."""
    one = last(evidence)
    return Verdict.of(
        one.keys_when_asked == one.total_keys > 0,
        detail(
            "rewrite_pipes.asked_after_all_keys",
            total_keys=one.total_keys,
            keys_when_asked=max(0, one.keys_when_asked),
        ),
    )


def new_file_adds_up(evidence: Evidence, residual: int = 0) -> Verdict:
    """The new file is the child's data, what went through pipe 1, and what was left: no byte less.

    What was left (the residual) is at least `residual` bytes.
    """
    one = busiest(evidence)
    if not one.new_bytes:
        return Verdict.missed(detail("rewrite_pipes.new_file_adds_up_no_file"))
    wanted = one.base_bytes + one.sent + one.residual
    return Verdict.of(
        one.new_bytes == wanted
        and one.child_bytes == one.base_bytes + one.sent
        and one.diff == one.sent + one.residual
        and one.residual >= residual,
        detail(
            "rewrite_pipes.new_file_adds_up",
            base_bytes=one.base_bytes,
            sent_bytes=one.sent,
            residual_bytes=one.residual,
            due_bytes=wanted,
            diff_bytes=one.diff,
            new_bytes=one.new_bytes,
            child_bytes=one.child_bytes,
        ),
    )


def stages_in_order(evidence: Evidence) -> Verdict:
    """Fork, both "!", the child's diff, the residual, rename, switch, the old file closed."""
    wanted = [
        *("open-pipes", "fork", "child-asks-stop", "parent-agrees", "child-diff-appended"),
        *("residual-written", "renamed", "switched", "old-file-closed", "finished"),
    ]
    found = [stage for stage in busiest(evidence).stages if not stage.startswith("diff-")]
    return Verdict.of(
        found == wanted,
        detail(
            "rewrite_pipes.stages_in_order",
            due_stages=", ".join(map(stage_word, wanted)),
            found_stages=", ".join(map(stage_word, found)) or detail("word.none"),
        ),
    )


def replies_agree(evidence: Evidence, before: str = "", after: str = "") -> Verdict:
    """A question had the same answer before a restart and after it."""
    first, second = evidence.replies.get(before), evidence.replies.get(after)
    return Verdict.of(
        first is not None and first == second,
        detail("rewrite_pipes.replies_agree", reply_before=str(first), reply_after=str(second)),
    )


def _contents_line(event: Contents) -> str:
    """SETs by group; what clients wrote without an end is another number in each run."""
    sets = [(name, count) for name, count, _ in event.groups if name.startswith("SET ")]
    groups = ", ".join(f"{count:,} {name}" for name, count in sets)
    return played("lesson.contents", what=f"{event.path}: {groups}")


def _reply_line(event: Reply) -> str:
    return played("event.asked", line=" ".join(event.argv))


def _crash_line(event: Crash) -> str:
    return played("event.stopped", kind=crash_word(event.kind))


LINES: dict[str, Callable[..., str]] = {
    "contents": _contents_line,
    "reply": _reply_line,
    "crash": _crash_line,
}
GATHERERS = (Rewrites,)
CHECKS = {
    "one_set_for_many": one_set_for_many,
    "rewritten_from_memory": rewritten_from_memory,
    "rewrite_began_by": rewrite_began_by,
    "kept_twice": kept_twice,
    "asked_after_all_keys": asked_after_all_keys,
    "new_file_adds_up": new_file_adds_up,
    "stages_in_order": stages_in_order,
    "replies_agree": replies_agree,
}
