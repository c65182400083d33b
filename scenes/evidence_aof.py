"""The evidence of the AOF: how far it was appended, written and fsynced, and under which policy."""

from __future__ import annotations

from collections import deque

from engine import events
from scenes.sayings import detail

KEPT = 4096
"""fsync events and uncovered batches kept."""
SPANS = 16
"""Newest spans of a policy kept."""
MOST_BROKEN = 8
"""Contradictions kept."""


class PolicySpan:
    """The time under one appendfsync policy."""

    def __init__(self, policy: str, at: float) -> None:
        self.policy = policy
        self.at = at
        self.appends = 0
        self.first_start = -1
        self.last_end = 0
        self.fsyncs: deque[events.AofFsync] = deque(maxlen=KEPT)
        self.acknowledged_early = 0
        """Batches that were written, but not synced, when the next one began."""


class AofEvidence:
    """What the events of one engine prove about its log."""

    def __init__(self) -> None:
        self.spans: deque[PolicySpan] = deque([PolicySpan("everysec", 0.0)], SPANS)
        self.fsyncs: deque[events.AofFsync] = deque(maxlen=KEPT)
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
        match event:
            case events.AofAppend():
                self._append(event)
            case events.AofWrite():
                self._offset_file(event.file, event.start)
                self.written = self._grown("write", self.written, event.end, self.appended)
            case events.AofFsync():
                self._fsync(event)
            case events.Rewrite() if event.file:
                switched = event.stage == "switched"
                self._offset_file(event.file, event.bytes if switched else 0)
                self.fsynced = 0 if switched else self.fsynced
            case events.Config(name="appendfsync"):
                self.spans.append(PolicySpan(event.new, event.at))
            case _:
                pass

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

    def _fsync(self, event: events.AofFsync) -> None:
        self._offset_file(event.file, event.start)
        self.fsynced = self._grown("fsync", self.fsynced, event.end, self.written)
        self.fsyncs.append(event)
        self.spans[-1].fsyncs.append(event)
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
