"""appendfsync side by side: what each policy costs, and what a crash of each kind leaves of it.

A client whose name begins with `mark-` names an act: the crash that ends it goes by that name. What
a crash has taken is the census' word: the session's clients know what was acknowledged to them, and
a fresh connection asks the restarted engine for each of these writes.
"""

from __future__ import annotations

from engine import events
from engine.events import AnyEvent
from scenes.evidence import Evidence
from scenes.gathered.fates import Fate, Fates, Loss
from scenes.refusals import crash_word
from scenes.sayings import detail
from scenes.sources import named
from scenes.told_lines import told
from scenes.verdict import Verdict

POSTPONED_SECONDS = 2.0
LATEST_SECONDS = 5.0
"""A timer of 2 s is late on a busy machine, but not by this much."""


def _fate(evidence: Evidence, engine: str = "") -> Fate:
    return evidence.of(Fates).by_engine.get(engine or evidence.name) or Fate()


# -- measures ------------------------------------------------------------------------------------

RACE = "race"


def _race(evidence: Evidence) -> events.Latency | None:
    return _fate(evidence).done.get(RACE)


def _race_msec(evidence: Evidence) -> int | None:
    race = _race(evidence)
    return None if race is None else round(race.total_usec / 1000)


def _race_usec(evidence: Evidence) -> int | None:
    race = _race(evidence)
    return None if race is None else race.total_p50_usec


def _race_rate(evidence: Evidence) -> int | None:
    """Commands a second."""
    race = _race(evidence)
    return None if race is None or not race.total_usec else race.total * 10**6 // race.total_usec


def _last_done(evidence: Evidence, margin: float = 1.2) -> str | None:
    """The engine whose client took longest by far; `alike` if none did."""
    took = {}
    for name, own in evidence.engines().items():
        race = _race(own)
        if race is None:
            return None
        took[name] = race.total_usec
    ordered = sorted(took, key=lambda name: took[name])
    if len(ordered) > 1 and took[ordered[-1]] < margin * took[ordered[-2]]:
        return "alike"
    return ordered[-1]


def _losers(evidence: Evidence, act: str) -> str | None:
    """Who has lost acknowledged writes: `none`, or the one that promises most of them."""
    losers = []
    for name, own in evidence.engines().items():
        loss = _fate(own).losses.get(act)
        if loss is None:
            return None
        losers += [name] if loss.lost else []
    return losers[0] if losers else "none"


def _share(evidence: Evidence, act: str, engine: str) -> str | None:
    """How much of what it had acknowledged in this act an engine has lost: none, some or all."""
    loss = _fate(evidence, engine).losses.get(act)
    if loss is None:
        return None
    if not loss.lost:
        return "none"
    return "some" if loss.lost < loss.acked else "all"


def _of_act(act: str) -> dict[str, object]:
    def loss(evidence: Evidence) -> Loss | None:
        return _fate(evidence).losses.get(act)

    def figure(name: str) -> object:
        def measure(evidence: Evidence) -> int | None:
            found = loss(evidence)
            return None if found is None else int(getattr(found, name))

        return measure

    def window_msec(evidence: Evidence) -> int | None:
        found = loss(evidence)
        return None if found is None else round(found.window_usec / 1000)

    return {
        f"{act}_acked": figure("acked"),
        f"{act}_lost": figure("lost"),
        f"{act}_kept": figure("keys"),
        f"{act}_window_msec": window_msec,
    }


def _delayed_msec(evidence: Evidence) -> int | None:
    """How long the last delayed write had waited."""
    delays = _fate(evidence).delays
    return round(delays[-1] / 1000) if delays else None


def _waited_msec(evidence: Evidence, engine: str = "") -> int:
    return _fate(evidence, engine).longest_since_answer // 1000


MEASURES = {
    "populated": lambda evidence: evidence.populate,
    "all_fsyncs": lambda evidence: _fate(evidence).fsyncs,
    "race_msec": _race_msec,
    "race_usec": _race_usec,
    "race_rate": _race_rate,
    "last_done": _last_done,
    "fsyncs_since_answer": lambda evidence: _fate(evidence).fsyncs_since_answer,
    "losers": lambda evidence, act="": _losers(evidence, act),
    "share_lost": lambda evidence, act="", engine="": _share(evidence, act, engine),
    "waited_msec": _waited_msec,
    "delayed_msec": _delayed_msec,
    **_of_act("kill"),
    **_of_act("cut"),
    **_of_act("slow"),
}

SHOWN_BY = {"losers": ("crash",), "share_lost": ("crash",)}


# -- checks --------------------------------------------------------------------------------------


def answers_wait_for_the_disk(evidence: Evidence, msec: int) -> Verdict:
    """Under always an answer takes as long as the disk at least; under no other policy so long."""
    races = {name: _race(own) for name, own in evidence.engines().items()}
    usecs = {name: race.total_p50_usec for name, race in races.items() if race is not None}
    own = usecs.get(evidence.name, 0)
    others = [usec for name, usec in usecs.items() if name != evidence.name]
    said = ", ".join(f"{name} {usec:,} µs" for name, usec in usecs.items())
    return Verdict.of(
        len(usecs) == len(races) and own >= msec * 1000 and all(usec < own for usec in others),
        detail(
            "fsync.answers_wait_for_the_disk",
            least_usec=msec * 1000,
            engine=evidence.name,
            medians=said,
        ),
    )


