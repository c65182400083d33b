"""What each policy promises of each crash, as a table; a promise that is broken is a line of text.

always      no acknowledged write is lost, whatever the crash
everysec    nothing that a completed fsync covered is lost; the window is reported, not judged
no          the same, and fsyncs are the kernel's affair
kill -9     what write(2) took is kept under every policy. Acknowledged and not yet written is
            possible under everysec alone, while a running fsync makes it wait: 2 s at most
snapshot    the dump is the old one or the new one, whole
rewrite     the same keys as without it
any crash   the server comes back by itself; each connection's writes survive as a prefix;
            nothing is there twice, changed, or from a write that was refused
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from scenes.lab.trial import Facts, Saved

POSTPONED_MS = 2000.0
_LATE_MS = 500.0
"""How late a timer of 2 s may be on a busy machine."""


class Promise(msgspec.Struct, frozen=True):
    """One line of the table."""

    name: str
    applies: Callable[[Facts], bool]
    broken: Callable[[Facts], str]
    """Why it is broken; empty when it was kept."""


def broken(facts: Facts) -> list[str]:
    """The promises that this run broke."""
    if facts.not_started:
        return [f"the server did not come back: {facts.not_started}"]
    found = [
        f"{promise.name}: {why}"
        for promise in PROMISES
        if promise.applies(facts) and (why := promise.broken(facts))
    ]
    return found + facts.problems


def _some(numbers: set[int], what: str) -> str:
    if not numbers:
        return ""
    first = ", ".join(map(str, sorted(numbers)[:5]))
    return f"{len(numbers)} {what} (write {first}{' ...' if len(numbers) > 5 else ''})"


def _has_aof(facts: Facts) -> bool:
    return facts.trial.policy != "none"


def _torn(facts: Facts) -> set[int]:
    """What the lab itself cut off."""
    return {facts.torn} - {-1}


def _promised(facts: Facts) -> set[int]:
    return facts.acked - _torn(facts)


def _everysec_waits(facts: Facts) -> str:
    if facts.window_ms <= POSTPONED_MS + _LATE_MS:
        return ""
    return f"an acknowledged write had waited {facts.window_ms:.0f} ms for write(2)"


def _generations(facts: Facts) -> str:
    saved = facts.saved
    assert saved is not None
    if facts.survivors == saved.old and not saved.complete:
        return ""
    new = _not_new(facts, saved)
    if not new:
        return ""
    if saved.complete:
        return f"the save was reported complete, but {new}"
    return f"the keys are those of no one moment: not the old dump's, and {new}"


def _not_new(facts: Facts, saved: Saved) -> str:
    """Why the survivors are not what the new dump must hold."""
    missing = (saved.old | facts.ledger.acked_before(saved.asked_at)) - facts.survivors
    if missing:
        return _some(missing, "writes before it are missing")
    later = facts.survivors & facts.ledger.sent_after(saved.answered_at)
    return _some(later, "writes after it are in it")


PROMISES = (
    Promise(
        "always: no acknowledged write is lost",
        lambda facts: facts.trial.policy == "always",
        lambda facts: _some(_promised(facts) - facts.survivors, "acknowledged writes are lost"),
    ),
    Promise(
        "what a completed fsync covered is kept",
        lambda facts: _has_aof(facts) and facts.covered is not None,
        lambda facts: _some(
            (facts.covered or set()) - _torn(facts) - facts.survivors, "fsynced writes are lost"
        ),
    ),
    Promise(
        "kill -9 takes nothing that was written",
        lambda facts: _has_aof(facts) and facts.trial.crash == "kill",
        lambda facts: _some(
            facts.written - _torn(facts) - facts.survivors, "written writes are lost"
        ),
    ),
    Promise(
        "no reply before write(2)",
        lambda facts: facts.trial.policy == "no" and facts.trial.crash == "kill",
        lambda facts: _some(_promised(facts) - facts.survivors, "acknowledged writes are lost"),
    ),
    Promise(
        "everysec lets a write wait for 2 s at most",
        lambda facts: facts.trial.policy == "everysec" and facts.trial.crash == "kill",
        _everysec_waits,
    ),
    Promise(
        "what has survived one crash survives the next",
        _has_aof,
        lambda facts: _some(facts.settled - _torn(facts) - facts.survivors, "of them are lost"),
    ),
    Promise(
        "the dump is the old one or the new one, whole",
        lambda facts: facts.saved is not None,
        _generations,
    ),
    Promise(
        "a connection's writes survive as a prefix",
        lambda facts: True,
        lambda facts: _some(set(facts.holes), "came back behind a lost one"),
    ),
    Promise(
        "a refused write is not there",
        lambda facts: True,
        lambda facts: _some(facts.ledger.refused & facts.survivors, "refused writes are there"),
    ),
    Promise(
        "the keys from the start are there",
        lambda facts: True,
        lambda facts: f"{facts.fillers_missing} are missing" if facts.fillers_missing else "",
    ),
    Promise(
        "nothing is changed",
        # pages that survive out of order may leave a hole in a value that nobody had synced, and
        # an AOF has no checksum; what had to be kept is missing from the survivors then
        lambda facts: facts.trial.crash != "modelled" or facts.trial.worst_case,
        lambda facts: "; ".join(facts.damaged[:3]),
    ),
)
