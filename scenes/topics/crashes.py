"""Crashes: whether what the clients count agrees with what the log's bytes say."""

from __future__ import annotations

from engine.events import AofAppend, Census, Crash, Event, Recovered
from scenes.evidence import Evidence
from scenes.sayings import detail
from scenes.verdict import Verdict


class LastCrash:
    """The last crash: commands by their place in the log, and what was found again."""

    def __init__(self) -> None:
        self.appends: list[tuple[int, int]] = []
        """(end, commands) of what was appended since the last start."""
        self.crash: Crash | None = None
        self.recovered: Recovered | None = None
        self.census: Census | None = None
        self._file = ""

    def add(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case AofAppend():
                if event.file != self._file or self.recovered is not None:
                    self.appends, self._file = [], event.file
                    self.recovered = None
                self.appends.append((event.end, event.merged))
            case Crash():
                self.crash, self.recovered, self.census = event, None, None
            case Recovered():
                self.recovered = event
            case Census():
                self.census = event
            case _:
                pass

    @property
    def cut_off(self) -> int:
        """Commands whose bytes are behind what survived of the log."""
        left = self.recovered.survived if self.recovered else 0
        return sum(commands for end, commands in self.appends if end > left)


def census_agrees(evidence: Evidence) -> Verdict:
    """What the clients miss is what the log lost: commands counted by bytes and by GETs agree."""
    last = evidence.of(LastCrash)
    if last.crash is None or last.recovered is None or last.census is None:
        return Verdict.missed(detail("crashes.census_agrees"))
    if not last.census.acknowledged:
        return Verdict.missed(detail("crashes.census_agrees_2"))
    lost, cut_off = last.census.lost, last.cut_off
    # A key that was written again has one value: of several lost writes each is missed. What others
    # wrote is in the log and not in the census, and what was never answered may be in the log.
    return Verdict.of(
        lost <= cut_off and bool(lost) == bool(cut_off),
        detail("crashes.census_agrees_3", cut_off=cut_off, lost=last.recovered.lost, lost2=lost),
    )


def acknowledged_lost(evidence: Evidence) -> int | None:
    """Acknowledged writes that the last crash took; None before its census."""
    counted = evidence.of(LastCrash).census
    return None if counted is None else counted.lost


def acknowledged_left(evidence: Evidence) -> int | None:
    """Acknowledged writes that the last crash left; None before its census."""
    counted = evidence.of(LastCrash).census
    return None if counted is None else counted.survived


GATHERERS = (LastCrash,)
MEASURES = {"acknowledged_lost": acknowledged_lost, "acknowledged_left": acknowledged_left}
CHECKS = {"census_agrees": census_agrees}