def fsyncs_are_shared(evidence: Evidence, commands: int) -> Verdict:
    """Commands that come together are synced together: far fewer fsyncs than commands."""
    fsyncs = _fate(evidence).fsyncs_since_answer
    return Verdict.of(
        0 < fsyncs <= commands // 4,
        detail(
            "fsync.fsyncs_are_shared",
            most_fsyncs=str(commands // 4),
            commands=str(commands),
            fsyncs=str(fsyncs),
        ),
    )


def kill_took_nothing_written(evidence: Evidence, act: str) -> Verdict:
    """kill -9 leaves what write(2) had taken, synced or not: the page cache is the kernel's."""
    loss = _fate(evidence).losses.get(act)
    if loss is None:
        return Verdict.missed(detail("fsync.kill_took_nothing_written_no_kill"))
    buffered = loss.appended > loss.written
    return Verdict.of(
        loss.kind == "kill -9" and loss.survived >= loss.written and (buffered or not loss.lost),
        detail(
            "fsync.kill_took_nothing_written",
            written=loss.written,
            survived=loss.survived,
            crash=loss.kind,
            lost=str(loss.lost),
            acknowledged=str(loss.acked),
            buffered=loss.appended - loss.written,
        ),
    )


def acknowledged_is_kept(evidence: Evidence, act: str) -> Verdict:
    """Not one acknowledged write is lost."""
    loss = _fate(evidence).losses.get(act)
    if loss is None or not loss.acked:
        return Verdict.missed(detail("fsync.acknowledged_is_kept_no_crash"))
    return Verdict.of(
        not loss.lost,
        detail(
            "fsync.acknowledged_is_kept",
            acknowledged=str(loss.acked),
            crash=loss.kind,
            lost=str(loss.lost),
        ),
    )


def cut_took_all_unsynced(evidence: Evidence, act: str) -> Verdict:
    """What no fsync had covered since the scene began is gone with the power."""
    loss = _fate(evidence).losses.get(act)
    if loss is None:
        return Verdict.missed(detail("fsync.cut_took_all_unsynced_no_cut"))
    return Verdict.of(
        loss.kind == "power cut" and loss.keys == evidence.populate and loss.lost == loss.acked > 0,
        detail(
            "fsync.cut_took_all_unsynced",
            keys_before=evidence.populate,
            keys_left=loss.keys,
            lost=str(loss.lost),
            crash=loss.kind,
        ),
    )


def cut_left_the_synced(evidence: Evidence, act: str) -> Verdict:
    """What a completed fsync had covered survives the power cut; what came later need not."""
    loss = _fate(evidence).losses.get(act)
    if loss is None:
        return Verdict.missed(detail("fsync.cut_left_the_synced_no_cut"))
    return Verdict.of(
        loss.kind == "power cut" and loss.survived >= loss.fsynced > 0,
        detail("fsync.cut_left_the_synced", fsynced=loss.fsynced, survived=loss.survived),
    )


def write_waited_two_seconds(evidence: Evidence) -> Verdict:
    """While an fsync runs, everysec lets a write wait for 2 s, then writes all the same."""
    delays = [usec / 1e6 for usec in _fate(evidence).delays]
    return Verdict.of(
        bool(delays) and all(POSTPONED_SECONDS <= waited <= LATEST_SECONDS for waited in delays),
        detail(
            "fsync.write_waited_two_seconds",
            least_seconds=f"{POSTPONED_SECONDS:g}",
            delays=", ".join(f"{waited:.2f} s" for waited in delays) or detail("word.none"),
        ),
    )


def buffer_died(evidence: Evidence, act: str) -> Verdict:
    """What was acknowledged and not yet written is gone with the process; the rest is there."""
    loss = _fate(evidence).losses.get(act)
    if loss is None:
        return Verdict.missed(detail("fsync.buffer_died_no_kill"))
    buffered, gone = loss.appended - loss.written, loss.appended - loss.survived
    return Verdict.of(
        loss.lost > 0 and loss.appended > loss.survived >= loss.written,
        detail(
            "fsync.buffer_died",
            buffered=buffered,
            written=loss.written,
            gone=gone,
            survived=loss.survived,
            lost=str(loss.lost),
            acknowledged=str(loss.acked),
        ),
    )


# -- lines ---------------------------------------------------------------------------------------


def _crash(event: AnyEvent) -> str:
    """Without offsets: how far a client had come is another run's."""
    assert isinstance(event, events.Crash)
    return told("event.crashed", kind=crash_word(event.kind), source=named(event.source))


def _recovered(event: AnyEvent) -> str:
    assert isinstance(event, events.Recovered)
    return told("event.back", file=event.source_file, usec=event.usec)


GATHERERS = (Fates,)
CHECKS = {
    "answers_wait_for_the_disk": answers_wait_for_the_disk,
    "fsyncs_are_shared": fsyncs_are_shared,
    "kill_took_nothing_written": kill_took_nothing_written,
    "acknowledged_is_kept": acknowledged_is_kept,
    "cut_took_all_unsynced": cut_took_all_unsynced,
    "cut_left_the_synced": cut_left_the_synced,
    "write_waited_two_seconds": write_waited_two_seconds,
    "buffer_died": buffer_died,
}
LINES = {"crash": _crash, "recovered": _recovered}
