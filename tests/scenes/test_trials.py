"""The age of what a crash took, from what its writer reported and what survived."""

from __future__ import annotations

from engine.events import Crash, Latency, Reply
from scenes.topics.trials import Trial, Trials

SECOND = 10**6


def trial(survived: int, workload: str = "sessions") -> Trial:
    """Two seconds of a hundred answers each, then a cut half a second after the last report."""
    trials = Trials()
    trials.add(Crash(kind="SIGTERM", acked=0, written=0, fsynced=0, at=1.0))
    for second in (1, 2):
        trials.add(
            Latency(
                client=f"{workload}-log", count=100, p50_usec=1, p99_usec=1, max_usec=1,
                usec=SECOND, at=10.0 + second,
            )
        )  # fmt: skip
    trials.add(Crash(kind="power cut", acked=0, written=0, fsynced=0, at=12.5))
    reply = Reply(name="survived", argv=["GET", "tally"], text=str(survived), failed=False)
    trials.add(reply)
    return trials.of(workload)[0]


def test_the_oldest_loss_is_as_old_as_its_answer() -> None:
    assert trial(200).lost_msec == 0
    assert trial(190).lost_msec == 500 + 100
    assert trial(50).lost_msec == 500 + 1500
    assert trial(0).lost_msec == 500 + 2000


def test_the_sessions_level_is_of_time_and_not_of_visits() -> None:
    assert trial(50).lost == 150 and "lost_msec" not in trial(50).missed(4096)
    assert trial(49).missed(4096) == ["lost_msec"]
