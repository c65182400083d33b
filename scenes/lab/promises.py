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
from scenes.lab.wording import judged

POSTPONED_MS = 2000.0
_LATE_MS = 500.0
"""How late a timer of 2 s may be on a busy machine."""


class Promise(msgspec.Struct, frozen=True):
    """One line of the table."""

    key: str
    """Of its phrase."""
    applies: Callable[[Facts], bool]
    broken: Callable[[Facts], str]
    """Why it is broken; empty when it was kept."""


def broken(facts: Facts) -> list[str]:
    """The promises that this run broke."""
    if facts.not_started:
        return [judged("not_started", why=facts.not_started)]
    found = [
        judged("broken", promise=judged(f"promise.{promise.key}"), why=why)
        for promise in PROMISES
        if promise.applies(facts) and (why := promise.broken(facts))
    ]
    return found + facts.problems


def _some(numbers: set[int], what: str) -> str:
    if not numbers:
        return ""
    first = ", ".join(map(str, sorted(numbers)[:5])) + (" ..." if len(numbers) > 5 else "")
    return judged("some", count=str(len(numbers)), what=judged(f"what.{what}"), first=first)


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
    return judged("why.waited", ms=f"{facts.window_ms:.0f}")


def _generations(facts: Facts) -> str:
    saved = facts.saved
    assert saved is not None
    if facts.survivors == saved.old and not saved.complete:
        return ""
    new = _not_new(facts, saved)
    if not new:
        return ""
    if saved.complete:
        return judged("why.complete", new=new)
    return judged("why.mixed", new=new)


def _not_new(facts: Facts, saved: Saved) -> str:
    """Why the survivors are not what the new dump must hold."""
    missing = (saved.old | facts.ledger.acked_before(saved.asked_at)) - facts.survivors
    if missing:
        return _some(missing, "missing")
    later = facts.survivors & facts.ledger.sent_after(saved.answered_at)
    return _some(later, "later")


def _missing(facts: Facts) -> str:
    count = facts.fillers_missing
    return judged("why.start", count=str(count)) if count else ""


PROMISES = (
    Promise(
        "always",
        lambda facts: facts.trial.policy == "always",
        lambda facts: _some(_promised(facts) - facts.survivors, "acked"),
    ),
    Promise(
        "covered",
        lambda facts: _has_aof(facts) and facts.covered is not None,
        lambda facts: _some((facts.covered or set()) - _torn(facts) - facts.survivors, "fsynced"),
    ),
    Promise(
        "kill",
        lambda facts: _has_aof(facts) and facts.trial.crash == "kill",
        lambda facts: _some(facts.written - _torn(facts) - facts.survivors, "written"),
    ),
    Promise(
        "reply",
        lambda facts: facts.trial.policy == "no" and facts.trial.crash == "kill",
        lambda facts: _some(_promised(facts) - facts.survivors, "acked"),
    ),
    Promise(
        "everysec",
        lambda facts: facts.trial.policy == "everysec" and facts.trial.crash == "kill",
        _everysec_waits,
    ),
    Promise(
        "settled",
        _has_aof,
        lambda facts: _some(facts.settled - _torn(facts) - facts.survivors, "settled"),
    ),
    Promise(
        "dump",
        lambda facts: facts.saved is not None,
        _generations,
    ),
    Promise(
        "prefix",
        lambda facts: True,
        lambda facts: _some(set(facts.holes), "holes"),
    ),
    Promise(
        "refused",
        lambda facts: True,
        lambda facts: _some(facts.ledger.refused & facts.survivors, "refused"),
    ),
    Promise(
        "start",
        lambda facts: True,
        lambda facts: _missing(facts),
    ),
    Promise(
        "changed",
        # pages that survive out of order may leave a hole in a value that nobody had synced, and
        # an AOF has no checksum; what had to be kept is missing from the survivors then
        lambda facts: facts.trial.crash != "modelled" or not facts.trial.partly,
        lambda facts: "; ".join(facts.damaged[:3]),
    ),
)
