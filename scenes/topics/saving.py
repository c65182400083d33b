"""Three ways to save: what each file adds up to, and how long clients waited meanwhile."""

from __future__ import annotations

import msgspec

from engine.events import Answer, Command, Contents, Event, Fork, Latency, RdbSaved, Walk
from scenes import lesson_words
from scenes.evidence import Evidence
from scenes.sayings import detail
from scenes.told_lines import told
from scenes.verdict import Verdict

GROUP = "account:"
EACH = 100
"""What every account begins with: `populate_with` of the scene."""
TOLD_WITHIN = 1.5
"""Seconds in which clients have told of waits that ended with the saving; on a busy machine they
are later, and the first report after it counts in any case."""
LATE = "late:"
"""Keys that were written after the fork."""


class Way(msgspec.Struct):
    """One way to save, as it went last."""

    usec: int = 0
    bytes: int = 0
    changes: int = -1
    """Changes that clients made meanwhile."""
    contents: Contents | None = None
    longest_usec: int = 0
    """The longest that any client waited for an answer."""


class Saves:
    """What `save`, `walk` and `bgsave` have done."""

    def __init__(self) -> None:
        self.ways = {"save": Way(), "walk": Way(), "bgsave": Way()}
        self._forked = False
        self._changes = 0
        """Since the last fork for a dump."""
        self._way = ""
        """Whose clients are being timed; empty from an answer to the end of what follows it."""
        self._longest = 0
        self._ended_at = 0.0
        self._told = False
        """A client has reported since the way ended."""

    def add(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case Fork(purpose="rdb"):
                self._forked, self._changes, self._longest = True, 0, event.usec
            case Command():
                self._changes += event.dirty
            case RdbSaved() if self._forked:
                self._forked = False
                way = Way(usec=event.usec, bytes=event.bytes, changes=self._changes)
                self._done("bgsave", way, event.at)
            case RdbSaved():
                self._done("save", Way(usec=event.usec, bytes=event.bytes), event.at)
            case Walk(stage="begun"):
                self._longest = 0
            case Walk(stage="ended"):
                changes = event.changes
                way = Way(usec=event.usec, bytes=event.bytes, changes=changes)
                self._done("walk", way, event.at)
            case Contents() if self._way:
                self.ways[self._way].contents = event
            case Answer():
                self._way, self._longest = "", 0
            case Latency() if (
                not self._way or not self._told or event.at <= self._ended_at + TOLD_WITHIN
            ):
                self._longest = max(self._longest, event.max_usec)
                if self._way:
                    self._told = True
                    self.ways[self._way].longest_usec = self._longest
            case _:
                pass

    def _done(self, name: str, way: Way, at: float) -> None:
        way.longest_usec = self._longest
        self.ways[name], self._way, self._ended_at, self._told = way, name, at, False


def _group(contents: Contents, name: str) -> tuple[int, int]:
    """How many keys of a group there are, and what they add up to."""
    return next(
        ((count, total) for group, count, total in contents.groups if group == name), (0, 0)
    )


# -- measures ------------------------------------------------------------------------------------


def _total(evidence: Evidence) -> int:
    """What all accounts have together, at every moment: payments only move it."""
    return evidence.populate * EACH


def _sum(evidence: Evidence, way: str) -> int | None:
    contents = evidence.of(Saves).ways[way].contents
    return None if contents is None or contents.problem else _group(contents, GROUP)[1]


def _off(evidence: Evidence, way: str) -> int | None:
    found = _sum(evidence, way)
    return None if found is None else found - _total(evidence)


def _msec(usec: int) -> int | None:
    return round(usec / 1000) if usec else None


def _waited_percent(evidence: Evidence) -> int | None:
    """The longest wait during SAVE, in percent of the time that SAVE took."""
    way = evidence.of(Saves).ways["save"]
    return way.longest_usec * 100 // way.usec if way.usec else None


def _late(evidence: Evidence) -> int | None:
    contents = evidence.of(Saves).ways["bgsave"].contents
    return _group(contents, LATE)[0] if contents and not contents.problem else None


def _keys(evidence: Evidence) -> int | None:
    contents = evidence.of(Saves).ways["bgsave"].contents
    return contents.keys if contents else None


MEASURES = {
    "accounts": lambda evidence: evidence.populate,
    "total": _total,
    "save_sum": lambda evidence: _sum(evidence, "save"),
    "walk_sum": lambda evidence: _sum(evidence, "walk"),
    "bgsave_sum": lambda evidence: _sum(evidence, "bgsave"),
    "walk_off": lambda evidence: _off(evidence, "walk"),
    "bgsave_off": lambda evidence: _off(evidence, "bgsave"),
    "walk_changes": lambda evidence: evidence.of(Saves).ways["walk"].changes,
    "save_msec": lambda evidence: _msec(evidence.of(Saves).ways["save"].usec),
    "walk_msec": lambda evidence: _msec(evidence.of(Saves).ways["walk"].usec),
    "bgsave_msec": lambda evidence: _msec(evidence.of(Saves).ways["bgsave"].usec),
    "save_wait_msec": lambda evidence: _msec(evidence.of(Saves).ways["save"].longest_usec),
    "walk_wait_msec": lambda evidence: _msec(evidence.of(Saves).ways["walk"].longest_usec),
    "bgsave_wait_msec": lambda evidence: _msec(evidence.of(Saves).ways["bgsave"].longest_usec),
    "waited_percent": _waited_percent,
    "late_in_dump": _late,
    "keys_in_dump": _keys,
}


# -- checks --------------------------------------------------------------------------------------


def file_is_exact(evidence: Evidence, way: str = "save") -> Verdict:
    """The file has every account, and they add up to what all have at any one moment."""
    contents = evidence.of(Saves).ways[way].contents
    if contents is None:
        return Verdict.missed(detail("saving.file_is_exact_no_file", way=way))
    wanted = (evidence.populate, _total(evidence))
    found = _group(contents, GROUP)
    return Verdict.of(
        found == wanted and not contents.problem,
        detail(
            "saving.file_is_exact",
            accounts=wanted[0],
            total=wanted[1],
            found_accounts=found[0],
            found_total=found[1],
        )
        + (f"; {contents.problem}" if contents.problem else ""),
    )


def walk_is_torn(evidence: Evidence) -> Verdict:
    """Changes came during the walk, and the file is of no moment: its sum never was."""
    way = evidence.of(Saves).ways["walk"]
    if way.contents is None:
        return Verdict.missed(detail("saving.walk_is_torn_no_file"))
    total = _group(way.contents, GROUP)[1]
    off = total - _total(evidence)
    return Verdict.of(
        way.changes > 0 and off != 0 and not way.contents.problem,
        detail(
            "saving.walk_is_torn",
            total=_total(evidence),
            found_total=total,
            difference=f"{off:+,}",
            changes=way.changes,
        ),
    )


def everybody_waited(evidence: Evidence) -> Verdict:
    """Somebody waited for about as long as SAVE took."""
    way = evidence.of(Saves).ways["save"]
    percent = _waited_percent(evidence) or 0
    return Verdict.of(
        percent >= 50,
        detail(
            "saving.everybody_waited",
            save_msec=f"{way.usec / 1000:.0f}",
            longest_msec=f"{way.longest_usec / 1000:.0f}",
        ),
    )


def clients_were_served(evidence: Evidence, way: str = "bgsave", least: int = 10) -> Verdict:
    """Clients' changes went through while it was saved: with SAVE there can be none."""
    saved = evidence.of(Saves).ways[way]
    return Verdict.of(
        saved.changes >= least,
        detail(
            "saving.clients_were_served",
            least_changes=str(least),
            save_msec=f"{saved.usec / 1000:.0f}",
            way=way,
            changes=str(saved.changes),
            longest_msec=f"{saved.longest_usec / 1000:.1f}",
        ),
    )


def late_writes_are_not_in_it(evidence: Evidence) -> Verdict:
    """A key written after the fork is in the data now, but not in the dump."""
    contents = evidence.of(Saves).ways["bgsave"].contents
    if contents is None:
        return Verdict.missed(detail("saving.late_writes_are_not_in_it_no_dump"))
    late = _group(contents, LATE)[0]
    return Verdict.of(
        late == 0 and contents.keys == evidence.populate and not contents.problem,
        detail(
            "saving.late_writes_are_not_in_it",
            keys_at_fork=evidence.populate,
            dump_keys=contents.keys,
            late_keys=str(late),
        ),
    )


# -- lines -----------------------------------------------------------------------------------------


def _saved(event: RdbSaved) -> str:
    """Without its length: how many digits the accounts had by then is another run's."""
    return told("event.saved_keys", path=event.path, keys=event.keys)


def _walked(event: Walk) -> str:
    """Without the number of changes that came meanwhile, which is a matter of time."""
    if event.stage != "ended":
        return ""
    key = "lesson.walk_changed" if event.changes else "lesson.walk_alone"
    return told(key, keys=event.keys, usec=event.usec)


def _held(event: Contents) -> str:
    """A sum that never was is another one in each run: told by which side it misses."""
    count, total = _group(event, GROUP)
    right = count * EACH
    if event.problem or total == right:
        return lesson_words.contents(event)
    key = "lesson.too_much" if total > right else "lesson.too_little"
    return told(key, path=event.path, count=event.keys, accounts=count, name=GROUP, total=right)


GATHERERS = (Saves,)
LINES = {"rdb.saved": _saved, "walk": _walked, "contents": _held}
CHECKS = {
    "file_is_exact": file_is_exact,
    "walk_is_torn": walk_is_torn,
    "everybody_waited": everybody_waited,
    "clients_were_served": clients_were_served,
    "late_writes_are_not_in_it": late_writes_are_not_in_it,
}
