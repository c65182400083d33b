"""Trials: settings that were run under a workload and crashed, judged against its service level.

A trial begins with the restart that brings its settings, and ends with the reply `survived`: how
many of the acknowledged writes are still there. Its writer's name says which one it is:
`orders-always` tries `always` for the workload `orders`.
"""

from __future__ import annotations

import msgspec

from engine.events import Crash, Event, Latency, Pages, Recovered, Reply
from scenes.evidence import Evidence
from scenes.refusals import crash_word, played
from scenes.sayings import detail
from scenes.verdict import Verdict

RESTARTED = "SIGTERM"
SURVIVED = "survived"


class Level(msgspec.Struct, frozen=True):
    """What a workload asks for; None: it does not care."""

    lost: int | None = None
    """What was acknowledged and may be lost, at most, in turns of the writer."""
    lost_msec: int | None = None
    """How long before the crash the oldest of it was acknowledged, at most."""
    p99_msec: int | None = None
    """99 of 100 answers come within so long."""
    extra_kb: int | None = None
    """Memory that snapshots may copy."""
    load_msec: int | None = None
    """Until the data is back after a crash."""


LEVELS = {
    "cache": Level(p99_msec=1000, extra_kb=0),
    "orders": Level(lost=0),
    "sessions": Level(lost_msec=2000, load_msec=80),
}


class Trial(msgspec.Struct):
    """What was measured of one."""

    workload: str = ""
    settings: str = ""
    acked: int = 0
    p99_usec: int = 0
    """Of all answers, once the writer is done; until then of the worst second."""
    copied: int = 0
    """Pages, of the snapshot that copied most."""
    crash: str = ""
    load_usec: int = 0
    survived: int = -1
    """-1: not counted yet."""
    crashed_at: float = 0.0
    lost_msec: int = 0
    """The age of the oldest loss at the crash."""

    @property
    def lost(self) -> int:
        """Below 0: more came back than was acknowledged, so it is not this trial's."""
        return self.acked - self.survived

    def figures(self, page_size: int) -> Level:
        """What it came to, in a level's units."""
        return Level(
            lost=self.lost,
            lost_msec=self.lost_msec,
            p99_msec=self.p99_usec // 1000,
            extra_kb=self.copied * page_size // 1024,
            load_msec=self.load_usec // 1000,
        )

    def missed(self, page_size: int) -> list[str]:
        """The demands of the workload's level that it has not met.

        Where more came back than was acknowledged, nothing was counted, and no demand is met.
        """
        if not 0 <= self.survived <= self.acked:
            return ["survived"]
        level, came_to = LEVELS[self.workload], self.figures(page_size)
        names = [field.name for field in msgspec.structs.fields(Level)]
        demands = ((name, getattr(level, name), getattr(came_to, name)) for name in names)
        return [name for name, most, measured in demands if most is not None and measured > most]


class Trials:
    """Those that have been run, in their order."""

    def __init__(self) -> None:
        self.done: list[Trial] = []
        self._now: Trial | None = None
        self._reports: list[Latency] = []
        """Its writer's, in their order: of those that are done only what they come to is kept."""

    def add(self, event: Event) -> None:
        """Take one event in."""
        if isinstance(event, Crash) and event.kind == RESTARTED:
            self._now, self._reports = Trial(), []
        trial = self._now
        if trial is None:
            return
        match event:
            case Latency():
                workload, _, settings = event.client.partition("-")
                if workload in LEVELS and settings and not trial.crash:
                    trial.workload, trial.settings = workload, settings
                    trial.acked += event.count
                    self._reports.append(event)
                    worst = max(trial.p99_usec, event.p99_usec)
                    trial.p99_usec = event.total_p99_usec if event.done else worst
            case Pages() if event.child and trial.workload:
                trial.copied = max(trial.copied, event.copied)
            case Crash() if event.kind != RESTARTED:
                trial.crash, trial.crashed_at = event.kind, event.at
            case Recovered() if trial.crash:
                trial.load_usec = event.usec
            case Reply(name="survived") if trial.crash and trial.workload:
                trial.survived = int(event.text) if event.text.isdecimal() else 0
                trial.lost_msec = self._lost_msec(trial)
                self.done.append(trial)
                self._now, self._reports = None, []
            case _:
                pass

    def _lost_msec(self, trial: Trial) -> int:
        """The age of the oldest loss, taking an interval's answers as evenly spread.

        What survives of a log are its first writes.
        """
        answered = 0
        for report in self._reports:
            answered += report.count
            if answered > trial.survived >= 0:
                after = report.usec / 1e6 * (answered - trial.survived) / report.count
                return round((trial.crashed_at - report.at + after) * 1000)
        return 0

    def of(self, workload: str) -> list[Trial]:
        """A workload's, the first tried first."""
        return [trial for trial in self.done if trial.workload == workload]


# -- measures ------------------------------------------------------------------------------------


def _fitting(evidence: Evidence, workload: str = "cache") -> Trial | None:
    """The first tried that meets the workload's level."""
    tried = evidence.of(Trials).of(workload)
    return next((one for one in tried if not one.missed(evidence.page_size)), None)


