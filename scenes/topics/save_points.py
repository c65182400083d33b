"""Save points: what counts as a change, when the cron saves, and what a failed save refuses."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable

from engine.events import (
    Answer,
    ChildExit,
    Clock,
    Command,
    Event,
    Fork,
    Log,
    RdbSaved,
    Reply,
    SavePoint,
)
from scenes.dump_check import DumpError, count_keys
from scenes.evidence import Evidence
from scenes.sayings import detail
from scenes.verdict import Verdict
from scenes.view import View

TAGS = "tags"
"""The set whose members a writer of the scene adds at random."""
MISCONF = "MISCONF"
RETRY_SECONDS = 5
"""After a failed save the cron waits for longer than this (CONFIG_BGSAVE_RETRY_DELAY)."""
POINTS = 32
"""Newest save points kept that the cron has saved for: more than there are rules."""
_SLACK_MSEC = 100
"""By which the moment of the fork is noted later than that of the try."""
_GRANTED = "No fork can be refused here: "
"""What COWSCOPE FORK DENY logs where the kernel can't be brought to it."""
_LINES = {
    "saving": "changes in",
    "started": "Background saving started",
    "disk": "DB saved on disk",
    "cow": "Fork CoW for RDB",
    "done": "Background saving terminated",
    "fork": "Can't save in background",
    "write": "Write error saving DB",
    "error": "Background saving error",
    "granted": _GRANTED,
}
"""Name of a measure -> what a line of the log has."""


