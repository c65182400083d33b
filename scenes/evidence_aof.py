"""The evidence of the AOF: how far it was appended, written and fsynced, and under which policy.

Completed fsyncs are counted as they come, none is kept: an hour under `always` has millions.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from engine import events
from scenes.sayings import detail

KEPT = 4096
"""Uncovered batches kept."""
FASTEST_FSYNC_USEC = 5
"""No fdatasync(2) of dirty data reaches a disk in less; one that does nothing takes under 1."""
SPANS = 16
"""Newest spans of a policy kept."""
MOST_BROKEN = 8
"""Contradictions kept."""


class PolicySpan:
    """The time under one appendfsync policy; of its fsyncs, single ones and merged count as many.

    An fsync that is noted before the span's first append covers none of what the span promises.
    """

    def __init__(self, policy: str, at: float) -> None:
        self.policy = policy
        self.at = at
        self.appends = 0
        self.first_start = -1
        self.last_end = 0
        self.fsyncs = 0
        """All that ended in it, also one that was begun under the policy before."""
        self.own_fsyncs = 0
        """Those that were begun under this policy."""
        self.own_after_append = 0
        """Those of them that went behind the span's first append."""
        self.elsewhere = 0
        """Events of those that were not the main thread's."""
        self.covered = 0
        """How far, in bytes, its own have come."""
        self.acknowledged_early = 0
        """Batches that were written, but not synced, when the next one began."""

    def fsync(self, event: events.AofFsync) -> None:
        """An fsync has ended under this policy."""
        self.fsyncs += event.merged
        if event.policy != self.policy:
            return
        self.own_fsyncs += event.merged
        self.covered = max(self.covered, event.end)
        if 0 <= self.first_start < event.end:
            self.own_after_append += event.merged
            self.elsewhere += event.thread != "main"


class Fsyncs:
    """What an engine's completed fsyncs say together, as events: merged ones are one."""

    def __init__(self) -> None:
        self.noted = 0
        self.last_usec = 0
        self.by_usec = [0] * (FASTEST_FSYNC_USEC + 1)
        """How many with bytes before them took 0, 1, 2 ... microseconds a call; the last: more."""
        self.counted = 0
        """After how many the kernel has counted the file's dirty pages."""
        self.dirty = 0
        """After how many of them there were some."""
        self.dirty_in_main = 0
        self.in_background = 0
        """Under everysec, by the background thread."""

    def add(self, event: events.AofFsync) -> None:
        """Take one in."""
        self.noted += 1
        self.last_usec = event.usec
        if event.end > 0:
            usec = event.usec // max(1, event.merged)
            self.by_usec[max(0, min(usec, FASTEST_FSYNC_USEC))] += 1
        if event.dirty_pages_after >= 0:
            self.counted += 1
        if event.dirty_pages_after > 0:
            self.dirty += 1
            self.dirty_in_main += event.thread == "main"
        self.in_background += event.policy == "everysec" and event.thread == "bio"

    @property
    def typical_usec(self) -> int:
        """Their median a call, FASTEST_FSYNC_USEC for all that is no less; 0 if none had bytes."""
        middle, so_far = sum(self.by_usec) // 2, 0
        for usec, count in enumerate(self.by_usec):
            so_far += count
            if so_far > middle:
                return usec
        return 0


