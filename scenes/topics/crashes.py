"""Crashes: what the last one took, and whether the clients' count agrees with the log's bytes."""

from __future__ import annotations

from collections import deque

from engine.events import AofAppend, AofFsync, Census, Crash, Event, Recovered
from scenes.evidence import Evidence
from scenes.evidence_aof import KEPT
from scenes.sayings import detail
from scenes.verdict import Verdict
from scenes.view import View

GAVE_UP = "exit code 1"
SAYS_SO = "the AOF fsync policy is 'always'"
"""In the engine's last words where it may not go on: Redis' own, for a write and for an fsync."""


class LastCrash:
    """The last crash: commands by their place in the log, and what was found again."""

    def __init__(self) -> None:
        self.appends: deque[tuple[int, int]] = deque()
        """(end, commands) of what was appended since the last start, and no fsync covers; of very
        many the oldest stand as one."""
        self.crash: Crash | None = None
        self.recovered: Recovered | None = None
        self.census: Census | None = None
        self._file = ""
        self._crashed = False
        """Since the last append: what a new engine syncs was in no danger at the crash."""

    def add(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case AofAppend():
                if event.file != self._file or self.recovered is not None:
                    self.appends.clear()
                    self._file, self.recovered, self._crashed = event.file, None, False
                self._append(event.end, event.merged)
            case AofFsync() if event.file == self._file and not self._crashed:
                while self.appends and self.appends[0][0] <= event.end:
                    self.appends.popleft()
            case Crash():
                self.crash, self.recovered, self.census = event, None, None
                self._crashed = True
            case Recovered():
                self.recovered = event
            case Census():
                self.census = event
            case _:
                pass

    def _append(self, end: int, commands: int) -> None:
        self.appends.append((end, commands))
        if len(self.appends) > KEPT:
            (_, one), (end, more) = self.appends.popleft(), self.appends.popleft()
            self.appends.appendleft((end, one + more))

    @property
    def cut_off(self) -> int:
        """Commands whose bytes are behind what survived of the log."""
        return self._behind(self.recovered.survived if self.recovered else 0)

    @property
    def unsynced(self) -> int:
        """Commands whose bytes no fsync had covered at the crash."""
        return self._behind(self.crash.fsynced) if self.crash else 0

    def _behind(self, offset: int) -> int:
        return sum(commands for end, commands in self.appends if end > offset)


def census_agrees(evidence: Evidence) -> Verdict:
    """What the clients miss is what the log lost: commands counted by bytes and by GETs agree."""
    last = evidence.of(LastCrash)
    if last.crash is None or last.recovered is None or last.census is None:
        return Verdict.missed(detail("crashes.census_agrees_no_census"))
    if not last.census.acknowledged:
        return Verdict.missed(detail("crashes.census_agrees_none_acknowledged"))
    lost, cut_off = last.census.lost, last.cut_off
    # A key that was written again has one value: of several lost writes each is missed. What others
    # wrote is in the log and not in the census, and what was never answered may be in the log.
    return Verdict.of(
        lost <= cut_off and bool(lost) == bool(cut_off),
        detail(
            "crashes.census_agrees",
            lost_commands=cut_off,
            lost_bytes=last.recovered.lost,
            missing=lost,
        ),
    )


def acknowledged_lost(evidence: Evidence) -> int | None:
    """Acknowledged writes that the last crash took; None before its census."""
    counted = evidence.of(LastCrash).census
    return None if counted is None else counted.lost


def acknowledged_left(evidence: Evidence) -> int | None:
    """Acknowledged writes that the last crash left; None before its census."""
    counted = evidence.of(LastCrash).census
    return None if counted is None else counted.survived


def crash_took(evidence: Evidence) -> str | None:
    """What the last crash took of the acknowledged: `nothing`, `unsynced` writes, or `more`."""
    last = evidence.of(LastCrash)
    if last.census is None:
        return None
    if not last.census.lost:
        return "nothing"
    return "unsynced" if last.census.lost <= last.unsynced else "more"


def unsynced_at_crash(evidence: Evidence) -> int | None:
    """Commands that no fsync had covered at the last crash."""
    last = evidence.of(LastCrash)
    return None if last.crash is None else last.unsynced


def buffered_at_crash(evidence: Evidence) -> int | None:
    """Bytes that were in aof_buf at the last crash, as far as the events tell."""
    crash = evidence.of(LastCrash).crash
    return None if crash is None else crash.acked - crash.written


def _counted(view: View) -> bool:
    """The engine was crashed in this step, is back, and its clients have asked for their writes."""
    crash = view.crash
    return crash is not None and crash.census is not None and crash.at >= view.step_at


def _always_gave_up(view: View) -> bool:
    """The engine has ended itself, as under always an error of the log leaves it nothing else."""
    ended_itself = view.crash is not None and view.crash.kind == GAVE_UP
    return ended_itself and not view.engine.alive and any(SAYS_SO in one.text for one in view.log)


GATHERERS = (LastCrash,)
MEASURES = {
    "acknowledged_lost": acknowledged_lost,
    "acknowledged_left": acknowledged_left,
    "crash_took": crash_took,
    "unsynced_at_crash": unsynced_at_crash,
    "buffered_at_crash": buffered_at_crash,
}
SHOWN_BY = dict.fromkeys(("acknowledged_lost", "acknowledged_left", "crash_took"), ("crash",))
CHECKS = {"census_agrees": census_agrees}
CONDITIONS = {"crash_counted": _counted, "always_gave_up": _always_gave_up}
