"""The expectations: named checks that a run must pass, each judged from the run's own evidence.

A check returns a `Verdict`: held or not, or skipped with the reason where this machine cannot
know. Evidence may arrive a moment after the fact (a reading of the page tables, an fsync), so the
player asks again until a check holds or the step's `settle` time is over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from scenes import checks_aof, checks_snapshot
from scenes.errors import SceneError
from scenes.evidence import Evidence
from scenes.sayings import detail
from scenes.scene import Expectation
from scenes.topics import Registry
from scenes.verdict import Verdict

Check: TypeAlias = Callable[..., Verdict]

_BUILTIN: dict[str, Check] = {
    "figures_agree": checks_snapshot.figures_agree,
    "fork_shared_everything": checks_snapshot.fork_shared_everything,
    "child_is_a_process": checks_snapshot.child_is_a_process,
    "copied_are_the_written": checks_snapshot.copied_are_the_written,
    "witnesses_agree": checks_snapshot.witnesses_agree,
    "hot_page_copied_once": checks_snapshot.hot_page_copied_once,
    "new_is_not_copied": checks_snapshot.new_is_not_copied,
    "child_left_cleanly": checks_snapshot.child_left_cleanly,
    "dump_is_whole": checks_snapshot.dump_is_whole,
    "dirty_is_since_the_fork": checks_snapshot.dirty_is_since_the_fork,
    "extra_memory_is_gone": checks_snapshot.extra_memory_is_gone,
    "offsets_only_grow": checks_aof.offsets_only_grow,
    "fsync_cleans_the_cache": checks_aof.fsync_cleans_the_cache,
    "everysec_in_time": checks_aof.everysec_in_time,
    "always_before_the_reply": checks_aof.always_before_the_reply,
    "no_fsync_under_no": checks_aof.no_fsync_under_no,
    "something_at_risk": checks_aof.something_at_risk,
}
CHECKS = Registry("CHECKS", _BUILTIN)
"""Those that stand here and those of the topics."""


def judge(expectation: Expectation, evidence: Evidence) -> Verdict:
    """The verdict on one expectation, from the evidence so far."""
    try:
        if expectation.engine == "*":
            return _of_each(expectation, evidence)
        meant = evidence.engine(expectation.engine)
        return CHECKS[expectation.check](meant, **expectation.args)
    except (TypeError, SceneError) as err:
        return Verdict.missed(detail("expect.cannot_judge", why=str(err)))


def _of_each(expectation: Expectation, evidence: Evidence) -> Verdict:
    """The first that does not hold; if all do, each with its figures."""
    said = []
    for name, own in evidence.engines().items():
        verdict = CHECKS[expectation.check](own, **expectation.args)
        if not verdict.held:
            return Verdict.missed(f"{name}: {verdict.detail}")
        said.append(f"{name}: {verdict.detail}")
    return Verdict.of(True, "; ".join(said))