def _fits(evidence: Evidence, workload: str = "cache") -> str | None:
    """The settings that meet the level; None as long as none that was tried does."""
    found = _fitting(evidence, workload)
    return found.settings if found else None


def _figure(evidence: Evidence, name: str) -> int | None:
    """Of the last workload's first trial: the settings that were chosen."""
    done = evidence.of(Trials).done
    if not done:
        return None
    chosen = evidence.of(Trials).of(done[-1].workload)[0]
    return int(getattr(chosen.figures(evidence.page_size), name))


def _acked(evidence: Evidence) -> int | None:
    done = evidence.of(Trials).done
    return evidence.of(Trials).of(done[-1].workload)[0].acked if done else None


def _fit_figure(evidence: Evidence, name: str) -> int | None:
    done = evidence.of(Trials).done
    found = _fitting(evidence, done[-1].workload) if done else None
    return None if found is None else int(getattr(found.figures(evidence.page_size), name))


MEASURES = {
    "fits": _fits,
    "tried_acked": _acked,
    "tried_lost": lambda evidence: _figure(evidence, "lost"),
    "tried_lost_msec": lambda evidence: _figure(evidence, "lost_msec"),
    "tried_p99_msec": lambda evidence: _figure(evidence, "p99_msec"),
    "tried_extra_kb": lambda evidence: _figure(evidence, "extra_kb"),
    "tried_load_msec": lambda evidence: _figure(evidence, "load_msec"),
    "fit_lost": lambda evidence: _fit_figure(evidence, "lost"),
    "fit_lost_msec": lambda evidence: _fit_figure(evidence, "lost_msec"),
    "fit_p99_msec": lambda evidence: _fit_figure(evidence, "p99_msec"),
    "fit_load_msec": lambda evidence: _fit_figure(evidence, "load_msec"),
    "cache_p99_msec": lambda evidence: LEVELS["cache"].p99_msec,
    "sessions_lost_sec": lambda evidence: (LEVELS["sessions"].lost_msec or 0) // 1000,
    "sessions_load_msec": lambda evidence: LEVELS["sessions"].load_msec,
}
SHOWN_BY = {"fits": ("crash",)}


# -- checks --------------------------------------------------------------------------------------


def level_is_met(evidence: Evidence, workload: str = "cache") -> Verdict:
    """Some of the settings that were run and crashed meet the workload's service level."""
    tried = evidence.of(Trials).of(workload)
    found = _fitting(evidence, workload)
    if found is not None:
        return Verdict.of(True, detail("trials.level_is_met", settings=found.settings))
    missed = "; ".join(
        detail(
            "trials.level_is_met_missed",
            settings=t.settings,
            missed=str(t.missed(evidence.page_size)),
        )
        for t in tried
    )
    return Verdict.missed(
        detail(
            "trials.level_is_met_by_none",
            workload=workload,
            missed=missed or detail("word.none_was_run"),
        )
    )


def always_keeps_its_word(evidence: Evidence) -> Verdict:
    """No write that was acknowledged under appendfsync always is lost, whatever the crash."""
    tried = [trial for trial in evidence.of(Trials).done if trial.settings == "always"]
    lost = [trial.lost for trial in tried]
    return Verdict.of(
        bool(tried) and not any(lost),
        detail(
            "trials.always_keeps_its_word",
            acknowledged=sum(t.acked for t in tried),
            lost=str(sum(lost) if tried else detail("word.no_trial")),
        ),
    )


def trials_are_counted(evidence: Evidence, workload: str = "cache") -> Verdict:
    """Writers had answers, a crash ended them, and not more came back than was acknowledged."""
    tried = evidence.of(Trials).of(workload)
    return Verdict.of(
        bool(tried) and all(t.crash and 0 <= t.survived <= t.acked > 0 for t in tried),
        detail(
            "trials.trials_are_counted",
            counts=", ".join(f"{t.settings}: {t.survived:,} of {t.acked:,}" for t in tried)
            or detail("word.none"),
        ),
    )


GATHERERS = (Trials,)
CHECKS = {
    "level_is_met": level_is_met,
    "always_keeps_its_word": always_keeps_its_word,
    "trials_are_counted": trials_are_counted,
}


# -- lines ---------------------------------------------------------------------------------------


def _crash(event: Event) -> str:
    """Without the offsets, which another run reaches otherwise."""
    assert isinstance(event, Crash)

    source = played(f"source.{event.source}")
    return detail("trials.crash", kind=crash_word(event.kind), source=source)


def _recovered(event: Event) -> str:
    return detail("trials.recovered") if isinstance(event, Recovered) else ""


def _reply(event: Event) -> str:
    """How many survived is another figure in each run; whether any did is told by the words."""
    assert isinstance(event, Reply)
    return detail("trials.reply", command=" ".join(event.argv)) if event.name == SURVIVED else ""


LINES = {"crash": _crash, "recovered": _recovered, "reply": _reply}