class AofEvidence:
    """What the events of one engine prove about its log."""

    def __init__(self) -> None:
        self.spans: deque[PolicySpan] = deque([PolicySpan("everysec", 0.0)], SPANS)
        self.fsyncs = Fsyncs()
        self.file = ""
        self.appended = self.written = self.fsynced = 0
        """Bytes of `file`."""
        self.unsafe: deque[tuple[int, int, float]] = deque()
        """(end, commands, at) of batches that no fsync covers yet; very many: the oldest as one."""
        self.longest_amber = 0.0
        """Seconds that a batch waited for its fsync under everysec, at most."""
        self.broken: list[str] = []
        """Offsets that contradict themselves, in words; the first few."""

    def add(self, event: events.Event) -> None:
        """Take in an event; one that is not about the log changes nothing."""
        take = _TAKERS.get(type(event))
        if take is not None:
            take(self, event)

    def state(self, event: events.State, *, restarted: bool) -> None:
        """Take in a whole state; that of a restarted engine begins the log's account anew."""
        if event.aof_policy != self.spans[-1].policy:
            self.spans.append(PolicySpan(event.aof_policy, event.at))
        if event.aof_file != self.file or restarted:
            left = self._left(event) if event.aof_file == self.file else ()
            self.file = ""
            self._offset_file(event.aof_file, event.aof_appended)
            self.written, self.fsynced = event.aof_written, event.aof_fsynced
            self.unsafe.extend(left)

    def _left(self, event: events.State) -> list[tuple[int, int, float]]:
        """What a kill -9 has left in the page cache; it waits for the new engine's fsync now."""
        return [(end, count, event.at) for end, count, _ in self.unsafe if end <= event.aof_written]

    def _append(self, event: events.AofAppend) -> None:
        self._offset_file(event.file, event.start)
        if event.start != self.appended:
            self._break(
                detail(
                    "evidence_aof.starts_elsewhere",
                    file=event.file,
                    start=str(event.start),
                    appended=str(self.appended),
                )
            )
        self.appended = self._grown("append", self.appended, event.end, event.end)
        span = self.spans[-1]
        span.appends += event.merged
        if span.first_start < 0:
            span.first_start = event.start
        # The commands of one turn are appended one by one, then written and synced together.
        if span.policy == "always" and self.written > max(self.fsynced, span.first_start):
            span.acknowledged_early += 1
        span.last_end = event.end
        self.unsafe.append((event.end, event.merged, event.at))
        if len(self.unsafe) > KEPT:
            (_, commands, at), (end, more, _) = self.unsafe.popleft(), self.unsafe.popleft()
            self.unsafe.appendleft((end, commands + more, at))

    def _write(self, event: events.AofWrite) -> None:
        self._offset_file(event.file, event.start)
        self.written = self._grown("write", self.written, event.end, self.appended)

    def _rewrite(self, event: events.Rewrite) -> None:
        if event.file:
            switched = event.stage == "switched"
            self._offset_file(event.file, event.bytes if switched else 0)
            self.fsynced = 0 if switched else self.fsynced

    def _config(self, event: events.Config) -> None:
        if event.name == "appendfsync":
            self.spans.append(PolicySpan(event.new, event.at))

    def _fsync(self, event: events.AofFsync) -> None:
        self._offset_file(event.file, event.start)
        self.fsynced = self._grown("fsync", self.fsynced, event.end, self.written)
        self.fsyncs.add(event)
        self.spans[-1].fsync(event)
        while self.unsafe and self.unsafe[0][0] <= self.fsynced:
            waited = event.at - self.unsafe.popleft()[2]
            if event.policy == "everysec":
                self.longest_amber = max(self.longest_amber, waited)

    def _offset_file(self, file: str, start: int) -> None:
        if file != self.file:
            self.file = file
            self.appended = self.written = self.fsynced = start
            self.unsafe.clear()

    def _grown(self, what: str, before: int, end: int, limit: int) -> int:
        if end < before:
            self._break(
                detail(
                    "evidence_aof.went_back",
                    file=self.file,
                    what=what,
                    before=str(before),
                    end=str(end),
                )
            )
        if end > limit:
            self._break(
                detail(
                    "evidence_aof.overtook",
                    file=self.file,
                    what=what,
                    end=str(end),
                    limit=str(limit),
                )
            )
        return max(before, end)

    def _break(self, text: str) -> None:
        if len(self.broken) < MOST_BROKEN:
            self.broken.append(text)


_TAKERS: dict[type[events.Event], Callable[[AofEvidence, Any], None]] = {
    events.AofAppend: AofEvidence._append,
    events.AofWrite: AofEvidence._write,
    events.AofFsync: AofEvidence._fsync,
    events.Rewrite: AofEvidence._rewrite,
    events.Config: AofEvidence._config,
}
