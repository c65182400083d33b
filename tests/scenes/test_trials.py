"""The age of what a crash took, from what its writer reported and what survived."""

from __future__ import annotations

import msgspec
import pytest

from engine.events import Crash, Latency, Reply
from scenes.topics.trials import LEVELS, Trial, Trials

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


@pytest.mark.parametrize("workload", LEVELS)
def test_what_came_back_and_was_never_acknowledged_is_no_merit(workload: str) -> None:
    """200 of the trial before came back, as its FLUSHALL was lost: nothing was counted here."""
    assert trial(201, workload).missed(4096) == ["survived"]
    assert trial(200, workload).missed(4096) != ["survived"]


@pytest.mark.parametrize("survived", [0, 1, 199, 200, 201, 340, 400])
def test_orders_are_kept_when_all_of_them_came_back_and_only_then(survived: int) -> None:
    assert (trial(survived, "orders").missed(4096) == []) is (survived == 200)


def test_99_of_100_are_of_all_answers_and_not_of_the_worst_second() -> None:
    trials = Trials()
    trials.add(Crash(kind="SIGTERM", acked=0, written=0, fsynced=0, at=1.0))
    stalled = Latency(client="cache-none", count=50, p50_usec=1, p99_usec=3 * SECOND, max_usec=1)
    trials.add(stalled)
    trials.add(
        msgspec.structs.replace(
            stalled, count=150, p99_usec=1, done=True, total=200, total_p99_usec=400_000
        )
    )
    trials.add(Crash(kind="kill -9", acked=0, written=0, fsynced=0, at=5.0))
    trials.add(Reply(name="survived", argv=["GET", "tally"], text="0", failed=False))
    assert trials.of("cache")[0].missed(4096) == []