class Cron:
    """What changed, what the cron did about it, and what it logged."""

    def __init__(self) -> None:
        self.since_answer = 0
        """Changes since the last answer."""
        self.tags = 0
        """Changes by SADD to the set of tags."""
        self.changes = 0
        """Since the last save of any kind began, as the commands reported them."""
        self.points: deque[SavePoint] = deque(maxlen=POINTS)
        self.clock = 1
        self.tries: deque[float] = deque(maxlen=2)
        """When the last children for a dump were forked."""
        self.lines: dict[str, str] = {}
        self.exit: ChildExit | None = None
        self.failed: ChildExit | None = None
        self.saved: RdbSaved | None = None
        self.child_saved: RdbSaved | None = None
        """The last dump by a child."""
        self.lives = False
        self.replies: dict[str, Reply] = {}

    def add(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case Command():
                self.since_answer += event.dirty
                self.changes += event.dirty
                if event.argv[1:2] == [TAGS]:
                    self.tags += event.dirty
            case Answer():
                self.since_answer = 0
            case SavePoint():
                self.points.append(event)
            case Clock():
                self.clock = event.scale
            case Fork(purpose="rdb"):
                self.tries.append(event.at)
                self.lives, self.changes = True, 0
            case ChildExit():
                self.exit = event
                self.failed = event if event.status or event.signal else self.failed
            case RdbSaved():
                self.saved = event
                if self.lives:
                    self.child_saved = event
                else:
                    self.changes = 0
                self.lives = False
            case Log():
                self._log(event.text)
            case Reply():
                self.replies[event.name] = event
            case _:
                pass

    def _log(self, text: str) -> None:
        for name, part in _LINES.items():
            if part in text:
                self.lines[name] = text


# -- measures ------------------------------------------------------------------------------------


def _line(name: str) -> Callable[[Evidence], str | None]:
    return lambda evidence: evidence.of(Cron).lines.get(name)


def _cow_line(evidence: Evidence) -> str | None:
    """How the line on copy-on-write begins: its figures are another run's."""
    line = evidence.of(Cron).lines.get("cow")
    return line.partition(":")[0] if line else None


def _of_point(figure: Callable[[SavePoint], int | str]) -> Callable[[Evidence], int | str | None]:
    def measure(evidence: Evidence) -> int | str | None:
        points = evidence.of(Cron).points
        return figure(points[-1]) if points else None

    return measure


def _points(evidence: Evidence) -> str | None:
    return evidence.state.config.get("save") if evidence.state else None


def _lastsave(evidence: Evidence) -> str | None:
    return str(evidence.state.lastsave) if evidence.state else None


def _dirty_after(evidence: Evidence) -> str | None:
    """What dirty is after a save by a child: `zero`, the changes `since` the fork, or `all`."""
    state, snapshot = evidence.state, evidence.snapshot
    if state is None:
        return None
    if not state.dirty:
        return "zero"
    if snapshot is None or snapshot.state_after is None:
        return "all"
    return "since" if state.dirty == snapshot.dirty_at_state else "all"


def _unnoticed_msec(evidence: Evidence) -> int | None:
    """From the end of the child's writing to the cron's waitpid(2)."""
    cron = evidence.of(Cron)
    if cron.exit is None or cron.child_saved is None:
        return None
    return max(0, cron.exit.usec - cron.child_saved.usec) // 1000


def _answer_word(evidence: Evidence, name: str = "set") -> str | None:
    """The first word of a kept reply: OK, or the code of an error."""
    words = evidence.replies.get(name, "").split()
    return words[0] if words else None


def _forks_are_granted(evidence: Evidence) -> str | None:
    """Why this machine can't show a refused fork; nothing where it can."""
    line = evidence.of(Cron).lines.get("granted", "")
    return line.partition(_GRANTED)[2] or None


def _is_granted(view: View) -> bool:
    """Forks were to be refused, and are not."""
    return any(_GRANTED in line.text for line in view.log)


def _retry_msec(evidence: Evidence) -> int | None:
    """From the start of the failed save to the save point that tried again."""
    cron = evidence.of(Cron)
    if cron.failed is None or not cron.points or len(cron.tries) < 2:
        return None
    return int((cron.points[-1].at - cron.tries[-2]) * 1000)


def _failed_status(evidence: Evidence) -> int | None:
    failed = evidence.of(Cron).failed
    return None if failed is None else failed.status


def _saved_keys(evidence: Evidence) -> int | None:
    saved = evidence.of(Cron).saved
    return None if saved is None else saved.keys


MEASURES = {
    "save_points": _points,
    "lastsave": _lastsave,
    "added_since_answer": lambda evidence: evidence.of(Cron).since_answer,
    "tags_dirty": lambda evidence: evidence.of(Cron).tags,
    "saved_elapsed": _of_point(lambda point: point.elapsed),
    "saved_dirty": _of_point(lambda point: point.dirty),
    "dirty_after": _dirty_after,
    "unnoticed_msec": _unnoticed_msec,
    "answer_word": _answer_word,
    "failed_status": _failed_status,
    "retry_msec": _retry_msec,
    "saved_keys": _saved_keys,
    "log_cow": _cow_line,
    "forks_are_granted": _forks_are_granted,
    **{f"log_{name}": _line(name) for name in _LINES if name != "cow"},
}


# -- checks --------------------------------------------------------------------------------------


def dirty_is_what_changed(evidence: Evidence) -> Verdict:
    """dirty counts changes, not commands: a set's new members, one by one."""
    members = evidence.replies.get("members", "")
    cron, state = evidence.of(Cron), evidence.state
    dirty = state.dirty if state else -1
    return Verdict.of(
        members.isdigit() and cron.tags == int(members) > 0 and dirty == cron.changes,
        detail(
            "save_points.dirty_is_what_changed",
            members=members or detail("word.some"),
            changes=cron.changes,
            member_changes=str(cron.tags),
            dirty=dirty,
        ),
    )


def three_members_are_three_changes(evidence: Evidence) -> Verdict:
    """SADD of three new members adds 3 to dirty."""
    added = evidence.of(Cron).since_answer
    return Verdict.of(
        added == 3, detail("save_points.three_members_are_three_changes", changes=str(added))
    )


def saved_by_the_rule(evidence: Evidence, seconds: int, changes: int) -> Verdict:
    """The cron saved for this save point: enough changes, and strictly more than its seconds."""
    points = [p for p in evidence.of(Cron).points if (p.seconds, p.changes) == (seconds, changes)]
    if not points:
        return Verdict.missed(
            detail(
                "save_points.saved_by_the_rule_never", seconds=str(seconds), changes=str(changes)
            )
        )
    point = points[-1]
    return Verdict.of(
        point.elapsed > seconds and point.dirty >= changes,
        detail(
            "save_points.saved_by_the_rule",
            seconds=str(seconds),
            changes=str(changes),
            elapsed_seconds=str(point.elapsed),
            dirty=str(point.dirty),
        ),
    )


def writes_were_refused(evidence: Evidence, name: str) -> Verdict:
    """After a failed save a write is refused with MISCONF, and a read is answered."""
    word = _answer_word(evidence, name)
    return Verdict.of(
        word == MISCONF,
        detail("save_points.writes_were_refused", answer=word or detail("word.none")),
    )


def old_dump_stays(evidence: Evidence) -> Verdict:
    """A failed save leaves the dump before it whole, and no temporary file."""
    cron = evidence.of(Cron)
    if cron.failed is None or cron.saved is None:
        return Verdict.missed(detail("save_points.old_dump_stays_no_failure"))
    left = [name for name in os.listdir(evidence.folder) if name.startswith("temp-")]
    try:
        keys = count_keys(os.path.join(evidence.folder, cron.saved.path))
    except DumpError as err:
        return Verdict.missed(detail("save_points.old_dump_stays_damaged", why=str(err)))
    return Verdict.of(
        cron.failed.status == 1 and keys == cron.saved.keys and not left,
        detail(
            "save_points.old_dump_stays",
            keys_before=cron.saved.keys,
            status=str(cron.failed.status),
            keys_left=keys,
            temporary_files=str(len(left)),
        ),
    )


def cron_tried_again(evidence: Evidence) -> Verdict:
    """Nobody asked: more than 5 s after the failed save began, the cron saved again."""
    msec = _retry_msec(evidence)
    return Verdict.of(
        msec is not None and msec >= RETRY_SECONDS * 1000 - _SLACK_MSEC,
        detail(
            "save_points.cron_tried_again",
            retry_seconds=str(RETRY_SECONDS),
            next_save=detail("word.none")
            if msec is None
            else detail("word.one_after", seconds=f"{msec / 1000:.1f}"),
        ),
    )


def writes_are_welcome_again(evidence: Evidence, name: str) -> Verdict:
    """A save that goes well ends MISCONF."""
    word = _answer_word(evidence, name)
    return Verdict.of(
        word == "OK",
        detail("save_points.writes_are_welcome_again", answer=word or detail("word.no_answer")),
    )


def _told(event: Event) -> str:
    assert isinstance(event, SavePoint)
    scale = (
        detail("save_points.scaled_clock", clock_scale=str(event.clock_scale))
        if event.clock_scale > 1
        else ""
    )
    return detail(
        "save_points.save_point",
        seconds=str(event.seconds),
        changes=str(event.changes),
        elapsed_seconds=str(event.elapsed),
        dirty=str(event.dirty),
        scaled_clock=scale,
    )


CONDITIONS = {"forks_are_granted": _is_granted}
GATHERERS = (Cron,)
LINES = {"savepoint": _told}
CHECKS = {
    "dirty_is_what_changed": dirty_is_what_changed,
    "three_members_are_three_changes": three_members_are_three_changes,
    "saved_by_the_rule": saved_by_the_rule,
    "writes_were_refused": writes_were_refused,
    "old_dump_stays": old_dump_stays,
    "cron_tried_again": cron_tried_again,
    "writes_are_welcome_again": writes_are_welcome_again,
}
